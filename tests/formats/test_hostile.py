"""Text and numbers of a job that are meant to do harm: on a terminal, to the layout, or to whoever waits."""

from __future__ import annotations

import json
from typing import Any

import pyte
import pytest
from pyte import modes

from tests.support import TOKEN, Hfjobs, Hub, in_turn, on_terminal, posix_only
from tests.words import FORMATS

LINES = [each for each in FORMATS[1:] if each != "html"]
"""The formats of which nothing is drawn; pages for a browser are in test_html.py."""

TEXTS = {
    "color": "\x1b[31mred\x1b[0m",
    "cursor up": "up\x1b[5A\x1b[100D",
    "clear": "\x1b[2J\x1b[H",
    "reset": "\x1bc",
    "no cursor": "\x1b[?25l",
    "other screen": "\x1b[?1049h",
    "report": "\x1b[6n\x05",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://example.com\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "C1": "\x9b31m\x9d0;owned\x9c\x90q\x85",
    "line ends": "one\ntwo\r\nthree\rfour\x0b\x0cfive",
    "separators": "one\u2028two\u2029three",
    "blanks": "tab\tback\x08\x08del\x7fnul\x00",
    "charset": "\x0e\x1b(0lqk\x0f",
    "bidi": "\u202egnp.exe\u202c \u2066\u2069 \u200f\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg",
    "tags": "x\U000e0041\U000e007f",
    "wide": "評価ジョブ" * 9,
    "emoji": "🚀🔥👨\u200d👩\u200d👧 " * 5,
    "combining": "e\u0301" * 40 + "z" + "\u0336" * 200,
    "full width": "\uff21\uff22\uff23\uff0e\uff44",
    "hangul": "\ud55c\uae00 \u3164\u115f\u1160\uffa0",
    "surrogate": "\ud83d alone",
    "private": "\ue000\U0010ffff",
    "markup": "[bold red]x[/] [link=https://example.com]y[/link] [/]",
    "names": ":rocket: {{.id}} {0} %s %(x)s \\x1b[31m",
    "long": "x" * 2**20,
    "long and wide": "長" * 2**15,
    "long and hostile": "\x1b[31m" * 2**13,
}


def hostile(hub: Hub, place: int, text: str) -> dict[str, Any]:
    """Return a job that says `text` wherever a server lets somebody say something."""
    return hub.job(
        id=f"{place:024x}",
        dockerImage=text,
        command=["run", text],
        arguments=[text],
        environment={text: text},
        secrets=[text],
        flavor=text,
        labels={"name": text, text: text},
        status={"stage": "RUNNING", "message": text, "cancelReason": text},
        createdBy={"id": text, "name": text},
        initiator={"type": "user", "id": text, "name": text},
    )


@pytest.fixture
def environ(directories: dict[str, str], hub: Hub) -> dict[str, str]:
    """The installed command, for a listing in which each job is hostile in its own way."""
    hub.replies_to(
        "/api/jobs/x", 200, json.dumps([hostile(hub, place, text) for place, text in enumerate(TEXTS.values())])
    )
    return {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}


@posix_only
class TestScreen:
    """What an emulated terminal shows, cell by cell."""

    def shown(self, columns: int, text: str) -> pyte.Screen:
        """Return the screen after `text`, which must have left the terminal as it was, but for the color of states."""
        screen = pyte.Screen(columns, 400)
        screen.set_mode(modes.LNM)
        initial = set(screen.mode)
        pyte.Stream(screen).feed(text)
        assert (screen.mode, screen.title, screen.icon_name) == (initial, "", "")
        assert screen.cursor.attrs == pyte.screens.Char(" ")
        for row in screen.buffer.values():
            assert "".join(cell.data for cell in row.values() if cell.fg != "default") in ("", "RUNNING")
        return screen

    @pytest.mark.parametrize("columns", [40, 80, 200])
    @pytest.mark.parametrize("options", [(), ("-w",), ("--columns", "id,labels,message,flavor,status")])
    def test_a_table_has_one_row_for_each_job_and_is_aligned(
        self, hfjobs: Hfjobs, environ: dict[str, str], columns: int, options: tuple[str, ...]
    ) -> None:
        argv = ("ps", "-a", "--namespace", "x", *options)
        is_real = (columns, options) == (80, ())
        shown = on_terminal(columns, *argv, environ=environ) if is_real else hfjobs(*argv, columns=columns)
        code, stdout, _ = shown
        assert code == 0
        screen = self.shown(columns, stdout)
        header, *rows = (line.rstrip() for line in screen.display[: screen.cursor.y])
        assert len(rows) == len(TEXTS)
        at = header.index("STATUS")
        for place, row in enumerate(rows):
            assert row.startswith(f"{place:024x}  ")
            cells = screen.buffer[place + 1]
            assert "".join(cells[at + index].data for index in range(7)) == "RUNNING", [*TEXTS][place]
            assert cells[at - 1].data == " "

    @pytest.mark.parametrize(
        ("name", "argv"), in_turn(TEXTS, [("tree", "-a"), ("describe", "JOB"), ("diff", "JOB", "OTHER")], times=2)
    )
    def test_trees_and_pages_are_not_drawn_by_a_job(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], name: str
    ) -> None:
        """Each fits in some screens, whatever it says; those of a megabyte too."""
        text = TEXTS[name]
        jobs = [hostile(hub, 1, text), hostile(hub, 2, f"{text}!")]
        jobs[1]["initiator"] = {"type": "duplicated-job", "id": jobs[0]["id"]}
        saved = "".join(json.dumps(job) + "\n" for job in jobs)
        names = {"JOB": jobs[0]["id"], "OTHER": jobs[1]["id"]}
        given = [names.get(word, word) for word in argv]
        code, stdout, stderr = hfjobs(*given, "--from", "-", stdin=saved, columns=80, NO_COLOR="1")
        assert (code, "error" in stderr) == (0, False)
        self.shown(2000, stdout)
        assert len(stdout.splitlines()) < 300

    @pytest.mark.parametrize("format_", [*LINES, "{{.name}}", "table {{.id}}\t{{.name}}"])
    def test_no_other_format_lets_a_job_draw(self, hfjobs: Hfjobs, hub: Hub, format_: str) -> None:
        """What takes a line for each job does so; in JSON, escapes leave the values as they are."""
        texts = [text for text in TEXTS.values() if len(text) < 1000]
        hub.replies_to("/api/jobs/x", 200, json.dumps([hostile(hub, place, text) for place, text in enumerate(texts)]))
        code, stdout, stderr = hfjobs("ps", "-a", "--namespace", "x", "--format", format_, columns=80)
        assert (code, stderr) == (0, "")
        self.shown(20_000, stdout)
        lines = stdout.splitlines()
        assert all(line.isprintable() or format_ == "tsv" for line in lines)
        if format_ == "jsonl":
            assert [json.loads(line)["labels"]["name"] for line in lines] == texts
        if format_ == "json":
            assert [job["labels"]["name"] for job in json.loads(stdout)] == texts
        else:
            headers = 2 if format_ == "markdown" else int(format_ in ("csv", "tsv") or format_.startswith("table"))
            assert len(lines) == headers + len(texts)


