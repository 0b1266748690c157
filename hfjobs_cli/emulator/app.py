"""The Jobs API as a WSGI application: authentication, routing, and errors in the format of the Hub."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterable
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
    Unauthorized,
)
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hfjobs_cli.emulator.account import CREATOR, hardware, owner_of, whoami
from hfjobs_cli.emulator.api_types import LABEL_KEY, LABEL_VALUE, STAGES, ApiError, Clock, Document, present
from hfjobs_cli.emulator.buckets import Buckets
from hfjobs_cli.emulator.jobs import Jobs
from hfjobs_cli.emulator.output import kept_alive
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.schedules import Schedules
from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.store import History, Store
from hfjobs_cli.emulator.webhooks import Webhooks
from hfjobs_cli.emulator.xet_format import MAX_XORB_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hfjobs_cli.emulator.write_endpoints import Changes

MAX_RUNNING = 32
"""How many jobs run at once by default; others wait in SCHEDULING."""

PAGE_SIZE = 100
MAX_BODY_BYTES = 1024 * 1024
MAX_CURSOR_CHARACTERS = 2048
MAX_MESSAGE_CHARACTERS = 500
MAX_LABELS = 100
KEEP_ALIVE_SECS = 30.0
XET_TOKEN_SECS = 3600

ADMIT = "hfjobs.admit"
"""A server's function to call for an authenticated client. It returns whether one more can be served."""

MAY_BE_GONE = "hfjobs.may_be_gone"
"""A server's function that returns whether the client may be gone: it has closed its side of the connection."""

DEMO_TOKEN = "hf_demo"  # noqa: S105 - gives access only to the demo
DEMO_HOST = "demo.localhost"

_LABEL = re.compile(f"({LABEL_KEY})=({LABEL_VALUE})")

_JOB = "/api/jobs/<namespace>/<identifier>"
_SCHEDULED = "/api/scheduled-jobs/<namespace>"
_WEBHOOKS = "/api/settings/webhooks"
_BUCKET = "/api/buckets/<namespace>/<name>"
_WITH_BODY = (
    ("POST", "/api/jobs/<namespace>", "create_job"),
    ("PUT", f"{_JOB}/labels", "label_job"),
    ("PUT", f"{_JOB}/expose", "expose_job"),
    ("POST", _SCHEDULED, "create_schedule"),
    ("POST", f"{_SCHEDULED}/<identifier>/schedule", "change_schedule"),
    ("PUT", f"{_SCHEDULED}/<identifier>/labels", "label_schedule"),
    ("POST", _WEBHOOKS, "create_webhook"),
    ("POST", f"{_WEBHOOKS}/<identifier>", "update_webhook"),
    ("POST", f"{_BUCKET}/batch", "change_files"),
)
"""The endpoints that take JSON."""

