"""Sweeps: `run --each`. Which jobs are created, each once; the plan; going on; following."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import secrets
import shutil
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, Volume
from hypothesis import given
from hypothesis import strategies as st

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.app import App
from hfjobs_cli.jobspec.sweep import Filler, combinations, each_of
from tests.commands.busy_hub import BusyHub, check, line, started
from tests.emulator.emulation import until
from tests.support import NOW, USER, Hfjobs, Hub, Result, Terminal, act_and_hang_up, hang_up, pass_on, posix_only

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JOBS = f"/api/jobs/{USER}"
PRINT = ("python:3.12", "python", "-c", 'print({"json": 1}, "{lr}", {seed})')
GRID = ("run", "--each", "lr=1e-4,3e-4", "--each", "seed=0..1", "--sweep", "grid", "--yes")


def posts(hub: Hub) -> int:
    return hub.paths.count(f"POST {JOBS}")


def of(hub: Hub, name: str = "grid") -> list[dict[str, Any]]:
    """Return the jobs of a sweep, the oldest first."""
    return [job for job in reversed(hub.all_jobs()) if job.get("labels", {}).get("sweep") == name]


def end(hub: Hub, job: dict[str, Any], stage: str, message: str | None = None) -> None:
    lifecycle.start(job, NOW)
    lifecycle.end(job, stage, message, NOW)
    with hub.store.write() as tables:
        tables.save_job(job)


def run_jobs(hub: Hub, most: list[int] | None = None) -> None:
    """Have each listing of a sweep end the first job of it that is active; that of seed 1 fails."""

    def look(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            active = [job for job in of(hub) if job["status"]["stage"] == "SCHEDULING"]
            if most is not None:
                most.append(len(active))
            for job in active[:1]:
                end(hub, job, "ERROR" if job["labels"].get("seed") == "1" else "COMPLETED")
        return app(environ, start)

    hub.always(JOBS, look)


def test_a_grid_is_created_once_and_the_same_line_goes_on(hfjobs: Hfjobs, hub: Hub) -> None:
    code, stdout, stderr = hfjobs(*GRID, "-d", *PRINT)
    assert code == 0, stderr
    assert stderr.splitlines() == [
        "LR    SEED  JOB",
        "1e-4  0     new",
        "1e-4  1     new",
        "3e-4  0     new",
        "3e-4  1     new",
        "sweep grid: 4 jobs to create; at most $0.0200, 30m on cpu-basic each",
    ]
    jobs = {job["labels"]["name"]: job for job in of(hub)}
    names = [f"grid-lr-{lr}-seed-{seed}" for lr in ("1e-4", "3e-4") for seed in (0, 1)]
    assert sorted(jobs) == names
    first = jobs[names[0]]
    assert first["command"] == ["python", "-c", 'print({"json": 1}, "1e-4", 0)']
    assert first["labels"] == {
        "lr": "1e-4",
        "seed": "0",
        "sweep": "grid",
        "sweep-item": first["labels"]["sweep-item"],
        "name": names[0],
    }
    assert [line.split()[0] for line in stdout.splitlines()] == [jobs[name]["id"] for name in names]

    code, stdout, stderr = hfjobs(*GRID, "-d", "--format", "json", *PRINT)
    assert (code, posts(hub)) == (0, 4)
    assert [job["name"] for job in json.loads(stdout)] == names
    assert stderr.splitlines()[-1] == "sweep grid: 0 jobs to create, 4 already exist"

    end(hub, jobs[names[1]], "ERROR")
    end(hub, jobs[names[2]], "CANCELED")
    code, stdout, stderr = hfjobs(*GRID, "-d", "-q", "--retry-failed", "--each", "x=a", *PRINT, "{x}")
    assert (code, len(stdout.splitlines()), posts(hub)) == (0, 4, 8)  # these are other jobs
    code, stdout, stderr = hfjobs(*GRID, "-d", "-q", "--retry-failed", *PRINT)
    assert (code, stderr, len(stdout.splitlines()), posts(hub)) == (0, "", 4, 9)
    assert [job["labels"]["name"] for job in of(hub)].count(names[1]) == 2


def test_all_are_followed_to_their_end(hfjobs: Hfjobs, hub: Hub) -> None:
    """In a pipe each event is a line on stderr. With --parallel no more than so many are ever active."""
    most: list[int] = []
    run_jobs(hub, most)
    code, stdout, stderr = hfjobs(*GRID, "--parallel", "2", *PRINT)
    assert code == 10
    assert [line.split()[1] for line in stdout.splitlines()[1:]] == sorted(job["labels"]["name"] for job in of(hub))
    assert (max(most), posts(hub)) == (2, 4)
    events = [line.split()[1:] for line in stderr.splitlines()[6:]]
    assert ["grid-lr-3e-4-seed-0", "created"] in events
    assert ["grid-lr-3e-4-seed-1", "ERROR"] in events
    assert stderr.splitlines()[-1] == "sweep grid: 2 completed, 2 error; --retry-failed runs failed jobs again"
    assert len(hub.requests) < 25

    code, stdout, stderr = hfjobs(*GRID, "--retry-failed", "-q", *PRINT)
    assert (code, len(stdout.splitlines()), stderr, posts(hub)) == (10, 4, "", 6)


def test_the_final_table_has_the_values_and_how_each_job_ended(hfjobs: Hfjobs, hub: Hub) -> None:
    """Values that cannot be labels too; where there is little room, names leave before values."""
    words = (
        "--each",
        "model=org/a,org/b",
        "--each",
        "seed=1,10",
        "--sweep",
        "ends",
        "--yes",
        "ubuntu",
        "{model}{seed}",
    )
    assert hfjobs("run", "-d", *words).code == 0
    for job in of(hub, "ends"):
        failed = job["labels"]["seed"] == "1"
        message = "Job failed with exit code: 3. Reason: Error." if failed else None
        end(hub, job, "ERROR" if failed else "COMPLETED", message)
    names = {job["id"]: job["labels"]["name"] for job in of(hub, "ends")}

    code, stdout, _ = hfjobs("run", "--format", "csv", *words)
    header, *rows = stdout.splitlines()
    assert (code, header) == (10, "id,name,label.model,label.seed,status,exit_code,reason,runtime")
    assert [row.split(",", 2)[2] for row in rows] == [
        "org/a,1,ERROR,3,exit-code,0",
        "org/a,10,COMPLETED,,,0",
        "org/b,1,ERROR,3,exit-code,0",
        "org/b,10,COMPLETED,,,0",
    ]
    assert [names[row.split(",")[0]] for row in rows] == [row.split(",")[1] for row in rows]

    _, stdout, _ = hfjobs("run", "--width", "80", *words)
    assert [line.split()[1:] for line in stdout.splitlines()] == [
        ["ID", "MODEL", "SEED", "STATUS", "EXIT", "REASON", "RUNTIME"],
        ["org/a", "1", "ERROR", "3", "exit-code", "0s"],
        ["org/a", "10", "COMPLETED", "-", "-", "0s"],
        ["org/b", "1", "ERROR", "3", "exit-code", "0s"],
        ["org/b", "10", "COMPLETED", "-", "-", "0s"],
    ]
    _, stdout, _ = hfjobs("run", "--columns", "+cost,-reason,-name", *words)
    assert stdout.split()[:9] == ["JOB", "ID", "MODEL", "SEED", "STATUS", "EXIT", "RUNTIME", "COST", stdout.split()[8]]
    _, stdout, _ = hfjobs("ps", "-a", "-l", "sweep=ends", "--columns", "name,status", "--width", "30")
    assert all(
        line.partition(" ")[0].endswith(tuple(name[-6:] for name in names.values()))
        for line in stdout.split("\n")[1:-1]
    )


def test_local_files_are_taken_to_a_bucket_for_each_job(
    hfjobs: Hfjobs, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory once for all; a script into a directory of each job, as jobs may write there."""
    synced: list[tuple[str, str]] = []
    held: dict[str, bytes] = {}

    def sync_job_volume(_api: HfApi, source: str, mount_path: str, *, read_only: bool, namespace: str) -> Volume:
        synced.append((source, namespace))
        path = Path(source).name
        return Volume(type="bucket", source="x/jobs-artifacts", mount_path=mount_path, path=path, read_only=read_only)

    def create_bucket(_api: HfApi, **how: Any) -> None:
        assert how == {"bucket_id": f"{USER}/jobs-artifacts", "exist_ok": True, "private": True}

    def batch_bucket_files(_api: HfApi, *, bucket_id: str, add: list[tuple[bytes, str]]) -> None:
        assert bucket_id == f"{USER}/jobs-artifacts"
        held.update((path, content) for content, path in add)

    for function in (sync_job_volume, create_bucket, batch_bucket_files):
        monkeypatch.setattr(HfApi, function.__name__, function)
    monkeypatch.chdir(tmp_path)
    drawn, token_hex = itertools.cycle(["aaaaaa", "aaaaaa", "bbbbbb", "cccccc"]), secrets.token_hex
    monkeypatch.setattr("secrets.token_hex", lambda size=None: next(drawn) if size == 3 else token_hex(size))
    for name in ("train.py", "1.yaml", "2.yaml"):
        Path(name).write_text(f"# {name}\n")
    for name in ("common", "only-1", "only-2"):
        Path(name).mkdir()
    words = ("-v", "./common:/common", "-v", "./only-{x}:/only", "train.py", "{x}.yaml")
    line = (
        "uv",
        "run",
        "-d",
        "--bucket",
        "--each",
        "x=1,2",
        "--each",
        "y=a",
        "--sweep",
        "files",
        "--yes",
        *words,
        "{y}",
    )
    code, _, stderr = hfjobs(*line)
    assert (code, stderr.count("uploading local files")) == (0, 1), stderr
    assert synced == [(f"./{name}", USER) for name in ("common", "only-1", "only-2")]
    places = []
    for job in of(hub, "files"):
        x = job["labels"]["x"]
        assert job["command"] == ["uv", "run", "/data/train.py", f"/data/{x}.yaml", "a"]
        paths = {volume["mountPath"]: volume["path"] for volume in job["volumes"]}
        assert (paths["/common"], paths["/only"]) == ("common", f"only-{x}")
        places += [f"{paths['/data']}/train.py", f"{paths['/data']}/{x}.yaml"]
    assert sorted(held) == sorted(set(places))
    assert len(places) == 4

    before = posts(hub)
    code, _, stderr = hfjobs(*line)
    assert (code, "note: edited files in ./common, ./only-1, ./only-2 make no new jobs; " in stderr) == (0, True)
    assert (posts(hub), len(synced), len(held)) == (before, 3, 4)  # they exist: nothing is uploaded
    Path("2.yaml").write_text("# edited\n")
    assert hfjobs(*line).code == 0
    assert (posts(hub), len(held)) == (before + 1, 6)


