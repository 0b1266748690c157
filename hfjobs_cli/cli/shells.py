"""Completion in shells: their scripts, how these are installed, and how they ask and are answered at a TAB.

The scripts are also kept in `completions/`.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote, shlex
from typing import TYPE_CHECKING, Any, NamedTuple

import shellingham  # type: ignore[import-untyped]

from hfjobs_cli.cli import subprocesses
from hfjobs_cli.cli.registry import ANY_FILE, COMPLETE, PROGRAM, SHELLS
from hfjobs_cli.cli.trailing_options import trailing
from hfjobs_cli.errors import HfJobsError, UsageError

if TYPE_CHECKING:
    import typer

# readline replaces only what follows the last break, `=` and `:` among them; that is $2, and what the program answers
# begins with it. bash 3.2, which macOS has, knows no compopt, and there a blank stays.
_BASH = r"""_hfjobs_completion() {
    local IFS=' ' line="${COMP_LINE:0:$COMP_POINT}" word="${2-${COMP_WORDS[COMP_CWORD]}}" answer offered option=
    local kind=default action=-f
    [ -n "$line" ] || line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    COMPREPLY=()
    answer="$(_HFJOBS_COMPLETE=complete_bash _TYPER_COMPLETE_ARGS="$line" \
              _TYPER_COMPLETE_WORD_TO_COMPLETE="$word" "$1" 2>/dev/null)"
    case "$answer" in
        /|./)  # a directory is meant, or a file
            [ "$answer" != / ] || { kind=dirnames action=-d; }
            case "$word" in -*=*) option="${word%%=*}=" ;; esac
            [ -z "$option" ] && compopt -o "$kind" 2>/dev/null && return
            while IFS= read -r offered; do
                [ ! -d "$offered" ] || offered="$offered/"
                [ -z "$offered" ] || COMPREPLY+=("$option${offered// /\\ }")
            done <<< "$(compgen "$action" -- "${word#"$option"}")" ;;
        *)
            while IFS= read -r offered; do
                [ -z "$offered" ] || COMPREPLY+=("$offered")
            done <<< "$answer" ;;
    esac
    case "${COMPREPLY[0]-}" in
        *[=/.]) compopt -o nospace 2>/dev/null
            case "${COMP_LINE:$COMP_POINT:1}" in  # not twice where the cursor is inside a word
                [=/]) COMPREPLY=("${COMPREPLY[@]%"${COMP_LINE:$COMP_POINT:1}"}") ;;
            esac ;;
    esac
    return 0
}

complete -F _hfjobs_completion hfjobs
"""

# zsh takes a file whose first line is `#compdef` for the body of the function that it loads at the first TAB; this
# body defines another function, which must then be called for that TAB to have an effect.
_ZSH = r"""#compdef hfjobs

_hfjobs_completion() {
  eval "$(_HFJOBS_COMPLETE=complete_zsh _TYPER_COMPLETE_ARGS="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" \
    hfjobs 2>/dev/null)"
}

compdef _hfjobs_completion hfjobs
if [ "$funcstack[1]" = "_hfjobs" ]; then _hfjobs_completion "$@"; fi
"""

_FISH = r"""function _hfjobs_completion
    set -l line (commandline -cp | string collect)
    set -l offered (_HFJOBS_COMPLETE=complete_fish _TYPER_COMPLETE_ARGS="$line" hfjobs 2>/dev/null)
    if test "$offered" = / # a directory is meant
        __fish_complete_directories (commandline -ct) ''
    else if test "$offered" = ./ # a file is meant, as behind a command of which nothing is known
        complete -C"'' "(commandline -ct)
    else
        string join \n -- $offered
    end
end

