"""A sweep on a terminal: it asks, and shows the table of its jobs in place."""

from __future__ import annotations

import pytest

from tests.commands.test_sweeps import end, of, posts
from tests.live.conftest import Open
from tests.support import Hub, posix_only

pytestmark = posix_only

SWEEP = ("run", "--each", "x=a,b,c", "--sweep", "grid", "--parallel", "2", "ubuntu", "echo", "{x}")


def test_the_table_is_kept_up_to_date_until_all_have_ended(hub: Hub, on_hub: Open) -> None:
    terminal = on_hub(*SWEEP)
    terminal.shows("sweep grid: 3 jobs to create", "Create 3 jobs? [y/N]")
    terminal.type("y\n")
    terminal.shows("grid-x-a", "grid-x-b", "2 scheduling, 1 not created yet")
    assert posts(hub) == 2
    end(hub, of(hub)[0], "COMPLETED")
    terminal.shows("grid-x-c", "1 completed, 2 scheduling; q or Ctrl-C quits")  # in 80 columns: not when it asks next
    for job in of(hub):
        if job["status"]["stage"] == "SCHEDULING":
            end(hub, job, "ERROR")
    assert terminal.wait() == 10
    assert terminal.is_sane()
    assert terminal.lines[-1] == "sweep grid: 1 completed, 2 error; --retry-failed runs failed jobs again"


def test_ctrl_c_stops_starting_and_says_how_to_go_on(hub: Hub, on_hub: Open) -> None:
    terminal = on_hub("run", "--yes", *SWEEP[1:])
    terminal.shows("2 scheduling, 1 not created yet")
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.is_sane()
    assert "error: interrupted; sweep grid: 2 scheduling, 1 not created yet" in terminal.text
    assert "hint: run the same command again to continue; 'hfjobs cancel -l sweep=grid' cancels its jobs" in "".join(
        terminal.lines
    )
    assert [job["status"]["stage"] for job in of(hub)] == ["SCHEDULING"] * 2


@pytest.mark.parametrize(
    ("key", "code", "last"), [("\x04", 1, "error: nothing was created"), ("\x03", 130, "interrupted")]
)
def test_a_question_that_is_not_answered_keeps_its_line(hub: Hub, on_hub: Open, key: str, code: int, last: str) -> None:
    terminal = on_hub(*SWEEP)
    terminal.shows("Create 3 jobs? [y/N]")
    terminal.type(key)
    assert terminal.wait() == code
    assert (terminal.lines[-1], posts(hub)) == (last, 0)
