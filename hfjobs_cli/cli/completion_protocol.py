"""The completion protocol: from the command line before the cursor to the output that a shell script reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from shlex import quote, shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.cli.registry import ANY_FILE, COMPLETE
from hfjobs_cli.cli.trailing_options import trailing

if TYPE_CHECKING:
    import typer


_CURSOR = "\x1f"
"""Stands behind the line while it is split, so that its last word is the one at the cursor, be it empty or quoted."""

_DIRECTORY, _FILE = "/", "./"
"""What a script is told where a directory is meant, or a file, which shells find better."""

_BASH_OF_BEFORE = "bash of 0.2"
"""Stands for the shell whose script knows neither, and has files offered where there is no answer."""

_GOES_ON = ("=", "/", ".", "<", ">")
"""How words end that are not at their end."""


class Question(NamedTuple):
    """A completion request: the words before the cursor, and the beginning of the word at the cursor.

    `typed` is how the shell spells the part of it that an answer replaces: with its quotes, or after the last `=`.
    """

    shell: str
    words: list[str]
    begun: str
    typed: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Question:
        """Return what the environment asks."""
        shell = environ[COMPLETE].rpartition("_")[2]
        line, typed = environ.get("_TYPER_COMPLETE_ARGS"), environ.get("_TYPER_COMPLETE_WORD_TO_COMPLETE")
        if line is None:  # the script for bash of 0.2 and before
            words = environ.get("COMP_WORDS", "").split("\n")[: int(environ.get("COMP_CWORD", "0")) + 1]
            shell, line, typed = _BASH_OF_BEFORE, " ".join(words), words[-1]
        if shell in ("powershell", "pwsh") and not typed and not line.endswith(","):
            line += " "  # PowerShell leaves it out, and has nothing of a word behind a comma
        _, *words, begun = ["", *_split(line + _CURSOR)]
        begun = begun.removesuffix(_CURSOR)
        return cls(shell, words[1:], begun, begun if typed is None else typed)


def _split(line: str) -> list[str]:
    """Split a line into words; the last one may have an open quote."""
    lexer = shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:
        words.append(lexer.token)
    return words


class Offers(NamedTuple):
    """Completions with their help, and the prefix that they have in common in the word at the cursor.

    Where they are found by the shell, `place` is what it is told: _DIRECTORY or _FILE.
    """

    prefix: str = ""
    begun: str = ""
    words: tuple[tuple[str, str], ...] = ()
    place: str = ""


def answer(ctx: typer.Context) -> int:
    """Print the completions for the cursor; the words before it were parsed into this context."""
    question = Question.of(ctx.obj.environ)
    offers = _offers(ctx, question)
    ctx.obj.write(_TOLD.get(question.shell, _tell_fish)(question, offers) + "\n")
    # The script for fish of 0.2 and before asks whether there is anything, and offers files if not.
    is_asked = ctx.obj.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args"
    return 1 if is_asked and offers.place else 0


def _offers(ctx: typer.Context, question: Question) -> Offers:
    words, begun = question.words, question.begun
    if _has_ended(ctx):
        return _trailing_offers(ctx, begun)
    options = {} if "--" in words else _options_with_value(ctx)
    if words and words[-1] in options:
        return _values(ctx, options[words[-1]], begun)
    attached = re.match(r"--[^=]+=|-[^-]", begun)
    if attached and attached[0].rstrip("=") in options:
        return _values(ctx, options[attached[0].rstrip("=")], begun[attached.end() :], attached[0])
    if "--" in words or not begun.startswith("-"):
        here = _arguments_here(ctx)
        if here:
            offers = [_values(ctx, param, begun) for param in here]
            return offers[0]._replace(words=tuple(word for each in offers for word in each.words))
    return Offers("", begun, _plain(ctx.command.shell_complete(ctx, begun)))


def _trailing_offers(ctx: typer.Context, begun: str) -> Offers:
    """Return completions after IMAGE or SCRIPT: words of the command, and options of the job before `--`."""
    found = trailing(ctx)
    options = found.options(ctx.command.params) if found else {}
    if found and found.pending:
        return _values(ctx, found.pending[1], begun)
    name, equals, value = begun.partition("=")
    if equals and name in options and not options[name].is_flag:
        return _values(ctx, options[name], value, f"{name}=")
    if begun.startswith("-"):
        offered = _plain(ctx.command.shell_complete(ctx, begun))
        return Offers("", begun, tuple((word, about) for word, about in offered if word in options))
    return _values(ctx, _arguments(ctx)[-1], begun)


def _has_ended(ctx: typer.Context) -> bool:
    """Return whether the cursor is within the command that the job runs, whose words are not completed."""
    # The last two are what is run, and its words; behind an argument before them options go on.
    return not ctx.allow_interspersed_args and any(ctx.params.get(each.name or "") for each in _arguments(ctx)[-2:])


def _arguments_here(ctx: typer.Context) -> list[Any]:
    """Return which arguments the word at the cursor can be: of several words the last may be that of the next."""
    arguments = _arguments(ctx)
    given = [bool(ctx.params.get(each.name or "")) for each in arguments]
    for place, param in enumerate(arguments):
        if param.nargs == -1:
            return arguments[place:] if any(given) else [param]
        if not given[place]:
            return [param]
    return []


def _arguments(ctx: typer.Context) -> list[Any]:
    """Return the arguments of a command in order."""
    return [param for param in ctx.command.params if param.param_type_name == "argument"]


def _options_with_value(ctx: typer.Context) -> dict[str, Any]:
    """Return the options of a command that take a value, by each of their names."""
    options = [param for param in ctx.command.params if param.param_type_name == "option"]
    return {name: option for option in options if not getattr(option, "is_flag", False) for name in option.opts}


def _values(ctx: typer.Context, param: Any, begun: str, prefix: str = "") -> Offers:
    """Return the values of an option or argument."""
    words = _plain(param.shell_complete(ctx, begun))
    if param.type.name == "file" or any(word.endswith(ANY_FILE) for word, _ in words):
        return Offers(prefix, begun, place=_FILE)
    return Offers(prefix, begun, words, _DIRECTORY if param.type.name == "directory" else "")


def _plain(items: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Return word and help, each in one line, of what typer offers."""
    return tuple((item.value, " ".join((item.help or "").split())) for item in items)


