"""What is larger than it may be: numbers, packed answers, streams and files without end. One line says so."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.support import USER, Hfjobs, Hub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JOB = "6a02000000000000000000aa"


@pytest.mark.parametrize("argv", [["logs", JOB], ["logs", "-f", JOB], ["stats", JOB]])
def test_an_event_without_end_ends_a_command(hfjobs: Hfjobs, hub: Hub, argv: list[str]) -> None:
    hub.add(id=JOB, status={"stage": "RUNNING", "message": None}, finishedAt=None)

    def answer(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        events = (b"event: metric\ndata: x\n" + each for each in repeat(b"data: x\n" * 10_000))
        return Response(events, content_type="text/event-stream")(environ, start)

    for stream in ("logs", "metrics"):
        hub.always(f"/api/jobs/{USER}/{JOB}/{stream}", answer)
    code, stdout, stderr = hfjobs(*argv)
    assert (code, len(stdout.splitlines())) == (1, argv[0] == "stats")  # the header of the table
    assert "an event of the stream is longer than 32 MiB" in stderr
