"""The completion scripts of shells: shown, installed, and kept in `completions/`."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hfjobs_cli.cli import subprocesses
from hfjobs_cli.errors import HfJobsError, UsageError

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

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL, "pwsh": _POWERSHELL}

CURRENT = "auto"
"""What stands for the shell that the program is called from."""


_OF_SCRIPTS = ("sh", "dash", "ash")
"""Shells that run a script rather than hear a user, who has another one, that of SHELL."""


_ZSH_SECS = 5.0
"""How long zsh may take to run `.zshenv`."""


class Installed(NamedTuple):
    """Where a script was put, and the file that got a line which loads it, if one did."""

    place: Path
    changed: Path | None = None


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
    """Return the name of the shell that the program was called from. Raises UsageError where that is in doubt.

    It is the nearest of the parents, or SHELL where none of them is a user's. But zsh makes way for the last command
    of `zsh -c`, and so has its own parent taken for it. What it leaves is OLDPWD, which it sets when it starts to the
    directory it is in; bash and fish set it only when they leave one.
    """
    import shellingham  # type: ignore[import-untyped]

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
    """Put the script where the shell finds it. Raises UsageError, HfJobsError or OSError."""
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
    place.write_text(script, encoding="utf-8", newline="\n")
    return Installed(place, startup if startup and _append(startup, line) else None)


def _zsh_directory(environ: Mapping[str, str]) -> Path | None:
    """Return ZDOTDIR, None where there is none. Many set it in `.zshenv` without exporting it, so zsh is asked."""
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
        told = done.stdout.rpartition("\n")[2]  # what .zshenv prints is before it
        return Path(told) if told else None
    return None


def _append(path: Path, text: str) -> bool:
    """Append lines to a file of the user's, unless they are in it; tell whether they were not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="surrogateescape") as file:
        file.seek(0)
        there = file.read()
        is_new = text not in there
        if is_new:
            file.write(("" if there.endswith("\n") or not there else "\n") + text)
    return is_new


def _powershell_profile(shell: str, environ: Mapping[str, str]) -> Path:
    """Return the file that PowerShell runs when it starts, which Windows lets it do only if it is told to."""
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
