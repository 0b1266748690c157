"""Usage errors of typer's parser, with suggestions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

from hfjobs_cli.cli.binding import WITH_VALUE
from hfjobs_cli.cli.registry import COMMANDS, Command
from hfjobs_cli.errors import UsageError, did_you_mean

_NO_COMMAND = r"no such command '([^']*)'"
_PHRASES = {
    "watch": "hfjobs ps --watch",
    "history": "hfjobs ps -a",
    "login": "hf auth login",
    "logout": "hf auth logout",
    "whoami": "hf auth whoami",
    "auth": "hf auth",
}
"""Suggestions for words that are not commands, if more than one word or another program."""

_CREATING = {"run", "duplicate", "rerun", "uv", "trigger", "resume"}
"""Commands that start jobs: suggested for synonyms and words that differ by one letter, not for similar words."""

_OPTIONS = (
    ("--flavor", "--flavor", "gpu gpus hardware machine instance instance-type accelerator cpu cpus memory"),
    ("--expose", "--expose", "port ports publish"),
    ("--timeout", "--timeout", "max-time time-limit max-duration walltime"),
    ("--volume", "--volume", "mount bind"),
    ("--env", "--env", "environment var"),
    ("--label", "--label", "tag tags"),
    ("--with", "--with", "package packages dependency dependencies requirement requirements"),
    ("--attempts", "--attempts", "retries retry max-retries"),
    ("--max-cost", "--max-cost", "budget max-price"),
    ("--detach", "--detach", "background bg async no-follow no-wait"),
    ("--namespace", "--namespace", "org organization organisation owner user account"),
    ("--watch", "--watch", "follow wait"),
    ("--follow", "--follow", "watch wait"),
    ("--status", "--status error", "failed failure errored"),
    ("--status", "--status running", "running active"),
    ("--status", "--status completed", "completed succeeded success done"),
    ("--status", "--status canceled", "canceled cancelled"),
    ("--status", "--status", "state stage"),
    ("--since", "--since", "after from-date newer"),
    ("--until", "--until", "before older"),
    ("--limit", "--limit", "n last max head count"),
    ("--tail", "--tail", "lines last"),
    ("--sort", "--sort", "order order-by sort-by"),
    ("--filter", "--filter", "where query grep search"),
    ("--by", "--by", "group-by group groupby"),
    ("--debug", "--debug", "verbose trace"),
    ("--format", "--format", "output o"),
)
"""The option that a command must have, the suggestion, and wrong names for it, without their dashes."""

_SELECTING = frozenset(["l", "label", "status", "initiator", "name", "filter", "since", "until", "limit", "a", "all"])
"""Options that select jobs, which commands for a few jobs do not have."""

_PATH = r"': (?:File|Directory|Path) '"

_FOLLOWING = ("follow", "watch", "wait")
"""What options that follow jobs are called, here and elsewhere."""


def usage_error(error: Any, program: str, argv: Sequence[str]) -> UsageError:
    """Return an error of typer's parser as UsageError, with suggestions that do not depend on its version."""
    text = error.format_message().rstrip(".")
    text = re.sub(_PATH, lambda found: found[0].lower(), text[:1].lower() + text[1:])
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else command_path(program, argv)
    meant = None
    if found := re.match(_NO_COMMAND, text):
        text, meant = found[0], _command_meant(found[1], path, argv)
    elif ctx and hasattr(error, "possibilities"):
        text = f"no such option: {error.option_name}"
        meant = _f_meant(ctx, argv) if error.option_name == "-f" else _option_meant(error.option_name, ctx)
    elif getattr(error, "option_name", None) == "-f":  # without a value
        watch = "; did you mean '--watch'?" if path == f"{program} ps" else ""
        meant = f"-f is --filter here, for example -f 'name=train*'{watch}"
    return UsageError(text, hint=meant or f"see '{path} --help'")


def command_path(program: str, argv: Sequence[str]) -> str:
    """Return the program with the command, and its groups, that a command line names."""
    path = [program]
    known: tuple[Command, ...] = COMMANDS
    words = [word for before, word in zip(["", *argv], argv, strict=False) if before not in WITH_VALUE]
    for word in words:
        found = next((each for each in known if word in (each.name, *each.aliases)), None)
        if found is not None:
            path.append(word)
            known = found.commands
        elif not word.startswith("-"):
            break
    return " ".join(path)


