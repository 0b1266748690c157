"""Options of the job after IMAGE or SCRIPT, separated from the words of the command or script.

The official client accepts its options anywhere before a `--`, and its documentation writes them after the script:
`uv run train.py --flavor a10g-small`. If the script got such an option, the job would run on other hardware. So options
of the job are accepted there too, with a note. Each option is marked where it is declared: `of_job`, `of_script`
(`binding.py`), or the attribute `is_of_job` of its group.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.cli.binding import PARSER_NOTES, Rule
from hfjobs_cli.cli.help_layout import CommandHelp
from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.redaction import masked, masked_value

if TYPE_CHECKING:
    import typer

_KEY = "hfjobs.trailing"
"""Where a context keeps what was found."""

_MODULE = ("-m", "--module")
"""How `uv run -m MODULE` names a module instead of a script: these stand for SCRIPT."""


class Taken(NamedTuple):
    """An option after IMAGE or SCRIPT that applies to the job: its name, and its value, None for a flag."""

    param: Any
    name: str
    value: str | None

    @property
    def words(self) -> list[str]:
        """Return the words for the parser."""
        if self.value is None:
            return [self.name]
        return [f"{self.name}={self.value}"] if self.param.is_flag else [self.name, self.value]

    def __str__(self) -> str:
        if self.value is None:
            return self.name
        key, equals, value = self.value.partition("=")
        if self.param.name == "secrets":
            shown = key
        else:
            shown = f"{key}={masked_value(key, value)}" if equals else masked(self.value)
        return f"{self.name} {shlex.quote(shown)}"


@dataclass(eq=False, repr=False)
class Trailing:
    """A command line that was split at IMAGE or SCRIPT.

    `own` are IMAGE or SCRIPT and the arguments before it, and `before` the options among them. After it stand options
    that apply to the job, `taken`, and words of the command, `kept`; `left` are those of them that are also options of
    this program. It `keeps_dashes` if the first `--` is a word of the command. As long as it `is_open`, more of the
    job's may follow; `pending` is an option at the end, without the value that it needs.
    """

    rules: Mapping[str, Rule]
    before: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    keeps_dashes: bool = False
    is_open: bool = True
    pending: tuple[str, Any] | None = None

    @property
    def words(self) -> list[str]:
        """Return the command line with all options in front."""
        taken = [word for each in self.taken for word in each.words]
        return [*self.before, *taken, *(["--", *self.own, *self.kept] if self.own else [])]

    def notes(self, *, is_script: bool) -> list[str]:
        """Return the notes to print, one per line."""
        if not self.own:
            return []
        script = _without_query(self.own[-1])
        lines = []
        if self.taken:
            only_here = any(self.rules[each.param.name].only_here for each in self.taken)
            as_elsewhere = "" if only_here else ", as hf jobs does"
            how = (
                f"write -- before options of {script}"
                if is_script
                else f"write -- after {script} to pass options to the command"
            )
            lines.append(f"note: {', '.join(map(str, self.taken))} applied to the job{as_elsewhere}; {how}")
        if self.left:
            whose = script if is_script else "the command"
            names = ", ".join(dict.fromkeys(self.left))
            them = "it" if len(set(self.left)) == 1 else "them"
            lines.append(f"note: {names} passed to {whose}; put {them} before {script} to apply {them} to the job")
        elif self.keeps_dashes and is_script:
            lines.append(f"note: -- passed to {script}; hf jobs would drop it")
        return lines

    def options(self, params: Sequence[Any]) -> dict[str, Any]:
        """Return the options, by each of their long names, that may still follow."""
        known = _options(params) if self.is_open else {}
        return {
            name: param
            for name, param in known.items()
            if name.startswith("--") and (rule := self.rules.get(param.name)) is not None and rule.is_of_job
        }


def trailing(ctx: typer.Context) -> Trailing | None:
    """Return what was found after IMAGE or SCRIPT, None for a command that runs neither."""
    found: Trailing | None = ctx.meta.get(_KEY)
    return found


class RunsWords(CommandHelp):
    """A command whose last arguments are another command, after which only options of the job are parsed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the job's options in front. Raises UsageError for one without its value."""
        rules: Mapping[str, Rule] = self.callback.rules  # type: ignore[union-attr]
        *own, _ = [each for each in self.params if each.param_type_name == "argument"]
        runs_script = any(each.name == "script" for each in self.params)
        helps = [] if runs_script else ctx.help_option_names
        found = ctx.meta[_KEY] = _split(args, len(own), _options(self.params), rules, helps, with_short=runs_script)
        if found.pending is not None and not ctx.resilient_parsing:
            raise UsageError(
                f"option '{found.pending[0]}' requires an argument", hint=f"see '{ctx.command_path} --help'"
            )
        ctx.meta[PARSER_NOTES] = found.notes(is_script=runs_script)
        return super().parse_args(ctx, found.words)


