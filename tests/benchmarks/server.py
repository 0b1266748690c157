"""A Hub of prebuilt answers, so that a benchmark measures the client: `server.py JOBS DELAY_MS`, prints its address.

The output of a job has as many lines as the last part of its id says: `...00200000` has 200,000.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

PAGE_SIZE = 100
NEWEST = datetime(2026, 5, 11, 13, 16, 7, 123_000, tzinfo=timezone.utc)
USER = {"id": "60107b385ac3e86b3ea4fc34", "name": "alice", "type": "user", "avatarUrl": "https://example.com/a.svg"}
STAGES = ("COMPLETED", "COMPLETED", "ERROR", "RUNNING", "CANCELED")
INITIATORS = (USER, {"type": "scheduled-job", "id": "69c4179671691dc46f166314"}, USER)


def job(number: int) -> dict[str, object]:
    """Return a job of the size and variety of real ones."""
    stage = STAGES[number % len(STAGES)]
    return {
        "type": "job",
        "id": f"6a01d697{2**63 - number:016x}",
        "createdAt": (NEWEST - timedelta(minutes=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "startedAt": "2026-05-11T13:17:06.000Z",
        "finishedAt": "2026-05-11T14:16:36.000Z",
        "durations": {"schedulingSecs": 59, "runningSecs": 3570 + number % 97, "totalSecs": 3629},
        "dockerImage": "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "command": ["uv", "run", "train.py", "--model", "Qwen/Qwen3-4B", "--run", str(number)],
        "arguments": [],
        "environment": {"WANDB_PROJECT": "tiny-judge", "RUN": str(number)},
        "secrets": ["HF_TOKEN", "WANDB_API_KEY"],
        "flavor": "a100-large",
        "timeout": 28800,
        "retry": 0,
        "labels": {"name": f"train-{number % 50}", "team": "ml", "env": "prod"},
        "createdBy": {"id": USER["id"], "name": USER["name"]},
        "owner": USER,
        "initiator": INITIATORS[number % len(INITIATORS)],
        "status": {"stage": stage, "message": "Job timeout" if stage == "ERROR" else None, "failureCount": 0},
    }


def numbers(jobs: int, stages: tuple[str, ...]) -> list[int]:
    """Return which of so many jobs are in any of these stages, or in all."""
    return [number for number in range(jobs) if not stages or STAGES[number % len(STAGES)] in stages]


def event(number: int) -> bytes:
    """Return an event with a line."""
    line = f"step {number}: loss 0.123, learning rate 3e-4, 1043 tokens a second"
    return (
        f"data: {json.dumps({'data': line, 'timestamp': f'2026-05-11T13:17:{number // 10:02}.{number}Z'})}\n\n".encode()
    )


EVENTS = [event(number) for number in range(100)]
PIECE = b"".join(EVENTS)
"""What output is made of, as a proxy hands on what is there: many events in a piece."""


def events(lines: int, tail: int | None) -> Iterator[bytes]:
    """Yield the output of a job, in lines by the hundred, or the last few of it."""
    if tail is not None:
        yield b"".join(EVENTS[-tail:])
        return
    for _ in range(lines // len(EVENTS)):
        yield PIECE


class Handler(BaseHTTPRequestHandler):
    """Answers from memory, after a pause."""

    protocol_version = "HTTP/1.1"
    jobs = 0
    pages: dict[tuple[str, ...], tuple[bytes, ...]] = {}  # noqa: RUF012 - filled once, before anything is asked
    delay_secs = 0.0

    def do_GET(self) -> None:
        """Answer whoami, a page of the listing, how many there are, or a job."""
        time.sleep(self.delay_secs)
        address = urlsplit(self.path)
        parts = address.path.split("/")
        link = None
        if address.path == "/api/whoami-v2":
            body = json.dumps({**USER, "fullname": "Alice", "isPro": True, "orgs": [], "auth": {"type": "x"}}).encode()
        elif len(parts) == 4 and parts[2] == "jobs":
            query = parse_qs(address.query)
            stages = tuple(sorted(query.get("stage", ())))
            page = int(query.get("cursor", ["0"])[0])
            pages = self.pages_of(stages)
            body = pages[page]
            if page + 1 < len(pages):
                following = urlencode([*(("stage", stage) for stage in stages), ("cursor", str(page + 1))])
                link = f'<http://{self.headers["Host"]}{address.path}?{following}>; rel="next"'
        elif len(parts) == 5 and parts[4] == "count":
            stages = tuple(sorted(parse_qs(address.query).get("stage", ())))
            body = json.dumps({"count": len(numbers(self.jobs, stages))}).encode()
        elif len(parts) == 6 and parts[5] == "logs":
            tail = parse_qs(address.query).get("tail")
            self.send_events(events(int(parts[4][-8:]), int(tail[0]) if tail else None))
            return
        elif len(parts) == 5 and parts[2] == "jobs":
            body = json.dumps({**job(7), "id": parts[4]}).encode()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Answer as if a job had been created as asked for."""
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        time.sleep(self.delay_secs)
        if len(self.path.split("/")) != 4 or not self.path.startswith("/api/jobs/"):
            self.send_error(404)
            return
        made = {
            "type": "job",
            "id": "6a01d6970000000000000007",
            "createdAt": "2026-05-11T13:16:07.123Z",
            **{
                key: sent.get(key) for key in ("dockerImage", "command", "arguments", "environment", "flavor", "labels")
            },
            "secrets": [],
            "timeout": sent.get("timeoutSeconds", 1800),
            "createdBy": {"id": USER["id"], "name": USER["name"]},
            "owner": USER,
            "initiator": USER,
            "status": {"stage": "SCHEDULING", "message": None, "failureCount": 0},
        }
        body = json.dumps(made).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @classmethod
    def pages_of(cls, stages: tuple[str, ...]) -> tuple[bytes, ...]:
        """Return the pages of a listing, made when they are first asked for."""
        if stages not in cls.pages:
            found = numbers(cls.jobs, stages)
            starts = range(0, max(len(found), 1), PAGE_SIZE)
            cls.pages[stages] = tuple(json.dumps(list(map(job, found[at : at + PAGE_SIZE]))).encode() for at in starts)
        return cls.pages[stages]

    def send_events(self, pieces: Iterator[bytes]) -> None:
        """Answer with a stream that ends."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def handle(self) -> None:
        """Answer requests until the client goes, which may be in the middle of an answer."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_args: object) -> None:
        """Log nothing."""


def main(jobs: int, delay_ms: int) -> None:
    """Serve so many jobs until killed."""
    Handler.jobs = jobs
    for stages in [(), *((stage,) for stage in sorted({*STAGES, "DELETED"})), ("RUNNING", "SCHEDULING")]:
        Handler.pages_of(stages)
    Handler.delay_secs = delay_ms / 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
