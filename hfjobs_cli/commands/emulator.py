"""`hfjobs emulator`, `hfjobs emulator reset` and `hfjobs emulator fire`."""

from hfjobs_cli.cli import single_command_options
from hfjobs_cli.cli.lazy_services import emulator_needed
from hfjobs_cli.cli.session import Session
from hfjobs_cli.config import emulator_directory
from hfjobs_cli.errors import ExitCode, UsageError


def emulator(
    session: Session,
    action: single_command_options.EmulatorAction = None,
    jobs: single_command_options.FiredJobs = None,
    port: single_command_options.Port = 8765,
    state_dir: single_command_options.StateDir = None,
    empty: single_command_options.Empty = False,
    max_running: single_command_options.MaxRunning = 32,
    token: single_command_options.EmulatorToken = None,
    token_file: single_command_options.EmulatorTokenFile = None,
    repo: single_command_options.FiredRepo = None,
) -> ExitCode:
    """Serve a Jobs API on this machine, for testing.

    It needs no account, costs nothing and makes no network requests. 'hf jobs', huggingface_hub and hfjobs work against
    it: it prints the two lines that point a shell at it, then logs requests to stderr until Ctrl-C.

    Commands of jobs run as processes ON THIS MACHINE, as you, each in its own directory, which is removed afterwards.
    Images are recorded but not used: there is no container and no GPU, and what a command needs must be installed here.
    Jobs can use files that are uploaded to buckets; other volumes are not mounted.

    Jobs, including those of --demo, are kept until 'reset' deletes them, in a directory that only you may access.
    Ctrl-C cancels the jobs created through this server. If the server is killed they keep running, and the next server
    finds them. Schedules start jobs only while it runs.

    'fire' does what the Hub does when a repository changes, and prints the ids of the jobs it starts. Give the id of a
    webhook to start its job, only --repo for all webhooks that watch that repository, or jobs to run them again. The
    jobs have the event in WEBHOOK_PAYLOAD and the webhook as their initiator.

    'hfjobs help emulator' has the details.

    \b
    Examples:
      hfjobs emulator
      hfjobs emulator --port 0 --empty --state-dir ./state
      hfjobs emulator reset
      hfjobs emulator fire @initiator=webhook
      hfjobs emulator fire 69ff7dfaaff1cd33e8f32274 --repo model:davanstrien/tiny-judge
      hfjobs emulator fire webhook:69a8b1d05c0f3e7d21b4a906
      hfjobs emulator fire --repo dataset:davanstrien/model-cards
    """
    directory = emulator_directory(session.environ) if state_dir is None else state_dir.absolute()
    if action != "fire" and (jobs or repo is not None):
        raise UsageError("jobs and --repo can only be used with 'fire'", hint="see 'hfjobs emulator --help'")
    with emulator_needed("the emulator"):
        from hfjobs_cli.commands import _emulator_operations

        if action == "fire":
            return _emulator_operations.fire(session, directory, jobs or [], repo)
        if action == "reset":
            if empty or token is not None or token_file is not None:
                raise UsageError("'reset' accepts only --state-dir", hint="see 'hfjobs emulator --help'")
            return _emulator_operations.reset(session, directory)
        given = _emulator_operations.token_of(session, token, token_file)
        return _emulator_operations.serve(session, directory, port, given, empty=empty, max_running=max_running)