WRONG: list[tuple[tuple[str, ...], str, str]] = [
    (("--each", "lr=1,2"), "key 'lr' is not used", "{lr}"),
    (("--each", "lr=1,2", "-s", "HF_TOKEN={lr}"), "key 'lr' is used only in a secret", "use a variable"),
    (("--each", "lr=1", "--each", "lr=2"), "key 'lr' given twice", "KEY=A,B,C"),
    (("--each", "x=1", "-e", "AB={x} {xx}"), "unknown key 'xx'", "did you mean 'x'?"),
    (("--each", "x=1", "-e", "AB={x} {epochs}"), "unknown key 'epochs'", "--each 'epochs={epochs}' to keep it"),
    (("--each", "x"), "invalid --each 'x'", "KEY=A,B,C"),
    (("--each", "x y=1"), "invalid --each 'x y=1'", "KEY=A,B,C"),
    (("--each", "x="), "--each x has an empty value", 'write "" for an empty value'),
    (("--each", "x=a,,b"), "--each x has an empty value", 'write "" for an empty value'),
    (("--each", 'x="a,b'), "a double quote is not closed", "double the quotes"),
    (("--each", "x=4..0"), "--each x has the empty range '4..0'", "use 0..4"),
    (("--each", "x=0.1..0.5"), "--each x has the invalid range '0.1..0.5'", "use whole numbers"),
    (("--each", "x=1.."), "--each x has the invalid range '1..'", "quote it"),
    (("--each", "x=0..999999999999"), "a sweep has at most 1000 jobs", "split it"),
    (("--each", "x=1..1001"), "a sweep has at most 1000 jobs", "split it"),
    (("--each", "x=1..26", "--each", "y=1..39"), "the sweep has 1014 jobs, more than 1000", "split it"),
    (("--each", "x=1", "--sweep", "a b"), "invalid sweep name 'a b'", "letters, digits"),
    (("--each", "x=1", "-l", "sweep=y"), "-l sweep=y cannot be used", "--sweep NAME"),
    (("--each", "x=1", "-d", "--parallel", "2"), "--detach cannot be used with --parallel", "remove -d"),
    (("--sweep", "x"), "--sweep requires --each", "add --each"),
    (("--parallel", "2"), "--parallel requires --each", "add --each"),
    (("--retry-failed",), "--retry-failed requires --each", "add --each"),
    (("--each", "x=a b", "--name", "n-{x}"), "invalid job name 'n-a b'", "'n-a-b'"),
    (("--each-from", "nowhere.csv"), "cannot read --each-from nowhere.csv: no such file", ""),
]


