"""`hfjobs completion`."""

from __future__ import annotations

from hfjobs_cli.cli import single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.cli.shells import CURRENT, note_for, script_of, shell_named
from hfjobs_cli.errors import ExitCode


def completion(session: Session, shell: single_command_options.Shell = None) -> ExitCode:
    """Print the completion script for a shell.

    SHELL is bash, zsh, fish, powershell or pwsh; by default the current one. 'hfjobs --install-completion' installs it
    and says which files it changed.

    \b
    Examples:
      source <(hfjobs completion bash)
      hfjobs completion zsh > ~/.zfunc/_hfjobs
      hfjobs completion fish > ~/.config/fish/completions/hfjobs.fish
    """
    name = shell_named(CURRENT if shell is None else shell, session.environ)
    session.write(script_of(name))
    if note := note_for(name, session.program):
        session.note(note)
    return ExitCode.DONE