complete --command hfjobs --no-files --keep-order --arguments '(_hfjobs_completion)'
"""

# Where a script returns nothing, PowerShell offers files; the empty string keeps it from that.
_POWERSHELL = r"""Import-Module PSReadLine
Set-PSReadLineKeyHandler -Chord Tab -Function MenuComplete
$scriptblock = {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    if ($length -lt $line.Length) { $line = $line.Substring(0, $length) }
    $Env:_HFJOBS_COMPLETE = "complete_powershell"
    $Env:_TYPER_COMPLETE_ARGS = $line
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    $offered = @(hfjobs 2>$null | Where-Object { $_ })
    $Env:_HFJOBS_COMPLETE = $null
    $Env:_TYPER_COMPLETE_ARGS = $null
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $null
    if ($offered.Count -eq 0) { return "" }
    if ($offered[0] -in "/", "./") { return } # a directory is meant, or a file
    $offered | ForEach-Object {
        $word, $help = $_ -Split ":::"
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
Register-ArgumentCompleter -Native -CommandName hfjobs -ScriptBlock $scriptblock
"""

SCRIPTS = dict(zip(SHELLS, (_BASH, _ZSH, _FISH, _POWERSHELL, _POWERSHELL), strict=True))

_SHORT = {
    "bash": 'hfjobs() { hf hfjobs "$@"; }',
    "zsh": 'hfjobs() { hf hfjobs "$@"; }',
    "fish": "function hfjobs; hf hfjobs $argv; end",
    "powershell": "function hfjobs { hf hfjobs @args }",
    "pwsh": "function hfjobs { hf hfjobs @args }",
}
"""The line that defines `hfjobs` in a shell, for the extension of the official client."""

CURRENT = "auto"
"""Stands for the shell that called the program."""


_OF_SCRIPTS = ("sh", "dash", "ash")
"""Shells that run scripts; the shell of the user is then in SHELL."""


_ZSH_SECS = 5.0
"""How long zsh may take to run `.zshenv`."""


class Installed(NamedTuple):
    """Where a script was put, and the file that got a line which loads it, if one did."""

    place: Path
    changed: Path | None = None


def note_for(shell: str, program: str) -> str | None:
    """Return what to know where the program is an extension: the official client does not complete its extensions."""
    if program == PROGRAM:
        return None
    return f"note: hf completes no words of extensions; to complete them after 'hfjobs', define: {_SHORT[shell]}"


def script_of(shell: str) -> str:
    """Return the script for a shell. Raises UsageError."""
    if shell not in SCRIPTS:
        raise UsageError(f"no completion for shell '{shell}'", hint=f"use one of {', '.join(SCRIPTS)}")
    return SCRIPTS[shell]


def shell_named(word: str, environ: Mapping[str, str]) -> str:
    """Return the shell for a name or path; CURRENT is the calling shell. Raises UsageError."""
    return _current_shell(environ) if word == CURRENT else _name_of(word)


def _name_of(path: str) -> str:
    return re.split(r"[/\\]", path)[-1].lower().removesuffix(".exe")


def _current_shell(environ: Mapping[str, str]) -> str:
    """Return the name of the calling shell. Raises UsageError if that is uncertain.

    It is the nearest parent that is an interactive shell, or SHELL if there is none. But zsh replaces itself by the
    last command of `zsh -c`, so its parent is found instead. Then OLDPWD is the current directory: zsh sets it when it
    starts, bash and fish only when they change the directory.
    """
    found = ""
    with suppress(shellingham.ShellDetectionFailure, RuntimeError):
        found = shellingham.detect_shell()[0]
    if found in ("", *_OF_SCRIPTS):
        found = _name_of(environ.get("SHELL", ""))
    if found in ("", *_OF_SCRIPTS):
        raise UsageError("cannot detect the shell", hint=f"name it after the option: {', '.join(SCRIPTS)}")
    if found in ("bash", "fish") and environ.get("PWD") and environ.get("OLDPWD") == environ["PWD"]:
        hint = f"name it after the option: {found} or zsh"
        raise UsageError(f"cannot detect whether this shell is {found} or zsh", hint=hint)
    return found


def install(shell: str, environ: Mapping[str, str]) -> Installed:
    """Put the script where the shell finds it. Raises UsageError or HfJobsError."""
    try:
        return _install(shell, environ)
    except OSError as error:
        where = "" if error.filename is None else f" in {error.filename}"
        hint = "is the disk full?" if error.errno == errno.ENOSPC else None
        raise HfJobsError(f"cannot install the completion{where}: {error.strerror}", hint=hint) from error


def _install(shell: str, environ: Mapping[str, str]) -> Installed:
    script = script_of(shell)
    home = Path(environ.get("HOME") or Path.home())
    startup, line = None, ""
    if shell == "bash":
        place = home / ".bash_completions" / "hfjobs.sh"
        startup, line = home / ".bashrc", f"source '{place}'\n"
    elif shell == "zsh":
        place = home / ".zfunc" / "_hfjobs"
        startup = (_zsh_directory(environ) or home) / ".zshrc"
        line = "fpath+=~/.zfunc; autoload -Uz compinit; compinit\n"
    elif shell == "fish":
        place = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions" / "hfjobs.fish"
    else:
        place = _powershell_profile(shell, environ)
        _append(place, script)
        return Installed(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    _write(place, script)
    return Installed(place, startup if startup and _append(startup, line) else None)


def _write(place: Path, script: str) -> None:
    """Write a script whole or not at all: shells read it at each start. A link stays one, into a repository maybe."""
    part = place if place.is_symlink() else place.with_name(f".{place.name}.part")
    try:
        part.write_text(script, encoding="utf-8", newline="\n")
        part.replace(place)
    except OSError:
        if part != place:
            part.unlink(missing_ok=True)
        raise


def _zsh_directory(environ: Mapping[str, str]) -> Path | None:
    """Return ZDOTDIR, or None. Many users set it in `.zshenv` without exporting it, so zsh is run to print it."""
    if environ.get("ZDOTDIR"):
        return Path(environ["ZDOTDIR"])
    program = subprocesses.found_program("zsh", environ)
    if program is None:
        return None
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - found on the PATH, with words of our own
            [program, "-c", 'print; print -rn -- "$ZDOTDIR"'],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_ZSH_SECS,
        )
        printed = done.stdout.rpartition("\n")[2]  # output of .zshenv stands before it
        return Path(printed) if printed else None
    return None


def _append(path: Path, text: str) -> bool:
    """Append lines to a file unless it contains them, and return whether they were added."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="surrogateescape") as file:
        file.seek(0)
        there = file.read()
        is_new = text not in there
        if is_new:
            file.write(("" if there.endswith("\n") or not there else "\n") + text)
    return is_new


def _powershell_profile(shell: str, environ: Mapping[str, str]) -> Path:
    """Return the profile of PowerShell; on Windows allow it to run, which is off by default."""
    allow = "Set-ExecutionPolicy RemoteSigned -Scope CurrentUser; " if os.name == "nt" else ""
    asked = f"{allow}[Console]::OutputEncoding = [Text.Encoding]::UTF8; $PROFILE"
    program = subprocesses.found_program(shell, environ)
    if program is None:
        raise HfJobsError(f"{shell} not found", hint="use a script from completions/")
    try:
        done = subprocess.run(  # noqa: S603 - the shell is one of those above
            [program, "-NoProfile", "-Command", asked], stdout=subprocess.PIPE, encoding="utf-8-sig", check=True
        )
    except subprocess.CalledProcessError as error:
        raise HfJobsError(f"{shell} did not report where its profile is") from error
    return Path(done.stdout.strip())


def complete_shell() -> list[str]:
    """Offer the shells that have a completion."""
    return list(SHELLS)


_CURSOR = "\x1f"
"""Is added to the line before it is split, so that its last word is the one at the cursor, even empty or quoted."""

_DIRECTORY, _FILE = "/", "./"
"""The answer to a script that makes the shell complete a directory or a file."""

_BASH_OF_BEFORE = "bash of 0.2"
"""The name of bash with the script of 0.2, which does not know these answers and completes files without one."""

_GOES_ON = ("=", "/", ".", "<", ">")
"""The ends of words that are not complete."""


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
        """Read the request from the environment."""
        shell = environ[COMPLETE].rpartition("_")[2]
        line, typed = environ.get("_TYPER_COMPLETE_ARGS"), environ.get("_TYPER_COMPLETE_WORD_TO_COMPLETE")
        if line is None:  # the script for bash of 0.2 and before
            words = environ.get("COMP_WORDS", "").split("\n")[: int(environ.get("COMP_CWORD", "0")) + 1]
            shell, line, typed = _BASH_OF_BEFORE, " ".join(words), words[-1]
        if shell in ("powershell", "pwsh") and not typed and not line.endswith(","):
            line += " "  # PowerShell omits it; after a comma it passes no word
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

    Where the shell completes a directory or a file itself, `place` is _DIRECTORY or _FILE.
    """

    prefix: str = ""
    begun: str = ""
    words: tuple[tuple[str, str], ...] = ()
    place: str = ""


def answer(ctx: typer.Context) -> int:
    """Print the completions for the cursor; the words before it were parsed into this context."""
    question = Question.of(ctx.obj.environ)
    offers = _offers(ctx, question)
    ctx.obj.write(_ANSWERS.get(question.shell, _fish_answer)(question, offers) + "\n")
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
    # The last two arguments are the image or script, and its words; options may follow those before them.
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


def _bash_answer(question: Question, offers: Offers) -> str:
    """Return a word per line, beginning with what bash will replace."""
    if offers.place:
        return offers.place
    return "\n".join(question.typed + word[len(offers.begun) :] for word, _ in offers.words)


def _bash_before_answer(question: Question, offers: Offers) -> str:
    """Return the same, and nothing for a file or a directory."""
    return "" if offers.place else _bash_answer(question, offers)


def _powershell_answer(question: Question, offers: Offers) -> str:
    """Return a word and its help per line, beginning with what PowerShell will replace."""
    if offers.place:
        return offers.place
    return "\n".join(f"{question.typed}{word[len(offers.begun) :]}:::{about or ' '}" for word, about in offers.words)


def _fish_answer(_question: Question, offers: Offers) -> str:
    """Return a word and its help per line."""
    if offers.place:
        return offers.place
    return "\n".join(f"{offers.prefix}{word}\t{about}".rstrip("\t") for word, about in offers.words)


def _zsh_answer(_question: Question, offers: Offers) -> str:
    """Return commands for zsh. The scripts of 0.2 and before need them on one line."""
    before = f"compset -P {quote(offers.prefix)}; " if offers.prefix else ""
    if offers.place:
        return f"{before}_path_files -/" if offers.place == _DIRECTORY else f"{before}_files"
    if not offers.words:
        return ""
    rows = [re.sub(r"([\\:])", r"\\\1", word) + (f":{about}" if about else "") for word, about in offers.words]
    blank = " -S ''" if all(word.endswith(_GOES_ON) for word, _ in offers.words) else ""
    return f"{before}local -a offered; offered=({' '.join(map(quote, rows))}); _describe -V word offered{blank}"


_ANSWERS: dict[str, Callable[[Question, Offers], str]] = {
    "bash": _bash_answer,
    _BASH_OF_BEFORE: _bash_before_answer,
    "zsh": _zsh_answer,
    "fish": _fish_answer,
    "powershell": _powershell_answer,
    "pwsh": _powershell_answer,
}