def test_what_is_wrong_is_an_error_before_anything_is_asked(hfjobs: Hfjobs, hub: Hub) -> None:
    for options, message, hint in WRONG:
        code, stdout, stderr = hfjobs("run", *options, "--yes", "ubuntu", "true")
        assert (code, stdout) == (2, ""), options
        assert message in stderr
        assert hint in stderr.splitlines()[-1]
    assert hub.requests == []


def test_several_jobs_are_asked_for(hfjobs: Hfjobs, hub: Hub) -> None:
    words = ("run", "-d", "--each", "x=a,b", "--sweep", "asked", "ubuntu", "echo", "{x}")
    assert hfjobs(*words) == Result(
        2,
        "",
        "X  JOB\na  new\nb  new\nsweep asked: 2 jobs to create; at most $0.0100, 30m on cpu-basic each\n"
        "error: refusing to create 2 jobs without confirmation: stdin is not a terminal\n"
        "hint: pass --yes, or --dry-run to see the plan\n",
    )
    for answer, code, count in (("n\n", 1, 0), ("y\n", 0, 2)):
        given, _, stderr = hfjobs(*words, keyboard=Terminal(answer), stderr=Terminal())
        assert "Create 2 jobs? [y/N]" in stderr
        assert (given, posts(hub)) == (code, count)
    assert hfjobs("run", "-d", "--each", "x=c", "--sweep", "asked", "ubuntu", "echo", "{x}").code == 0  # one is not


