"""The official client and ours before one server that records: what each of them sends for a command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from huggingface_hub import HfApi, Volume

from hfjobs_cli.cli.app import main
from hfjobs_cli.cli.session import Session
from hfjobs_cli.emulator.account import hardware
from tests.support import NOW, TOKEN, command_environ

USER = "alice"

OWNER = {"id": "60107b385ac3e86b3ea4fc34", "name": USER, "type": "user", "avatarUrl": "/a.svg"}

_PEER = """
import json, os, sys, urllib.request
from pathlib import Path
from huggingface_hub import HfApi, Volume
from huggingface_hub.cli.hf import main

def upload(self, *, namespace, remote_to_local_file_names, token):
    files = {name: Path(path).read_text() for name, path in remote_to_local_file_names.items()}
    say("files", files)
    source = f"{namespace}/jobs-artifacts"
    return [Volume(type="bucket", source=source, mount_path="/data", path="when", read_only=False)]

def sync(self, source, mount_path, *, remote_name=None, read_only=True, namespace=None, token=None):
    say("directory", str(source))
    return Volume(type="bucket", source="x/jobs-artifacts", mount_path=mount_path, path="there", read_only=read_only)

def say(what, value):
    data = json.dumps(value).encode()
    request = urllib.request.Request(f"{os.environ['HF_ENDPOINT']}/note/{what}", data, method="PUT")
    urllib.request.urlopen(request).close()

HfApi._upload_scripts_to_bucket = upload
HfApi.sync_job_volume = sync
for number, line in enumerate(json.load(sys.stdin)):
    say("line", number)
    sys.argv = ["hf", "jobs", *line]
    try:
        main()
    except SystemExit:
        pass
"""


class Sent(NamedTuple):
    """One request that changes something."""

    method: str
    path: str
    body: Any


class Recorder:
    """A Hub that takes everything, and tells what it was sent for each command line."""

    def __init__(self) -> None:
        self.sent: dict[int, list[Sent]] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.line = 0
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                answer = json.dumps(recorder.answer(self.command, self.path, body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - as the library has it
                """Answer at the moment that it is for the tests; else all that is made would be old."""
                return format_datetime(NOW, usegmt=True)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library calls it
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def forget(self) -> None:
        self.sent, self.notes = {}, {}

    def answer(self, method: str, path: str, body: bytes) -> Any:
        values: Any = json.loads(body) if body else None
        if path.startswith("/note/"):
            what = path.removeprefix("/note/")
            if what == "line":
                self.line = values
            else:
                self.notes.setdefault(self.line, {})[what] = values
            return {}
        if path == "/api/whoami-v2":
            return {"type": "user", **OWNER, "fullname": USER, "isPro": False, "orgs": [], "auth": {"type": "x"}}
        if path == "/api/jobs/hardware":
            return hardware()
        if method != "GET":
            self.sent.setdefault(self.line, []).append(Sent(method, path, values))
        owner = {**OWNER, "name": path.split("/")[3]}
        if path.startswith("/api/jobs/") or path.endswith("/run"):
            return _made(values, owner)
        return [] if method == "GET" and path == f"/api/scheduled-jobs/{USER}" else _scheduled(values, owner)


def _made(body: Any, owner: Any) -> Any:
    spec = body or {"dockerImage": "python:3.12"}
    return {
        "type": "job",
        "id": "6a02000000000000000000aa",
        "createdAt": "2026-05-12T08:59:59.000Z",
        **{key: spec[key] for key in ("command", "arguments", "labels", "dockerImage", "spaceId") if key in spec},
        "environment": spec.get("environment", {}),
        "flavor": spec.get("flavor", "cpu-basic"),
        "owner": owner,
        "createdBy": OWNER,
        "status": {"stage": "SCHEDULING", "message": None},
    }


def _scheduled(body: Any, owner: Any) -> Any:
    values = body or {}
    return {
        "type": "scheduled-job",
        "id": "6a02000000000000000000bb",
        "createdAt": "2026-05-12T08:59:59.000Z",
        "schedule": values.get("schedule", "@daily"),
        "suspend": values.get("suspend", False),
        "concurrency": values.get("concurrency", False),
        "status": {"lastJob": None, "nextJobRunAt": "2026-05-13T00:00:00.000Z"},
        "owner": owner,
        "initiator": OWNER,
        "jobSpec": values.get("jobSpec", {"flavor": "cpu-basic", "environment": {}}),
    }


@contextmanager
def recording() -> Iterator[Recorder]:
    """Yield a server that records."""
    recorder = Recorder()
    try:
        yield recorder
    finally:
        recorder.close()


def local_environment(directory: Path, recorder: Recorder, **environ: str) -> dict[str, str]:
    """Return the environment in which both are run."""
    kept = command_environ({"HF_ENDPOINT": recorder.endpoint, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_UPDATE_CHECK": "1"})
    home = {"HOME": str(directory), "XDG_CACHE_HOME": str(directory / "cache"), "HF_HOME": str(directory / "hf")}
    return {**kept, **home, **environ}


def by_the_peer(
    lines: Sequence[Sequence[str]], directory: Path, recorder: Recorder, environ: Mapping[str, str]
) -> dict[int, list[Sent]]:
    """Return what the official client sends for each command line, of which all are run in one process."""
    recorder.forget()
    subprocess.run(
        [sys.executable, "-c", _PEER],
        input=json.dumps(list(map(list, lines))),
        cwd=directory,
        env=dict(environ),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    return recorder.sent


class _Pauses:
    """What is done instead of waiting. A job that is followed would never end here."""

    def __init__(self, line: Sequence[str]) -> None:
        self.line = line
        self.left = 50

    def __call__(self, _secs: float) -> None:
        self.left -= 1
        assert self.left, f"{self.line} waits for a job"


def by_us(
    lines: Sequence[Sequence[str]], directory: Path, recorder: Recorder, environ: Mapping[str, str]
) -> tuple[dict[int, list[Sent]], dict[int, str]]:
    """Return what ours sends for each command line, and what it says on stderr."""

    def sync_job_volume(_api: HfApi, _source: str, mount_path: str, *, read_only: bool, namespace: str) -> Volume:
        assert namespace
        return Volume(
            type="bucket", source="x/jobs-artifacts", mount_path=mount_path, path="there", read_only=read_only
        )

    def create_bucket(_api: HfApi, *, bucket_id: str, exist_ok: bool, private: bool) -> None:
        assert (bucket_id.endswith("/jobs-artifacts"), exist_ok, private) == (True, True, True)

    def batch_bucket_files(_api: HfApi, *, bucket_id: str, add: list[tuple[bytes, str]]) -> None:
        assert bucket_id.endswith("/jobs-artifacts")
        files = {path.partition("/")[2]: content.decode() for content, path in add}
        recorder.notes.setdefault(recorder.line, {})["files"] = files

    recorder.forget()
    before = Path.cwd()
    said = {}
    os.chdir(directory)
    patch = pytest.MonkeyPatch()
    for function in (sync_job_volume, create_bucket, batch_bucket_files):
        patch.setattr(HfApi, function.__name__, function)
    try:
        for number, line in enumerate(lines):
            recorder.line = number
            stderr = io.StringIO()
            session = Session(
                stdin=io.StringIO(""),
                stdout=io.StringIO(),
                stderr=stderr,
                environ=environ,
                clock=lambda: NOW,
                sleep=_Pauses(line),
            )
            main(list(line), session)
            said[number] = stderr.getvalue()
    finally:
        patch.undo()
        os.chdir(before)
    return recorder.sent, said
