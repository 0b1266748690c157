"""`hfjobs emulator` and `hfjobs emulator reset`."""

import shlex
from pathlib import Path

from hfjobs_cli import options
from hfjobs_cli.config import emulator_directory
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError
from hfjobs_cli.session import Session, emulator_needed


def emulator(
    session: Session,
    action: options.EmulatorAction = None,
    port: options.Port = 8765,
    state_dir: options.StateDir = None,
    empty: options.Empty = False,
    token: options.EmulatorToken = None,
) -> ExitCode:
    """Serve a Jobs API on this machine, for trying things without an account, a bill or a network.

    'hf jobs', huggingface_hub and hfjobs work against it. It prints the two lines that make a shell use it, then logs
    requests on stderr until Ctrl-C.

    Commands of jobs run as processes ON THIS MACHINE, as you, each in a directory of its own that is removed
    afterwards. Images are recorded and not used: there is no container and no GPU, volumes are not mounted, and what a
    command needs must be installed here.

    Jobs are kept, also those of --demo, until 'reset' forgets them. Ctrl-C cancels the jobs that were created through
    this server. If it is killed they go on, and the next one knows them. Scheduled jobs start as long as it runs.

    \b
    Examples:
      hfjobs emulator
      hfjobs emulator --port 0 --empty --state-dir ./state
      hfjobs emulator reset
    """
    directory = emulator_directory(session.environ) if state_dir is None else state_dir.absolute()
    with emulator_needed("the emulator"):
        if action == "reset":
            return _reset(session, directory)
        return _serve(session, directory, port, token, empty=empty)


def _serve(session: Session, directory: Path, port: int, token: str | None, *, empty: bool) -> ExitCode:
    from hfjobs_cli.emulator.app import open_app
    from hfjobs_cli.emulator.server import serve

    if token is not None and not (token.isascii() and token.isprintable() and token.split() == [token]):
        raise UsageError("--token takes a word of ASCII characters", hint="leave it out to have one made")
    try:
        app = open_app(directory, token=token, is_empty=empty)
    except OSError as error:
        raise HfJobsError(
            f"the emulator cannot keep its jobs in {directory}: {error}",
            hint="choose another directory with --state-dir, or start anew with 'hfjobs emulator reset'",
        ) from error
    if empty and app.has_history:
        raise UsageError(
            f"--empty contradicts the jobs of the demo in {directory}",
            hint="choose another directory with --state-dir, or forget them with 'hfjobs emulator reset'",
        )

    def started(endpoint: str) -> None:
        session.write(f"export HF_ENDPOINT={endpoint}\nexport HF_TOKEN={shlex.quote(app.token)}\n")
        session.flush()
        session.remark(f"serving {directory}; jobs run on this machine, as you; Ctrl-C stops it")

    try:
        canceled = serve(app, port, started=started, log=session.remark)
    except OSError as error:
        raise HfJobsError(
            f"port {port} of this machine cannot be used: {error.strerror or error}",
            hint="is an emulator running already? --port 0 takes any port that is free",
        ) from error
    session.remark("stopped" + (f"; jobs canceled: {canceled}" if canceled else ""))
    return ExitCode.DONE


def _reset(session: Session, directory: Path) -> ExitCode:
    from hfjobs_cli.emulator.reset import forget

    try:
        forget(directory)
    except OSError as error:
        raise HfJobsError(f"the jobs in {directory} cannot be forgotten: {error}", hint="try again") from error
    session.remark(f"forgot the jobs in {directory}")
    return ExitCode.DONE
