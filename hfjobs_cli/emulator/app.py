"""The Jobs API as a WSGI application: routing, the token, errors in the Hub's shape."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException, NotFound, Unauthorized
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hfjobs_cli.emulator.seed import ORGANISATIONS, USER
from hfjobs_cli.emulator.store import Store, StoreError
from hfjobs_cli.emulator.wire import STAGES, Document, new_id, wire_time

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE_SIZE = 100

_ROUTES = Map(
    [
        Rule("/api/whoami-v2", endpoint="whoami", methods=["GET"]),
        Rule("/api/jobs/<namespace>", endpoint="list_jobs", methods=["GET"]),
        Rule("/api/jobs/<namespace>/<identifier>", endpoint="inspect_job", methods=["GET"]),
        Rule("/api/jobs/<namespace>/<identifier>/duplicate", endpoint="duplicate_job", methods=["POST"]),
    ]
)


class App:
    """The API over one store, for whoever has the token."""

    def __init__(self, store: Store, *, token: str, clock: Callable[[], datetime]) -> None:
        """Serve `store`; `clock` returns the present moment, aware."""
        self._store = store
        self._token = token
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        request = Request(environ)
        try:
            self._check_token(request)
            endpoint, values = _ROUTES.bind_to_environ(environ).match()
            response: Response = getattr(self, f"_{endpoint}")(request, **values)
        except HTTPException as error:
            message = error.description or error.name
            response = _json({"error": message}, error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
            response.headers["X-Error-Message"] = message
        except StoreError as error:
            response = _json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)
        response.headers["X-Request-Id"] = f"Root=1-{secrets.token_hex(12)}"
        return response(environ, start_response)

    def _check_token(self, request: Request) -> None:
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        if token is None or not secrets.compare_digest(token, self._token):
            raise Unauthorized("Invalid credentials in Authorization header")

    def _whoami(self, _request: Request) -> Response:
        return _json(
            {
                "type": "user",
                **USER,
                "fullname": USER["name"],
                "isPro": True,
                "orgs": [{"type": "org", **organisation} for organisation in ORGANISATIONS],
                "auth": {"type": "access_token", "accessToken": {"displayName": "demo", "role": "write"}},
            }
        )

    def _list_jobs(self, request: Request, namespace: str) -> Response:
        _check_namespace(namespace)
        stages = request.args.getlist("stage")
        for stage in stages:
            if stage not in STAGES:
                raise BadRequest(f"Invalid option for stage: expected one of {'|'.join(STAGES)}")
        labels = [_label(text) for text in request.args.getlist("label")]
        cursor = request.args.get("cursor")
        jobs = self._store.newest(
            namespace,
            stages=stages,
            labels=labels,
            after=None if cursor is None else _decode_cursor(cursor),
            limit=PAGE_SIZE + 1,
        )
        page = jobs[:PAGE_SIZE]
        response = _json([self._live(job) for job in page])
        if len(jobs) > PAGE_SIZE:
            query = {
                "stage": stages,
                "label": request.args.getlist("label"),
                "cursor": _encode_cursor(page[-1]),
            }
            url = _ROUTES.bind_to_environ(request.environ).build(
                "list_jobs", {"namespace": namespace, **query}, force_external=True
            )
            response.headers["Link"] = f'<{url}>; rel="next"'
        return response

    def _inspect_job(self, _request: Request, namespace: str, identifier: str) -> Response:
        return _json(self._live(self._find(namespace, identifier)))

    def _duplicate_job(self, _request: Request, namespace: str, identifier: str) -> Response:
        now = self._clock()
        source = self._find(namespace, identifier)
        of_the_run = ("startedAt", "finishedAt", "durations")
        job = {key: value for key, value in source.items() if key not in of_the_run}
        job |= {
            "id": new_id(now),
            "createdAt": wire_time(now),
            "createdBy": {"id": USER["id"], "name": USER["name"]},
            "initiator": {"type": "duplicated-job", "id": source["id"]},
            "status": {"stage": "SCHEDULING", "message": "The demo records jobs and does not run them"},
        }
        self._store.add(job)
        return _json(self._live(job))

    def _find(self, namespace: str, identifier: str) -> Document:
        _check_namespace(namespace)
        job = self._store.get(namespace, identifier)
        if job is None:
            raise NotFound("Job not found")
        return job

    def _live(self, job: Document) -> Document:
        """Return `job` with the durations of one that has not ended counted to now, as the Hub does."""
        if "finishedAt" in job or job["status"]["stage"] not in ("RUNNING", "SCHEDULING"):
            return job
        now = self._clock()
        durations: Document = {"totalSecs": _seconds(job["createdAt"], now)}
        if "startedAt" in job:
            durations["runningSecs"] = _seconds(job["startedAt"], now)
            durations["schedulingSecs"] = durations["totalSecs"] - durations["runningSecs"]
        return job | {"durations": durations}


def _json(data: object, status: int = HTTPStatus.OK) -> Response:
    return Response(json.dumps(data), status, content_type="application/json; charset=utf-8")


def _check_namespace(namespace: str) -> None:
    if namespace not in (USER["name"], *(organisation["name"] for organisation in ORGANISATIONS)):
        raise NotFound("Namespace not found")


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not all(char.isalnum() or char in "._-" for char in key):
        raise BadRequest("Invalid label: expected key=value")
    return key, value


def _encode_cursor(job: Document) -> str:
    return base64.urlsafe_b64encode(f"{job['createdAt']} {job['id']}".encode()).decode()


def _decode_cursor(cursor: str) -> tuple[str, str]:
    try:
        created_at, identifier = base64.urlsafe_b64decode(cursor).decode().split(" ")
    except ValueError:
        raise BadRequest("Invalid cursor") from None
    return created_at, identifier


def _seconds(since: Any, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(since.replace("Z", "+00:00"))).total_seconds()))
