"""`ps --watch` on a terminal: the table in place, with changed rows marked."""

from __future__ import annotations

import signal

import pytest

from tests.live.conftest import Open
from tests.support import USER, Hub, hang_up, posix_only

pytestmark = posix_only

WATCH = ("ps", "--namespace", USER, "--name", "watched", "--watch", "0.5")


def add(hub: Hub, place: int, stage: str = "RUNNING") -> str:
    return hub.add(
        id=f"6a02000000000000000000{place:02x}",
        createdAt=f"2026-05-12T08:{place:02}:00.000Z",
        labels={"name": "watched"},
        status={"stage": stage, "message": None},
    )


def change(hub: Hub, identifier: str, stage: str) -> None:
    with hub.store.write() as tables:
        job = tables.job(USER, identifier)
        assert job is not None
        tables.save_job({**job, "status": {"stage": stage, "message": None}})


def test_rows_are_kept_up_to_date_and_marked(hub: Hub, on_hub: Open) -> None:
    """Nothing but what changed is painted again."""
    first, second, _ = add(hub, 1), add(hub, 2, "SCHEDULING"), add(hub, 0, "SCHEDULING")
    terminal = on_hub(*WATCH)
    shown = terminal.shows(first, second, "3 jobs, updated 0s ago").splitlines()
    assert shown[0].split() == ["JOB", "ID", "NAME", "COMMAND", "CREATED", "STATUS", "RUNTIME"]
    assert shown[1].startswith(f"  {second}  watched ")
    assert " SCHEDULING " in shown[1]
    clears, painted = terminal.screen.clears, len(terminal.received)
    change(hub, second, "RUNNING")
    shown = terminal.shows(f"* {second}").splitlines()
    assert " RUNNING " in shown[1]
    assert shown[2].startswith(f"  {first}")
    third = add(hub, 3)
    terminal.shows(f"+ {third}")
    change(hub, first, "COMPLETED")
    terminal.shows(f"- {first}")
    assert terminal.screen.clears == clears
    assert first.encode() not in bytes(terminal.received[painted:]).partition(b"+ " + third.encode())[0]
    terminal.type("q")
    assert terminal.wait() == 0
    assert terminal.is_sane()


def test_the_table_stays_when_it_ends(hub: Hub, on_hub: Open) -> None:
    """What was on the terminal before is still there, and what stood below the table is not."""
    job = add(hub, 1)
    terminal = on_hub(*WATCH, "--until-done", "-a")
    terminal.shows(job, "until all have finished")
    assert "$ hfjobs" not in terminal.text
    change(hub, job, "ERROR")
    assert terminal.wait() == 10
    assert terminal.is_sane()
    first, header, row, *told = terminal.lines
    assert f"({job}) failed" in told[0]
    assert first == "$ hfjobs"
    assert header.split()[:2] == ["JOB", "ID"]
    assert row.startswith(f"* {job} ")
    assert " ERROR " in row


@pytest.mark.parametrize("size", [(120, 40), (40, 10), (200, 6)])
def test_a_terminal_may_be_resized(hub: Hub, on_hub: Open, size: tuple[int, int]) -> None:
    jobs = [add(hub, place) for place in range(1, 9)]
    terminal = on_hub(*WATCH)
    terminal.shows(*jobs, "8 jobs")
    columns, lines = size
    terminal.resize(columns, lines)
    enough = lines - 3 >= len(jobs)
    terminal.until(lambda shown: ("and 6 more" in shown) if not enough and lines == 6 else jobs[-1] in shown)
    terminal.until(lambda shown: shown.splitlines()[-1].startswith("8 jobs") or "..." in shown)
    assert all(len(line) <= columns for line in terminal.lines)
    assert terminal.lines[0].startswith("  JOB ID")
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.is_sane()


def test_a_break_of_the_network_is_told_and_survived(hub: Hub, on_hub: Open) -> None:
    job = add(hub, 1)
    terminal = on_hub(*WATCH)
    terminal.shows(job, "1 job, updated")
    hub.then(*[hang_up] * 2)
    shown = terminal.shows("the connection to ")
    assert job in shown
    terminal.shows(job, "1 job, updated 0s ago")
    terminal.type("q")
    assert terminal.wait() == 0
    assert "connection" not in terminal.text


def test_what_ends_it_is_told_below_the_table(hub: Hub, on_hub: Open) -> None:
    job = add(hub, 1)
    terminal = on_hub(*WATCH)
    terminal.shows(job, "1 job, updated")
    hub.replies(401, '{"error": "Invalid credentials"}', times=9)
    assert terminal.wait() == 4
    assert terminal.is_sane()
    table, _, message = terminal.text.partition("error: ")
    assert job in table
    assert "401" in message


@pytest.mark.parametrize("number", [None, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_sane_after_a_signal(hub: Hub, on_hub: Open, number: int | None) -> None:
    job = add(hub, 1)
    terminal = on_hub(*WATCH)
    terminal.shows(job)
    assert terminal.screen.is_other_screen
    assert not terminal.is_sane()
    if number is None:
        terminal.type("\x03")
    else:
        terminal.process.send_signal(number)
    assert terminal.wait() == 130
    assert terminal.is_sane()
    assert job in terminal.text
    assert terminal.lines[-1] == "interrupted"


@pytest.mark.parametrize("received", [1, 20, 30, 40, 200, 600])
def test_ctrl_c_at_any_moment(hub: Hub, on_hub: Open, received: int) -> None:
    """Whatever has been painted by then, also while the Hub is being asked."""
    add(hub, 1)
    terminal = on_hub(*WATCH)
    terminal.until(lambda _shown: len(terminal.received) >= received + len("$ hfjobs\r\r\n"))
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.is_sane()


def test_ctrl_z_gives_the_terminal_back_for_a_while(hub: Hub, on_hub: Open) -> None:
    job = add(hub, 1)
    terminal = on_hub(*WATCH, in_shell=True)
    terminal.shows(job)
    terminal.type("\x1a")
    terminal.shows("$ hfjobs", "Stopped")
    assert terminal.is_sane()
    terminal.type("\n")
    terminal.shows(job, "1 job, updated")
    terminal.type("q")
    assert terminal.wait() == 0
    assert terminal.is_sane()


def test_keys_are_not_echoed(hub: Hub, on_hub: Open) -> None:
    """Nor do those that mean nothing do anything."""
    job = add(hub, 1)
    terminal = on_hub(*WATCH)
    terminal.shows(job)
    terminal.type("xyz\r\n\x1b[A\x1b[200~")
    change(hub, job, "SCHEDULING")
    shown = terminal.shows(f"* {job}")
    assert "xyz" not in shown
    terminal.type("q")
    assert terminal.wait() == 0


def test_without_a_job(on_hub: Open) -> None:
    terminal = on_hub(*WATCH)
    terminal.shows("no jobs", "0 jobs, updated")
    terminal.type("q")
    assert terminal.wait() == 0