@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "csv", "{{.command}} {{.labels}}"])
def test_a_pipe_gets_it_whole(hfjobs: Hfjobs, hub: Hub, format_: str) -> None:
    """A megabyte in every field is neither cut nor a reason to fail."""
    hub.replies_to("/api/jobs/x", 200, json.dumps([hostile(hub, 1, "x" * 2**20)]))
    code, stdout, stderr = hfjobs("ps", "-a", "--namespace", "x", "--format", format_)
    assert (code, stderr) == (0, "")
    assert "x" * 2**20 in stdout


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("labels", '{"a": %s}', "labels.a should be a string, but is an array"),
        ("command", "[%s]", "command[0] should be a string, but is an array"),
        ("status", '{"stage": %s}', "status.stage should be a string, but is an array"),
        ("timeout", "%s", "timeout should be a number, but is an array"),
        ("unheardOf", "%s", ""),
    ],
)
@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting(hfjobs: Hfjobs, hub: Hub, key: str, value: str, said: str, depth: int) -> None:
    """Its place is named, and the job is listed; beyond what can be read at all it is an error."""
    job = json.dumps({**hub.job(), key: "DEEP"})
    hub.replies(200, "[" + job.replace('"DEEP"', value % ("[" * depth + "]" * depth)) + "]")
    code, stdout, stderr = hfjobs("ps", "-a", "-q", "--namespace", "x")
    if depth > 1000:
        expected = "error: unexpected response from the Hub: invalid JSON, nested too deeply (GET /api/jobs/x: 200)\n"
        assert (code, stdout, stderr) == (1, "", expected)
    else:
        warning = f"warning: job {hub.job()['id']}: unexpected value from the Hub: {said}\n" if said else ""
        assert (code, stdout, stderr) == (0, f"{hub.job()['id']}\n", warning)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", "NaN"),
        ("timeout", "1e999"),
        ("timeout", "-Infinity"),
        ("timeout", "1e308"),
        ("timeout", str(2**53)),
        ("timeout", "9" * 5000),
        ("retry", str(10**4000)),
        ("durations", '{"runningSecs": -1e308}'),
        ("expose", f'{{"ports": [{10**22}]}}'),
        ("retry", '"3"'),
        ("retry", "true"),
        ("durations", '{"runningSecs": 1e400}'),
        ("createdAt", '"0001-01-01T00:00:00+14:00"'),
        ("createdAt", '"9999-12-31T23:59:59-14:00"'),
        ("createdAt", '"2026-02-30T00:00:00Z"'),
        ("createdAt", "1778588167"),
    ],
)
def test_numbers_and_times_that_are_none(hfjobs: Hfjobs, hub: Hub, key: str, value: str) -> None:
    job = json.dumps({**hub.job(), key: "VALUE"}).replace('"VALUE"', value)
    hub.replies(200, f"[{job}]")
    code, stdout, stderr = hfjobs("ps", "-a", "--namespace", "x", "--format", "jsonl")
    assert (code, json.loads(stdout)["id"]) == (0, hub.job()["id"])
    assert stderr.startswith(f"warning: job {hub.job()['id']}: unexpected value from the Hub: {key}")
    assert len(stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", str(2**53 - 1)),
        ("timeout", "-1"),
        ("retry", str(1 - 2**53)),
        ("durations", '{"runningSecs": 9e15}'),
        ("durations", '{"runningSecs": -9e15}'),
        ("createdAt", '"0001-01-01T00:00:00Z"'),
        ("startedAt", '"9999-12-31T23:59:59Z"'),
    ],
)
@pytest.mark.parametrize("format_", ["table", "json", "csv", "{{.timeout}} {{.retry}} {{.runtime}} {{.created}}"])
def test_numbers_and_times_out_of_all_proportion(hfjobs: Hfjobs, hub: Hub, key: str, value: str, format_: str) -> None:
    """They are shown as they are, and the rest of the row with them."""
    job = json.dumps({**hub.job(), key: "VALUE"}).replace('"VALUE"', value)
    hub.replies(200, f"[{job}]", times=2)
    for columns in (None, 80):
        code, stdout, stderr = hfjobs("ps", "-a", "--namespace", "x", "--format", format_, columns=columns)
        assert (code, stderr) == (0, "")
        assert stdout