_ROUTES = Map(
    [
        Rule(path, endpoint=endpoint, methods=[method])
        for method, path, endpoint in (
            *_WITH_BODY,
            ("GET", "/api/whoami-v2", "whoami"),
            ("GET", "/api/settings/billing/usage/jobs", "jobs_usage"),
            ("GET", _WEBHOOKS, "list_webhooks"),
            ("GET", f"{_WEBHOOKS}/<identifier>", "inspect_webhook"),
            ("DELETE", f"{_WEBHOOKS}/<identifier>", "delete_webhook"),
            ("POST", f"{_WEBHOOKS}/<identifier>/<any(enable, disable):action>", "enable_webhook"),
            ("GET", "/api/jobs/hardware", "hardware"),
            ("GET", "/api/jobs/<namespace>", "list_jobs"),
            ("GET", "/api/jobs/<namespace>/count", "count_jobs"),
            ("POST", "/api/jobs/<namespace>/auth-check/<any(read, write):_permission>", "check_access"),
            ("GET", _JOB, "inspect_job"),
            ("POST", f"{_JOB}/auth-check/<any(read, write):_permission>", "check_access"),
            ("POST", f"{_JOB}/duplicate", "duplicate_job"),
            ("POST", f"{_JOB}/cancel", "cancel_job"),
            ("GET", f"{_JOB}/logs", "stream_logs"),
            ("GET", f"{_JOB}/metrics", "stream_metrics"),
            ("GET", _SCHEDULED, "list_schedules"),
            ("GET", f"{_SCHEDULED}/<identifier>", "inspect_schedule"),
            ("DELETE", f"{_SCHEDULED}/<identifier>", "delete_schedule"),
            ("POST", f"{_SCHEDULED}/<identifier>/suspend", "suspend_schedule"),
            ("POST", f"{_SCHEDULED}/<identifier>/resume", "resume_schedule"),
            ("POST", f"{_SCHEDULED}/<identifier>/run", "run_schedule"),
            ("GET", _BUCKET, "inspect_bucket"),
            ("POST", _BUCKET, "create_bucket"),
            ("GET", f"{_BUCKET}/tree", "list_files"),
            ("GET", f"{_BUCKET}/tree/<path:prefix>", "list_files"),
            ("GET", f"{_BUCKET}/xet-write-token", "xet_token"),
            ("POST", "/xet/<_store>/v1/xorbs/default/<identifier>", "upload_xorb"),
            ("POST", "/xet/<_store>/v1/shards", "upload_shard"),
        )
    ],
    merge_slashes=False,
)
_ENDPOINTS_WITH_BODY = frozenset(endpoint for _method, _path, endpoint in _WITH_BODY)
_PUBLIC = ("hardware",)


class _Request(Request):
    max_content_length = MAX_BODY_BYTES
    trusted_hosts: ClassVar[list[str]] = ["127.0.0.1", "localhost", DEMO_HOST]  # type: ignore[misc]