def _tell_bash(question: Question, offers: Offers) -> str:
    """Return a word per line, beginning with what bash will replace."""
    if offers.place:
        return offers.place
    return "\n".join(question.typed + word[len(offers.begun) :] for word, _ in offers.words)


def _tell_bash_of_before(question: Question, offers: Offers) -> str:
    """Return the same, and nothing where a file or a directory is meant."""
    return "" if offers.place else _tell_bash(question, offers)


def _tell_powershell(question: Question, offers: Offers) -> str:
    """Return a word and its help per line, beginning with what PowerShell will replace."""
    if offers.place:
        return offers.place
    return "\n".join(f"{question.typed}{word[len(offers.begun) :]}:::{about or ' '}" for word, about in offers.words)


def _tell_fish(_question: Question, offers: Offers) -> str:
    """Return a word and its help per line."""
    if offers.place:
        return offers.place
    return "\n".join(f"{offers.prefix}{word}\t{about}".rstrip("\t") for word, about in offers.words)


def _tell_zsh(_question: Question, offers: Offers) -> str:
    """Return what zsh is to do. Scripts of 0.2 and before make one line of it."""
    before = f"compset -P {quote(offers.prefix)}; " if offers.prefix else ""
    if offers.place:
        return f"{before}_path_files -/" if offers.place == _DIRECTORY else f"{before}_files"
    if not offers.words:
        return ""
    rows = [re.sub(r"([\\:])", r"\\\1", word) + (f":{about}" if about else "") for word, about in offers.words]
    blank = " -S ''" if all(word.endswith(_GOES_ON) for word, _ in offers.words) else ""
    return f"{before}local -a offered; offered=({' '.join(map(quote, rows))}); _describe -V word offered{blank}"


_TOLD: dict[str, Callable[[Question, Offers], str]] = {
    "bash": _tell_bash,
    _BASH_OF_BEFORE: _tell_bash_of_before,
    "zsh": _tell_zsh,
    "fish": _tell_fish,
    "powershell": _tell_powershell,
    "pwsh": _tell_powershell,
}
