"""What `hfjobs emulator` does: serve, reset, fire. Its imports may fail: the emulator has dependencies of its own."""

import re
from http import HTTPStatus
from pathlib import Path

from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._resolve import named_jobs
from hfjobs_cli.config import Overrides, read_token
from hfjobs_cli.emulator.api_types import ApiError
from hfjobs_cli.emulator.app import open_app
from hfjobs_cli.emulator.http_server import PortError
from hfjobs_cli.emulator.http_server import serve as serve_app
from hfjobs_cli.emulator.private_directory import Untrusted
from hfjobs_cli.emulator.supervisor import reset as delete_jobs
from hfjobs_cli.emulator.webhooks import DEFAULT_REPO, REPO_TYPES, Repo
from hfjobs_cli.errors import ExitCode, HfJobsError, NotFound, RequestRefused, UsageError, conflict
from hfjobs_cli.text.values import expanded_path

EMULATOR_TOKEN = "HFJOBS_EMULATOR_TOKEN"  # noqa: S105 - the name of a variable

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+")
"""What a bearer token is made of (RFC 6750)."""

_REPO = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)

_ELSEWHERE = "try again, or give the directory of an emulator with --state-dir"

_WEBHOOK = "webhook:"
"""Before the id of a webhook that is fired, as in '--initiator webhook:ID'."""

_SOME = "'hfjobs --demo ps -a' lists the jobs of the demo"
"""The hint for a job that does not exist."""


def serve(
    session: Session, directory: Path, port: int, token: str | None, *, empty: bool, max_running: int
) -> ExitCode:
    def started(endpoint: str) -> None:
        session.write(f"export HF_ENDPOINT={endpoint}\nexport HF_TOKEN={app.token}\n")
        session.flush()
        session.notice(f"serving {directory}; jobs run on this machine, as you; Ctrl-C stops the emulator")
        if token is None:
            session.notice("the token is valid until the emulator stops; use --token-file FILE to keep one")

    try:
        app = open_app(directory, token=token, is_empty=empty, max_running=max_running)
        if empty and app.has_history:
            raise UsageError(
                f"--empty cannot be used: {directory} contains the jobs of the demo",
                hint="use another directory with --state-dir, or delete them with 'hfjobs emulator reset'",
            )
        canceled = serve_app(app, port, started=started, log=session.notice)
    except PortError as error:
        raise HfJobsError(
            f"cannot listen on port {port}: {error}",
            hint="stop the program that uses it, or use --port 0 for any free port",
        ) from error
    except Untrusted as error:
        raise HfJobsError(
            f"cannot store the jobs of the emulator in {directory}: {error}",
            hint=error.remedy or "use another directory with --state-dir that only you can write to",
        ) from error
    except OSError as error:
        raise HfJobsError(
            f"cannot store the jobs of the emulator in {directory}: {error}",
            hint="use another directory with --state-dir, or run 'hfjobs emulator reset'",
        ) from error
    session.notice("stopped" + (f"; jobs canceled: {canceled}" if canceled else ""))
    return ExitCode.DONE


def token_of(session: Session, token: str | None, file: str | None) -> str | None:
    """Return the token that was given, as a word, in a file or in the environment. Raises UsageError."""
    if token is not None and file is not None:
        raise conflict("--token", "--token-file")
    source = "--token"
    if token is not None:
        session.warning(
            "other users of this machine can see --token in the process list; use --token-file FILE to hide it"
        )
    elif file is not None:
        source = f"--token-file {file}"
        try:
            token = session.stdin.read() if file == "-" else read_token(expanded_path(file))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text, or too long"
            raise UsageError(f"cannot read {source}: {reason}", hint="use a file that contains only a token") from None
        token = token.strip()
    elif token := session.environ.get(EMULATOR_TOKEN) or None:
        source = EMULATOR_TOKEN
    if token is not None and not _TOKEN.fullmatch(token):
        raise UsageError(
            f"invalid characters in the token from {source}" if token else f"no token in {source}",
            hint="use letters, digits and - . _ ~ + /, or remove it for a new token",
        )
    return token


def reset(session: Session, directory: Path) -> ExitCode:
    try:
        is_reset = delete_jobs(directory)
    except Untrusted as error:
        raise HfJobsError(
            f"cannot delete the jobs in {directory}: {error}",
            hint=error.remedy or "nothing was removed; remove your files yourself",
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise HfJobsError(f"cannot delete the jobs in {directory}: {reason}", hint=_ELSEWHERE) from error
    session.notice(f"deleted the jobs in {directory}" if is_reset else f"no jobs in {directory}")
    return ExitCode.DONE


def fire(session: Session, directory: Path, references: list[str], repo_text: str | None) -> ExitCode:
    if not references and repo_text is None:
        raise UsageError("'fire' needs a job, a webhook or --repo", hint=_SOME)
    kind, colon, name = (repo_text or DEFAULT_REPO).partition(":")
    if not colon or kind not in REPO_TYPES or not _REPO.fullmatch(name):
        raise UsageError(
            f"invalid --repo '{repo_text}'", hint="use for example model:alice/judge or dataset:alice/data"
        )
    repo = Repo(kind, name)
    session.overrides = Overrides(demo=True, emulator_dir=directory)  # names and selectors of jobs are resolved there
    try:
        app = open_app(directory, clock=session.clock, runs_jobs=session.runs_demo_jobs)
        if not references:
            jobs = app.webhooks.fire_watching(repo)
            session.write("".join(f"{job['id']}\n" for job in jobs))
            if not jobs:
                session.notice(f"no webhook that starts a job watches {kind}:{name}")
            return ExitCode.DONE
        known = {webhook["id"] for webhook in app.webhooks.all()}
        webhooks = [word for word in references if word.startswith(_WEBHOOK) or word in known]
        for webhook in (word.removeprefix(_WEBHOOK) for word in webhooks):
            try:
                session.write(f"{app.webhooks.fire(webhook, repo if repo_text else None)['id']}\n")
            except ApiError as error:
                session.failures.append(
                    NotFound(f"no webhook '{webhook}' in {directory}", hint="'hf webhooks ls' lists them")
                    if error.status == HTTPStatus.NOT_FOUND
                    else RequestRefused(error.message, hint=f"'hf webhooks info {webhook}' shows its settings")
                )
        of_jobs = [word for word in references if word not in webhooks]
        for reference in named_jobs(session, of_jobs, None) if of_jobs else ():
            try:
                session.write(f"{app.webhooks.fire_job(reference.id, repo)['id']}\n")
            except ApiError:
                session.failures.append(NotFound(f"no job '{reference}' in {directory}", hint=_SOME))
    except Untrusted as error:
        raise HfJobsError(f"cannot use the jobs in {directory}: {error}", hint=error.remedy) from error
    except OSError as error:
        raise HfJobsError(f"cannot use the jobs in {directory}: {error}", hint=_ELSEWHERE) from error
    return ExitCode.DONE