class App:
    """The API over one store, for clients with the token.

    Each endpoint in `_ROUTES` has a method: `_NAME` here, or `NAME` of `Changes` if it takes JSON.
    """

    def __init__(
        self,
        store: Store,
        state: State,
        *,
        token: str,
        clock: Clock = present,
        max_running: int = 0,
        keep_alive_secs: float = KEEP_ALIVE_SECS,
    ) -> None:
        """Serve `store`. At most `max_running` jobs run at once; with 0 they are stored but not run.

        Raises ValueError for an empty token.
        """
        if not token:
            raise ValueError("without a token, anybody could run commands")
        self._store = store
        self.token = token
        self._keep_alive_secs = keep_alive_secs
        self.jobs = Jobs(store, state, clock=clock, max_running=max_running)
        self.schedules = Schedules(store, self.jobs, clock=clock)
        self.webhooks = Webhooks(store, self.jobs, clock=clock)
        self.buckets = Buckets(state)
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        request = _Request(environ)
        try:
            response = self._answer(request)
        except NotFound:
            what = "only takes uploads to buckets" if "/buckets/" in request.path else "provides only the Jobs API"
            response = _refusal(HTTPStatus.NOT_FOUND, f"{request.path} not found: this server {what}")
        except HTTPException as error:
            response = _refusal(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or error.name)
        except ApiError as error:
            response = _refusal(error.status, error.message)
        except ConnectionError:
            raise
        except OSError as error:  # of the store, or of the disk
            response = _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        response.headers["X-Request-Id"] = f"Root=1-{secrets.token_hex(12)}"
        return response(environ, start_response)

    @cached_property
    def _changes(self) -> Changes:
        """The endpoints that take JSON, loaded when one is used: pydantic takes as long as the rest of the emulator."""
        from hfjobs_cli.emulator.write_endpoints import Changes

        return Changes(self.jobs, self.schedules, self.webhooks, self.buckets)

    @property
    def has_history(self) -> bool:
        """Return whether the store has sample jobs. Raises StoreError."""
        with self._store.read() as tables:
            return tables.has_history()

    def _answer(self, request: _Request) -> Response:
        _ = request.host  # raises BadRequest for a name other than this machine's, against DNS rebinding by web pages
        if "Origin" in request.headers:
            raise Forbidden("Requests from web pages are not allowed")
        endpoint, values = _ROUTES.bind_to_environ(request.environ).match()
        if self._has_token(request):
            admit: Callable[[], bool] = request.environ.get(ADMIT, lambda: True)
            if not admit():
                raise ServiceUnavailable("Too many open connections")
        elif endpoint not in _PUBLIC:
            raise Unauthorized("Invalid credentials in Authorization header")
        if endpoint in _ENDPOINTS_WITH_BODY:
            return _json(getattr(self._changes, endpoint)(_content(request), **values))
        answer: Response = getattr(self, f"_{endpoint}")(request, **values)
        return answer

    def _has_token(self, request: Request) -> bool:
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        return token is not None and secrets.compare_digest(token.encode(), self.token.encode())

    def _whoami(self, _request: Request) -> Response:
        return _json(whoami())

    def _jobs_usage(self, _request: Request) -> Response:
        return _json(self.jobs.usage())

    def _hardware(self, _request: Request) -> Response:
        return _json(hardware())

    def _check_access(
        self, _request: Request, namespace: str, _permission: str, identifier: str | None = None
    ) -> Response:
        owner = owner_of(namespace)
        if identifier is not None:
            self.jobs.find(namespace, identifier)
        return _json({"namespace": {key: owner[key] for key in ("id", "name")}, "user": CREATOR})

    def _list_jobs(self, request: Request, namespace: str) -> Response:
        labels = request.args.getlist("label")
        if len(labels) > MAX_LABELS:
            raise ApiError(400, f"Too many labels: expected at most {MAX_LABELS}")
        stages = _stages(request)
        page, has_more = self.jobs.page(namespace, stages, map(_label, labels), _cursor(request), PAGE_SIZE)
        response = _json(page)
        if has_more:
            query = {"stage": stages, "label": labels, "cursor": _encode_cursor(page[-1])}
            url = _ROUTES.bind_to_environ(request.environ).build(
                "list_jobs", {"namespace": namespace, **query}, force_external=True
            )
            response.headers["Link"] = f'<{url}>; rel="next"'
        return response

    def _count_jobs(self, request: Request, namespace: str) -> Response:
        return _json({"count": self.jobs.count(namespace, _stages(request))})

    def _inspect_job(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self.jobs.find(namespace, identifier))

    def _duplicate_job(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self.jobs.duplicate(namespace, identifier))

    def _cancel_job(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self.jobs.cancel(namespace, identifier))

    def _stream_logs(self, request: Request, namespace: str, identifier: str) -> Response:
        return self._stream(request, self.jobs.output(namespace, identifier, _tail(request)))

    def _stream_metrics(self, request: Request, namespace: str, identifier: str) -> Response:
        return self._stream(request, self.jobs.metrics(namespace, identifier))

    def _list_schedules(self, request: Request, namespace: str) -> Response:
        label = request.args.get("label")
        return _json(self.schedules.of_namespace(namespace, None if label is None else _label(label)))

    def _inspect_schedule(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self.schedules.find(namespace, identifier))

    def _delete_schedule(self, _request: Request, namespace: str, identifier: str) -> Response:
        self.schedules.delete(namespace, identifier)
        return Response()

    def _suspend_schedule(self, _request: Request, namespace: str, identifier: str) -> Response:
        self.schedules.suspend(namespace, identifier)
        return Response()

    def _resume_schedule(self, _request: Request, namespace: str, identifier: str) -> Response:
        self.schedules.resume(namespace, identifier)
        return Response()

    def _run_schedule(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self.schedules.run(namespace, identifier))

    def _list_webhooks(self, _request: Request) -> Response:
        return _json(self.webhooks.all())

    def _inspect_webhook(self, _request: Request, identifier: str) -> Response:
        return _json({"webhook": self.webhooks.find(identifier)})

    def _enable_webhook(self, _request: Request, identifier: str, action: str) -> Response:
        return _json({"webhook": self.webhooks.enable(identifier, is_enabled=action == "enable")})

    def _delete_webhook(self, _request: Request, identifier: str) -> Response:
        self.webhooks.delete(identifier)
        return _json({})

    def _inspect_bucket(self, _request: Request, namespace: str, name: str) -> Response:
        return _json(self.buckets.find(namespace, name))

    def _create_bucket(self, request: Request, namespace: str, name: str) -> Response:
        answer = {"url": f"{request.host_url}buckets/{namespace}/{name}"}
        if self.buckets.create(namespace, name):
            return _json(answer)
        return _json(answer | {"error": "You already created this bucket repo"}, HTTPStatus.CONFLICT)

    def _list_files(self, _request: Request, namespace: str, name: str, prefix: str = "") -> Response:
        return _json(self.buckets.tree(namespace, name, prefix))

    def _xet_token(self, request: Request, namespace: str, name: str) -> Response:
        self.buckets.find(namespace, name)
        url = f"{request.host_url}xet/{self.buckets.xet_store()}"
        expires = int(self._clock().timestamp()) + XET_TOKEN_SECS
        return _json({"casUrl": url, "accessToken": self.token, "exp": expires})

    def _upload_xorb(self, request: Request, _store: str, identifier: str) -> Response:
        request.max_content_length = MAX_XORB_BYTES
        self.buckets.add_xorb(identifier, request.get_data())
        return _json({"was_inserted": True})

    def _upload_shard(self, request: Request, _store: str) -> Response:
        self.buckets.add_shard(_content(request))
        return _json({"result": 1})

    def _stream(self, request: Request, events: Iterable[str | None]) -> Response:
        return Response(
            kept_alive(events, self._keep_alive_secs, request.environ.get(MAY_BE_GONE, lambda: False)),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )


