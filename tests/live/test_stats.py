"""`stats -f` on a terminal: what jobs use, in place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_stats import number, running
from tests.emulator.emulation import BUSY, Serve
from tests.live.conftest import Open
from tests.metrics import Metrics, gpus
from tests.support import USER, Hub, hang_up, posix_only

pytestmark = posix_only

FOLLOW = ("stats", "-f", "--name", "mine", "--namespace", USER)


def end(hub: Hub, metrics: Metrics, place: int, stage: str) -> None:
    with hub.store.write() as tables:
        job = tables.job(USER, number(place))
        assert job is not None
        tables.save_job({**job, "status": {"stage": stage, "message": None}})
    metrics.end()


def test_jobs_with_and_without_gpus(hub: Hub, on_hub: Open) -> None:
    """Each has its row, in place, and only what changed is painted again; what was there is there when it ends."""
    for place in (1, 2):
        running(hub, place)
    first, second = Metrics(hub, number(1)), Metrics(hub, number(2), gpus=gpus(*[90] * 7, 4))
    terminal = on_hub(*FOLLOW, columns=160)
    lines = terminal.until(lambda shown: "90% 90% 90% 90% 90% 90% 90% 4%" in shown and shown.count("2.0kbps") == 2)
    shown = lines.splitlines()
    header = ["JOB", "ID", "NAME", "CPU", "MEM", "MEM", "USAGE", "NET", "IN", "NET", "OUT", "GPU", "GPU", "MEM"]
    assert shown[0].split() == header
    assert shown[1].startswith(f"  {number(2)}  mine  12%  10%  1.5GB/15.0GB  2.0kbps  0bps")
    assert shown[2].startswith(f"  {number(1)}  mine  12%  10%  1.5GB/15.0GB  2.0kbps  0bps")
    clears = terminal.screen.clears
    second.say(gpus=gpus(*[100] * 8), cpu_usage_pct=77)
    terminal.shows("100% 100% 100%", f"{number(2)}  mine  77%")
    first.say(cpu_usage_pct=3)
    terminal.shows(f"{number(1)}  mine  3%")
    assert terminal.screen.clears == clears
    end(hub, first, 1, "ERROR")
    assert f"  {number(2)}  " in terminal.shows(f"- {number(1)}  mine  3%", "1 of 2 running, 1 finished")
    end(hub, second, 2, "COMPLETED")
    assert terminal.wait() == 0
    assert terminal.is_sane()
    assert terminal.lines[0] == "$ hfjobs"
    assert [line.split()[:2] for line in terminal.lines[1:]] == [
        ["JOB", "ID"],
        ["-", number(2)],
        ["-", number(1)],
    ]


def test_a_narrow_terminal(hub: Hub, on_hub: Open) -> None:
    """Where there is no room for each GPU the least and the most of them are shown."""
    running(hub, 1)
    Metrics(hub, number(1), gpus=gpus(*[90] * 7, 4))
    terminal = on_hub(*FOLLOW, columns=140)
    terminal.shows("90% 90% 90%")
    for columns, lines in ((80, 24), (44, 5), (140, 40)):
        terminal.resize(columns, lines)
        wanted = "8x 4-90%" if columns < 100 else "90% 90% 90%"
        terminal.shows(wanted, number(1), "1 of 1 running")
        assert all(len(line) <= columns for line in terminal.lines)
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.is_sane()


def test_a_break_is_told(hub: Hub, on_hub: Open) -> None:
    """The last figures stay; and it goes on."""
    running(hub, 1)
    metrics = Metrics(hub, number(1))
    terminal = on_hub(*FOLLOW)
    terminal.shows(f"{number(1)}  mine  12%")
    metrics.first_answer(hang_up)
    metrics.hang_up()
    shown = terminal.shows("the connection to ")
    assert f"{number(1)}  mine  12%" in shown
    terminal.shows("1 of 1 running")
    metrics.say(cpu_usage_pct=55)
    terminal.shows(f"{number(1)}  mine  55%")
    terminal.type("q")
    assert terminal.wait() == 0


@pytest.mark.parametrize("key", ["q", "\x03"])
def test_jobs_really_at_work(serve: Serve, open_terminal: Open, tmp_path: Path, key: str) -> None:
    emulator = serve(tmp_path / "emulated", "--empty")
    busy = emulator.python(BUSY, labels={"name": "busy"})
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'end')!r}).exists(): time.sleep(0.05)"
    brief = emulator.python(waits, labels={"name": "brief"})
    for each in (busy, brief):
        emulator.wait(each, "RUNNING")
    terminal = open_terminal("stats", "-f", environ=emulator.environ)
    terminal.until(lambda shown: any(f"  {busy}  busy   {cpu}%" in shown for cpu in range(1, 101)), "a busy processor")
    (tmp_path / "end").touch()
    terminal.shows(f"- {brief}", "1 of 2 running, 1 finished")
    terminal.type(key)
    assert terminal.wait() == (0 if key == "q" else 130)
    assert terminal.is_sane()
    assert busy in terminal.text


def test_json_lines_on_a_terminal(hub: Hub, on_hub: Open) -> None:
    running(hub, 1)
    metrics = Metrics(hub, number(1))
    terminal = on_hub(*FOLLOW, "--format", "jsonl", columns=500)
    terminal.shows('"job_id"')
    end(hub, metrics, 1, "COMPLETED")
    assert terminal.wait() == 0
    assert json.loads(terminal.lines[1])["cpu_usage_pct"] == 12