def test_a_dry_run_creates_nothing(hfjobs: Hfjobs, hub: Hub) -> None:
    code, stdout, stderr = hfjobs(*GRID, "--dry-run", *PRINT)
    assert (code, stderr) == (0, "nothing was created (--dry-run)\n")
    assert stdout.splitlines()[-1] == "sweep grid: 4 jobs to create; at most $0.0200, 30m on cpu-basic each"
    code, stdout, _ = hfjobs(*GRID, "--dry-run", "--json", *PRINT)
    assert (code, [body["labels"]["seed"] for body in json.loads(stdout)]) == (0, ["0", "1", "0", "1"])
    many = ("run", "--each", "x=1..1000", "--dry-run", "ubuntu", "echo", "{x}")
    code, stdout, _ = hfjobs(*many)
    lines = stdout.splitlines()
    assert (code, len(lines), lines[-2]) == (0, 23, "... and 980 more")
    assert lines[-1].startswith("sweep ubuntu-")
    assert posts(hub) == 0


def test_the_cost_of_the_whole_is_bounded(hfjobs: Hfjobs, hub: Hub) -> None:
    """The timeouts of all are set from the price: $0.04 for four jobs is one hour each of $0.01."""
    cheap = (*GRID, "-d", "--max-cost", "0.04")
    code, _, stderr = hfjobs(*cheap, *PRINT)
    assert (code, stderr.splitlines()[-1]) == (
        0,
        "sweep grid: 4 jobs to create; at most $0.0394, 59m on cpu-basic each",
    )
    assert {job["timeout"] for job in of(hub)} == {59 * 60}
    assert hfjobs(*cheap, *PRINT).code == 0  # they are the same jobs, whatever their timeout
    assert posts(hub) == 4
    end(hub, of(hub)[0], "ERROR")
    code, _, stderr = hfjobs(*GRID, "-d", "--retry-failed", "--max-cost", "0.0001", *PRINT)
    assert (code, posts(hub)) == (2, 4)
    assert "for the job: " in stderr