def open_app(
    directory: Path,
    *,
    token: str | None = None,
    clock: Clock = present,
    is_empty: bool = False,
    runs_jobs: bool = True,
    max_running: int = MAX_RUNNING,
) -> App:
    """Return the API over the store in `directory`; a new store gets the sample jobs unless `is_empty`.

    Without a `token`, a new one is created for this app alone. Without `runs_jobs`, new jobs wait forever; else at most
    `max_running` run at once. Raises OSError if the directory cannot be used: Untrusted if others can change or
    replace it.
    """
    state = State(directory.absolute())
    store = Store(state, seed=History if is_empty else lambda: history(clock()))
    return App(
        store,
        state,
        token=f"hf_{secrets.token_hex(17)}" if token is None else token,
        clock=clock,
        max_running=max_running if runs_jobs else 0,
    )


def _json(data: object, status: int = HTTPStatus.OK) -> Response:
    return Response(json.dumps(data), status, content_type="application/json; charset=utf-8")


def _refusal(status: int, message: str) -> Response:
    response = _json({"error": message}, status)
    line = message if message.isprintable() else repr(message)
    response.headers["X-Error-Message"] = line.encode("ascii", "backslashreplace").decode()[:MAX_MESSAGE_CHARACTERS]
    return response


def _content(request: Request) -> bytes:
    content = request.get_data()
    if len(content) >= MAX_BODY_BYTES:  # werkzeug cuts off the rest of a chunked body
        raise RequestEntityTooLarge
    return content


def _stages(request: Request) -> list[str]:
    stages = request.args.getlist("stage")
    if not set(stages) <= set(STAGES):
        raise ApiError(400, f"Invalid option for stage: expected one of {'|'.join(STAGES)}")
    return stages


def _label(text: str) -> tuple[str, str]:
    found = _LABEL.fullmatch(text)
    if found is None:
        raise ApiError(400, "Invalid label: expected key=value")
    return found[1], found[2]


def _tail(request: Request) -> int | None:
    text = request.args.get("tail")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise ApiError(400, "Invalid tail: expected a number of lines")
    return int(text)


def _encode_cursor(job: Document) -> str:
    return base64.urlsafe_b64encode(f"{job['createdAt']} {job['id']}".encode()).decode()


def _cursor(request: Request) -> tuple[str, str] | None:
    """Return `createdAt` and id of the last job of the previous page."""
    text = request.args.get("cursor")
    if text is None:
        return None
    try:
        if len(text) > MAX_CURSOR_CHARACTERS:
            raise ValueError
        created_at, identifier = base64.urlsafe_b64decode(text).decode().split(" ")
    except ValueError:
        raise ApiError(400, "Invalid cursor") from None
    return created_at, identifier