def _command_meant(word: str, path: str, argv: Sequence[str]) -> str | None:
    """Return a hint with the command that other tools call `word`, or whose name is similar.

    In a group it may also be one outside of it: `scheduled logs` is `logs`.
    """
    program, *groups = path.split()
    here: tuple[Command, ...] = COMMANDS
    for group in groups:
        here = next(each.commands for each in here if each.name == group)
    for each in here:
        if word in each.elsewhere:
            return f"did you mean '{path} {each.name}'?"
    if word in ("jobs", "job"):
        after = next((each for before, each in pairwise(argv) if before == word), "")
        return f"did you mean '{program} {after}'?" if after in _names(COMMANDS) else f"remove '{word}'"
    if word in _PHRASES:
        return f"did you mean '{_PHRASES[word]}'?"
    for each in () if groups else COMMANDS:
        if word in _names(each.commands):
            return f"did you mean '{program} {each.name} {word}'?"
    if groups and word in _names(COMMANDS):
        return f"did you mean '{program} {word}'?"
    for each in COMMANDS if groups else ():
        if word in each.elsewhere and each.name not in _CREATING:
            return f"did you mean '{program} {each.name}'?"
    likely = [name for name in _names(here) if name not in _CREATING or _is_one_letter_off(word.lower(), name)]
    return _completed(did_you_mean(word, likely), f"{path} ")


def _is_one_letter_off(word: str, name: str) -> bool:
    """Return whether two words differ by one letter (added, missing or changed) or two swapped letters."""
    start = _common(word, name)
    end = _common(word[start:][::-1], name[start:][::-1])
    left, right = (each[start : len(each) - end] for each in (word, name))
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])


def _common(one: str, other: str) -> int:
    """Return how many letters two words have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _names(commands: tuple[Command, ...]) -> list[str]:
    return [name for each in commands for name in (each.name, *each.aliases)]


def _completed(near: str | None, before: str) -> str | None:
    """Return a hint with what stands before the word that it names."""
    return near.replace("'", f"'{before}", 1) if near else None


def _options(ctx: Any) -> list[str]:
    """Return the options of a command, all but the short ones."""
    return [name for each in ctx.command.params for name in each.opts if name.startswith("--")]


def _f_meant(ctx: Any, argv: Sequence[str]) -> str | None:
    """Return a hint for `-f` where there is none: it is `--filter` or `--follow` elsewhere."""
    value = next((after for before, after in pairwise(argv) if before == "-f"), "")
    has_filter = "--filter" in _options(ctx)
    if any(sign in value for sign in "=<>") and "--namespace" in _options(ctx):
        where = "hfjobs scheduled ps" if " scheduled " in ctx.command_path else "hfjobs ps"
        return "did you mean '--filter'?" if has_filter else f"did you mean '{where} -f'?"
    return _follow_meant(ctx, "logs -f") or ("did you mean '--filter'?" if has_filter else None)


def _follow_meant(ctx: Any, command: str) -> str | None:
    """Return a hint for `--follow` where there is none: `command` does that, and some follow by themselves."""
    known = _options(ctx)
    if "--detach" in known:
        return "remove it: the job is followed unless -d is given"
    takes_jobs = any(each.name in ("job", "jobs") for each in ctx.command.params) and "--namespace" in known
    if takes_jobs and not {"--watch", "--follow"} & {*known}:
        return f"did you mean 'hfjobs {command}'?"
    return None


def _option_meant(option: str, ctx: Any) -> str | None:
    """Return a hint with the option that means the same or has a similar name.

    The dashes do not count as similar. Options that skip a confirmation or a check are never suggested.
    """
    known = _options(ctx)
    word = option.lstrip("-")
    if word.partition("=")[0] in _FOLLOWING and not {f"--{each}" for each in _FOLLOWING} & {*known}:
        return _follow_meant(ctx, "wait" if word.startswith("wait") else "logs -f")
    if word in _SELECTING and ctx.command_path.split()[1:] in (["describe"], ["inspect"]):
        program, command = ctx.command_path.split()
        return f"pipe ids to it: {program} ps -q {option.partition('=')[0]} ... | {program} {command} -"
    if word == "image" and any(each.name == "image" for each in ctx.command.params):
        return "give the image as the first argument, without an option"
    if word == "script" and ctx.info_name == "run":
        if any(each.name == "script" for each in ctx.command.params):
            return "give the script as the first argument, without an option"
        return f"did you mean '{ctx.command_path.removesuffix(' run')} uv run'?"
    if word in ("schedule", "cron") and any(each.name == "when" for each in ctx.command.params):
        return "give the schedule as the first argument, without an option"
    if word in ("port", "ports", "expose") and any(each.name == "ports" for each in ctx.command.params):
        return f"give ports as arguments, without an option: {ctx.command_path} JOB PORT"
    if word.partition("=")[0] in ("each", "each-from", "sweep"):
        program = ctx.find_root().command_path
        return f"only 'run' and 'uv run' create several jobs with --each: see '{program} help sweeps'"
    for needed, meant, words in _OPTIONS:
        if needed in known and word in words.split():
            return f"did you mean '{meant}'?"
    if not option.startswith("--"):
        return None
    likely = [name[2:] for name in known if name not in ("--yes", "--any-flavor", "--trust-script")]
    return _completed(did_you_mean(word, likely), "--")