def test_a_lost_answer_is_settled_by_the_fingerprint(hfjobs: Hfjobs, hub: Hub) -> None:
    """What was created is found, and what was refused is asked for again."""
    words = ("run", "-d", "--each", "x=a", "--sweep", "grid", "ubuntu", "echo", "{x}")
    hub.then(*[pass_on] * 4, act_and_hang_up)
    code, _, stderr = hfjobs(*words)
    assert (code, posts(hub), len(of(hub))) == (0, 1, 1)
    assert "found the new job" in stderr

    many = ("run", "-d", "--each", "x=1..20", "--sweep", "many", "--yes", "ubuntu", "echo", "{x}")
    asked: list[int] = []

    def unsteady(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            asked.append(1)
            if len(asked) % 5 == 2:
                return act_and_hang_up(app, environ, start)
            if len(asked) % 5 == 4:
                start("429 Too Many Requests", [("Retry-After", "1"), ("Content-Type", "application/json")])
                return [b"{}"]
        return app(environ, start)

    hub.always(JOBS, unsteady)
    code, _, stderr = hfjobs(*many)
    assert (code, len(of(hub, "many"))) == (0, 20), stderr
    assert len({job["labels"]["sweep-item"] for job in of(hub, "many")}) == 20


def test_a_clock_that_is_set_back_settles_nothing(hfjobs: Hfjobs, hub: Hub) -> None:
    words = ("run", "-d", "--each", "x=a", "--sweep", "grid", "ubuntu", "echo", "{x}")

    def end_with_the_first(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return hang_up(app, environ, start) if posts(hub) else app(environ, start)

    hub.always(JOBS, end_with_the_first)
    assert hfjobs(*words).code == 5
    hub.always(JOBS, pass_on)
    later = dataclasses.replace(hfjobs, now=NOW - timedelta(seconds=10))
    code, _, stderr = later(*words)
    assert (code, len(of(hub))) == (0, 1)
    assert "note: waiting up to 30s for 1 jobs that may or may not have been created\n" in stderr


def test_of_two_jobs_of_one_item_the_older_goes_on(hfjobs: Hfjobs, hub: Hub) -> None:
    """As when another machine runs the same line, which no lock keeps from it."""

    creating = threading.Lock()

    def rival(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with creating:
            answer = app(environ, start)
            if environ["REQUEST_METHOD"] == "POST":
                made = {job["labels"]["x"] for job in of(hub) if job["id"].startswith("6a00")}
                (new,) = [job for job in of(hub) if job["labels"]["x"] not in made]
                hub.add(**{**new, "id": f"6a00{new['id'][4:]}", "createdAt": "2026-05-12T08:59:59.500Z"})
            return answer

    hub.always(JOBS, rival)
    code, stdout, stderr = hfjobs("run", "-d", "--each", "x=1..8", "--sweep", "grid", "--yes", "u", "echo", "{x}")
    assert code == 0, stderr
    canceled = [job for job in hub.all_jobs() if "sweep-duplicate" in job.get("labels", {})]
    assert (len(of(hub)), len(canceled), stderr.count("warning: canceling job")) == (8, 8, 8)
    assert {job["status"]["stage"] for job in canceled} == {"CANCELED"}
    assert {job["labels"]["sweep-duplicate"] for job in canceled} == {job["id"] for job in of(hub)}
    assert {job["id"][:4] for job in of(hub)} == {"6a00"}
    assert all(line.startswith("6a00") for line in stdout.splitlines())
    assert all({*job["labels"]} == {"x", "sweep-duplicate"} for job in canceled)
    assert hfjobs("ps", "-a", "-q", "--name", "grid-x-3").stdout.count("\n") == 1


ROWS = {
    "rows.csv": '\ufeffmodel,prompt\r\n"a/b","say ""hi"", {x}"\r\nc,"two\nlines"\r\nc,"two\nlines"\r\n',
    "rows.json": '[{"model": "a/b", "prompt": "say \\"hi\\", {x}"}, {"model": "c", "prompt": "two\\nlines"}]',
    "rows.jsonl": '{"model": "a/b", "prompt": "say \\"hi\\", {x}"}\n\n{"model": "c", "prompt": "two\\nlines"}\n',
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_come_from_a_file(hfjobs: Hfjobs, hub: Hub, tmp_path: Path, name: str) -> None:
    """Values may hold anything; those that no label can hold are named."""
    file = tmp_path / name
    file.write_text(ROWS[name], encoding="utf-8", newline="")
    words = (
        "run",
        "-d",
        "--yes",
        "--each-from",
        str(file),
        "--sweep",
        "grid",
        "-e",
        "MODEL={model}",
        "u",
        "e",
        "{prompt}",
    )
    code, _, stderr = hfjobs(*words)
    assert code == 0, stderr
    assert [job["command"][1] for job in sorted(of(hub), key=lambda job: job["environment"]["MODEL"])] == [
        'say "hi", {x}',
        "two\nlines",
    ]
    assert [line for line in stderr.splitlines() if line.startswith("note: key")] == [
        "note: key 'model' does not become a label in 1 of 2 jobs: 'a/b' is not a valid label value",
        "note: key 'prompt' does not become a label: 'say \"hi\", {x}' is not a valid label value",
    ]
    assert ["model" in job["labels"] for job in of(hub)].count(True) == 1


def test_a_label_does_not_hide_the_values_of_a_key(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
    """Neither one that is given, nor one of a job that was read."""
    line = ("run", "-d", "--yes", "--each", "x=1,2", "--sweep", "grid")
    assert hfjobs(*line, "-l", "x=5", "ubuntu", "echo", "{x}") == Result(
        2,
        "",
        "error: -l x=5 cannot be used: the values of key 'x' become this label\nhint: rename the label or the key\n",
    )
    assert posts(hub) == 0
    spec = tmp_path / "job.json"
    spec.write_text(hfjobs("run", "--dry-run", "--json", "-l", "x=5", "ubuntu", "echo", "{x}").stdout)
    assert hfjobs(*line, "--spec", str(spec)).code == 0
    assert hfjobs(*line, "-l", "x={x}", "debian", "echo", "{x}").code == 0
    assert sorted(job["labels"]["x"] for job in of(hub)) == ["1", "1", "2", "2"]


ODD_ROWS = [
    ("x.csv", "a,a\n1,2\n", "duplicate column 'a'"),
    ("x.csv", "a,b\n1\n", "line 2 has 1 cells, but the header has 2"),
    ("x.csv", "", "no header"),
    ("x.csv", "a b\n1\n", "invalid key 'a b' in --each-from"),
    ("x.csv", "a;b\n1;2\n", "--each-from: columns are separated by ';', not by commas"),
    ("x.jsonl", '{"a": null}', "x.jsonl: line 1: a is null"),
    ("x.csv", "a\n", "--each-from has no rows"),
    ("x.csv", 'a\n"1', "unexpected end of data"),
    ("x.json", '{"a": 1}', "not an array"),
    ("x.json", '[{"a": null}]', "row 1: a is null"),
    ("x.json", '[{"a": 1}, {"b": 1}]', "row 2 has no 'a'"),
    ("x.json", '[{"a": 1, "a": 2}]', "duplicate key 'a'"),
    ("x.json", "[" * 99999, "cannot read --each-from"),
    ("x.jsonl", "{}\n{", "line 2: Expecting property name"),
    ("x.jsonl", "[1]\n", "line 1 is not an object"),
]


def test_files_that_hold_no_rows_are_told_of(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
    for name, text, message in ODD_ROWS:
        (tmp_path / name).write_text(text, encoding="utf-8")
        code, stdout, stderr = hfjobs("run", "--each-from", str(tmp_path / name), "ubuntu", "echo", "{a}")
        assert (code, stdout) == (2, ""), text[:20]
        assert message in stderr
    assert hub.requests == []


def test_values_of_json_are_as_they_are_spelled(hfjobs: Hfjobs, hub: Hub) -> None:
    rows = '[{"lr": 1e-4, "on": true, "cfg": {"n": [1, 2.50]}, "e": ""}]'
    words = (
        "run",
        "-d",
        "--each-from",
        "-",
        "--sweep",
        "grid",
        "u",
        "echo",
        "{lr} {on} {cfg} [{e}]",
        "${lr}",
        "{{lr}}",
    )
    assert hfjobs(*words, stdin=rows).code == 0
    assert of(hub)[0]["command"] == ["echo", '1e-4 true {"n": [1, 2.5]} []', "${lr}", "{{lr}}"]


def test_values_of_secrets_are_nobodys(hfjobs: Hfjobs, hub: Hub) -> None:
    """What is the value of a secret cannot be a value of the sweep, which labels and names tell."""
    words = ("run", "-d", "--each", "x=b-s3cret-value", "-s", "KEY", "--sweep", "grid", "ubuntu", "echo", "{x}")
    code, stdout, stderr = hfjobs(*words, KEY="s3cret-value")
    assert (code, stdout, hub.requests) == (2, "", [])
    assert stderr.startswith("error: key 'x' has the value of a secret")
    assert hfjobs(*words, KEY="{x} is kept").code == 0
    with hub.store.read() as tables:
        assert tables.secrets_of_job(of(hub)[0]["id"]) == {"KEY": "{x} is kept"}


def test_scripts_with_uv(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('{lr}')\n")
    script = str(tmp_path / "train.py")
    words = ("uv", "run", "-d", "--yes", "--sweep", "grid", script, "--each", "lr=1,2", "--lr", "{lr}", "--yes")
    code, _, stderr = hfjobs(*words)
    assert code == 0, stderr
    assert sorted(job["command"][-3:] for job in of(hub)) == [["--lr", value, "--yes"] for value in ("1", "2")]
    assert f"note: --yes passed to {script}" in stderr
    assert len({job["environment"]["PACKED_FILES"] for job in of(hub)}) == 1
    (tmp_path / "copy").mkdir()
    copy = shutil.copy(script, tmp_path / "copy")
    assert hfjobs(*words[:6], str(copy), *words[7:]).code == 0
    assert posts(hub) == 2  # what a script holds counts, not where it is
    Path(script).write_text("print('other')\n")
    assert hfjobs(*words).code == 0
    assert posts(hub) == 4


def test_on_a_terminal_that_asks(hfjobs: Hfjobs, hub: Hub) -> None:
    """Nothing is asked with --yes, and nothing is painted where a table is not wanted."""
    run_jobs(hub)
    stderr = io.StringIO()
    code, stdout, _ = hfjobs(*GRID, "--json", *PRINT, columns=100, stderr=stderr)
    assert (code, [job["status"]["stage"] for job in json.loads(stdout)].count("ERROR")) == (10, 2)


@posix_only
def test_two_at_once_are_killed_and_started_again(tmp_path: Path) -> None:
    """With late and lost answers each item has one job at the end, and no request created another."""
    hub = BusyHub(
        tmp_path, seed=4, run_secs=0.6, latency_secs=0.3, faults=0.2, kinds=("429", "lost", "503 though done")
    )
    argv = line(10, 4)
    try:
        for count in (4, 6):  # what was asked for has arrived by then, else half a minute would pass
            victims = [started(hub, argv) for _ in range(2)]
            until(lambda count=count: hub.created >= count, "jobs")  # type: ignore[misc]
            for victim in victims:
                victim.kill()
                victim.communicate()
        codes: list[int] = []
        while codes != [10, 10]:  # it may end with 5, and says so
            both = [started(hub, argv) for _ in range(2)]
            codes = [each.returncode for each in both if each.communicate()]
            assert set(codes) <= {5, 10}
        check(hub, 10, 4)
    finally:
        hub.close()


def quoted(value: str) -> str:
    escaped = value.replace('"', '""')
    return f'"{escaped}"'


ODD = st.sampled_from(["{x}", "{y}", "${x}", "{{x}}", "a,b", 'say "x"', "1..3", "\n"])


@given(
    st.dictionaries(
        st.sampled_from(["x", "y", "long_key.z"]),
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r")) | ODD, min_size=1, max_size=4, unique=True
        ),
        min_size=1,
    )
)
def test_all_combinations_are_made_once_and_filled_once(drawn: dict[str, list[str]]) -> None:
    """Whatever the values: what is filled in is what was given, and is not looked at again."""
    spelled = {
        key: ",".join('"{}"'.format(each.replace('"', '""')) for each in values) for key, values in drawn.items()
    }
    each = [each_of(f"{key}={text}") for key, text in spelled.items()]
    assert dict(each) == drawn
    combined = combinations(each)
    assert each_of("n=-1..1,007..010")[1] == ["-1", "0", "1", "007", "008", "009", "010"]
    assert [tuple(values.values()) for values in combined] == [*itertools.product(*drawn.values())]
    text = '{"k": {KEY}}${KEY}{{KEY}}{} {a b}'
    for values in combined:
        fill = Filler(values)
        for key, value in values.items():
            assert fill(text.replace("KEY", key)) == text.replace("KEY", key).replace(f" {{{key}}}", f" {value}")
        assert fill.used == set(values)