def _split(
    args: Sequence[str],
    own: int,
    options: Mapping[str, Any],
    rules: Mapping[str, Rule],
    help_names: Sequence[str],
    *,
    with_short: bool,
) -> Trailing:
    """Separate the first `own` words, which are of this command, from those after them, and options from both."""
    found = Trailing(rules)
    rest = list(args)
    while rest and len(found.own) < own:
        word = rest.pop(0)
        if word == "--":
            found.is_open = False
            break
        if not _is_option(word) or (with_short and word in _MODULE):
            found.own.append(word)
            continue
        pending = _without_value(word, options)
        if pending is None:
            found.before.append(word)
        elif rest:
            found.before += [word, rest.pop(0)]
        else:
            found.pending = pending
    missing = own - len(found.own)
    found.own += rest[:missing]
    rest = rest[missing:]
    if not found.is_open and not with_short and rest[:1] == ["--"]:
        del rest[0]  # run -- IMAGE -- COMMAND: no program is called so
    while rest and found.is_open:
        word = rest.pop(0)
        if word == "--":
            found.is_open = False
            # After the first word of the command it belongs to the command: npm run build -- --watch.
            found.keeps_dashes = bool(found.kept)
            found.kept += ["--"] if found.kept else []
            break
        if word in help_names and not found.kept:
            found.before.append(word)  # run IMAGE --help: no program is called so
            break
        name, param, value = _read(word, options)
        rule = None if param is None else rules.get(param.name)
        if rule is None or (word[1] != "-" and not with_short):
            found.kept.append(word)
            continue
        takes_next = not param.is_flag and value is None
        following = rest[0] if takes_next and rest and rest[0] != "--" else None
        if not rule.is_of_job or not _counts(name, value if following is None else following, rule, word):
            found.kept.append(word)
            found.left.append(name)
        elif takes_next and following is None:
            found.pending = (name, param)
        else:
            found.taken.append(Taken(param, name, value if following is None else rest.pop(0)))
    found.kept += rest
    return found


def _read(word: str, options: Mapping[str, Any]) -> tuple[str, Any, str | None]:
    """Return the name of the option that a word is, the option, and the value in the same word; None if it is none."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, options.get(name), value if equals else None
    param = options.get(word[:2]) if _is_option(word) else None
    if param is not None and len(word) > 2 and param.is_flag:
        param = None  # several in one word
    return word[:2], param, word[2:] or None


def _counts(name: str, value: str | None, rule: Rule, word: str) -> bool:
    """Return whether an option counts with this value: if short, or with others elsewhere, it must be a certain one."""
    if name.startswith("--"):
        return not (rule.only_here and rule.certain) or bool(re.fullmatch(rule.certain, value or ""))
    is_attached = word != name
    if not rule.certain or value is None or not re.fullmatch(rule.certain, value):
        return False
    return not is_attached or value[0].isupper()  # -epochs=3 is no variable


def _options(params: Sequence[Any]) -> dict[str, Any]:
    """Return options by each of their names."""
    options = [each for each in params if each.param_type_name == "option"]
    return {name: each for each in options for name in (*each.opts, *each.secondary_opts)}


def _without_query(script: str) -> str:
    """Return a script without the secret parts of its URL: a password, a signature."""
    return re.sub(r"(?<=://)[^/]*@|\?.*", "", script) if "://" in script else script


def _is_option(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _without_value(word: str, options: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the option whose value is the next word, with its name, as the parser reads it."""
    if word.startswith("--"):
        option = options.get(word)
        return None if option is None or option.is_flag else (word, option)
    for place, letter in enumerate(word[1:], start=1):
        option = options.get(f"-{letter}")
        if option is None or not option.is_flag:
            return None if option is None or word[place + 1 :] else (f"-{letter}", option)
    return None
