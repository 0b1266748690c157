"""State directories that others can change are refused: commands in them are run as their owner."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hfjobs_cli.emulator.private_directory import State
from tests.emulator.emulation import FINISHED, Serve
from tests.support import Hfjobs, Result, fill, run_command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither owners nor modes of POSIX")

as_root = pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root can give files to others")

NOBODY = 65534
DIRECTORIES = ("logs", "work", "buckets", "xet")
KEPT = ("jobs.sqlite3", "supervisor.lock", "supervisor.log", "token", *DIRECTORIES)
COMMANDS = {
    "demo": (("--demo", "ps", "-q"), "cannot store the jobs of the demo in {}: "),
    "reset": (("emulator", "reset"), "cannot delete the jobs in {}: "),
}
SERVER = (("emulator", "--port", "0"), "cannot store the jobs of the emulator in {}: ")
YOURS_ALONE = {
    "emulator": "use another directory with --state-dir that only you can write to",
    "demo": "set XDG_STATE_HOME to a directory that only you can write to",
    "reset": "nothing was removed; remove your files yourself",
}


@pytest.fixture
def state(directories: dict[str, str]) -> Path:
    """A state directory with all that can be in one."""
    directory = Path(directories["XDG_STATE_HOME"]) / "hfjobs" / "emulator"
    fill(State(directory))
    for name in KEPT:
        path = directory / name
        if not path.exists() and name in DIRECTORIES:
            path.mkdir(mode=0o700)
        path.touch(mode=0o600)
    return directory


def content(directory: Path) -> dict[str, bytes | None]:
    """Return all that is below a directory, also through links."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


def check_refused(directories: dict[str, str], state: Path, reason: str, hint: str | None = None) -> None:
    """Check that commands refuse the directory in the same words, and leave it as it is.

    The server asks the same code, and would run forever if it were not refused: see `test_the_server_refuses`.
    """
    before = content(Path(directories["XDG_STATE_HOME"]))
    for name, (argv, refusal) in COMMANDS.items():
        refused = Hfjobs(directories)(*argv)
        expected = f"error: {refusal.format(state)}{reason}\nhint: {hint or YOURS_ALONE[name]}\n"
        assert refused == Result(1, "", expected)
    assert content(Path(directories["XDG_STATE_HOME"])) == before


def moved_behind_link(path: Path, target: Path) -> None:
    """Put a path elsewhere and a symbolic link in its place."""
    path.rename(target)
    path.symlink_to(target)


@as_root
@pytest.mark.parametrize("name", ["", *KEPT])
def test_of_somebody_else(directories: dict[str, str], state: Path, name: str) -> None:
    os.chown(state / name, NOBODY, 0)
    check_refused(directories, state, f"{state / name} belongs to the user nobody")


@as_root
@pytest.mark.parametrize("above", [0, 1, 2])
def test_below_what_is_of_somebody_else(directories: dict[str, str], state: Path, above: int) -> None:
    holder = state.parents[above]
    os.chown(holder, 54321, 0)
    check_refused(directories, state, f"{holder} belongs to the user 54321")


@pytest.mark.parametrize("mode", [0o722, 0o702, 0o777, 0o1777])
@pytest.mark.parametrize("name", ["", *DIRECTORIES])
def test_directory_that_others_can_write_to(directories: dict[str, str], state: Path, name: str, mode: int) -> None:
    (state / name).chmod(mode)
    check_refused(directories, state, f"others can write to {state / name}", f"chmod go-w {state / name}")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
@pytest.mark.parametrize("name", [name for name in KEPT if name not in DIRECTORIES])
def test_file_that_others_can_write_to(directories: dict[str, str], state: Path, name: str, mode: int) -> None:
    (state / name).chmod(mode)
    change = "go-rw" if name in ("token", "jobs.sqlite3") else "go-w"
    check_refused(directories, state, f"others can write to {state / name}", f"chmod {change} {state / name}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
@pytest.mark.parametrize("name", ["token", "jobs.sqlite3"])
def test_file_that_others_can_read(directories: dict[str, str], state: Path, name: str, mode: int) -> None:
    (state / name).chmod(mode)
    check_refused(directories, state, f"others can read {state / name}", f"chmod go-rw {state / name}")


@pytest.mark.parametrize("mode", [0o703, 0o777])
@pytest.mark.parametrize("above", [0, 1])
def test_below_what_others_can_write_to(directories: dict[str, str], state: Path, above: int, mode: int) -> None:
    holder = state.parents[above]
    holder.chmod(mode)
    check_refused(directories, state, f"others can write to {holder}", f"chmod go-w {holder}")


@as_root
@pytest.mark.parametrize("gid", [0, NOBODY])
def test_below_what_a_group_can_write_to(directories: dict[str, str], state: Path, gid: int) -> None:
    """Root's own group is one of administrators."""
    os.chown(state.parent, 0, gid)
    state.parent.chmod(0o770)
    check_refused(directories, state, f"others can write to {state.parent}", f"chmod go-w {state.parent}")


@pytest.mark.parametrize("is_dangling", [False, True])
@pytest.mark.parametrize("name", ["", *KEPT, "jobs.sqlite3-journal"])
def test_symbolic_link(directories: dict[str, str], state: Path, tmp_path: Path, name: str, is_dangling: bool) -> None:
    """Nothing is read, made or removed through it."""
    target = tmp_path / "target"
    (state / name).touch()
    moved_behind_link(state / name, target)
    if is_dangling:
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    before = content(target)
    check_refused(directories, state, f"{state / name} is a symbolic link")
    assert content(target) == before
    assert target.exists() == (not is_dangling)


def test_links_on_the_way_that_nobody_else_can_change(directories: dict[str, str], state: Path, tmp_path: Path) -> None:
    """As of those whose home is on another disk, or /tmp of macOS. Several in a row, absolute and relative."""
    moved_behind_link(state.parent, tmp_path / "disk")
    moved_behind_link(tmp_path / "disk", tmp_path / "other")
    (tmp_path / "disk").unlink()
    (tmp_path / "disk").symlink_to("../" + tmp_path.name + "/other")
    assert Hfjobs(directories)("--demo", "ps", "-q").code == 0
    assert Hfjobs(directories)("emulator", "reset").code == 0
    (tmp_path / "other").chmod(0o777)
    check_refused(directories, state, f"others can write to {tmp_path / 'other'}", f"chmod go-w {tmp_path / 'other'}")


@pytest.mark.parametrize("spoil", ["mode of a directory", "mode of a file", "link"])
def test_the_server_refuses(directories: dict[str, str], state: Path, tmp_path: Path, spoil: str) -> None:
    """As all commands do, in processes as users start them."""
    if spoil == "mode of a directory":
        state.chmod(0o777)
        reason, hint = f"others can write to {state}", f"chmod go-w {state}"
    elif spoil == "mode of a file":
        (state / "token").chmod(0o644)
        reason, hint = f"others can read {state / 'token'}", f"chmod go-rw {state / 'token'}"
    else:
        moved_behind_link(state / "logs", tmp_path / "target")
        reason, hint = f"{state / 'logs'} is a symbolic link", ""
    before = content(Path(directories["XDG_STATE_HOME"]))
    for name, (argv, refusal) in {"emulator": SERVER, **COMMANDS}.items():
        refused = run_command(*argv, environ=directories)
        expected = f"error: {refusal.format(state)}{reason}\nhint: {hint or YOURS_ALONE[name]}\n"
        assert refused == Result(1, "", expected)
    assert content(Path(directories["XDG_STATE_HOME"])) == before


def test_links_in_a_circle(directories: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "state").symlink_to("state")
    refused = run_command("emulator", environ=directories)
    assert (refused.code, refused.stdout) == (1, "")
    assert "Too many levels of symbolic links" in refused.stderr


@as_root
def test_link_of_somebody_else_in_a_directory_of_all(tmp_path: Path) -> None:
    """Its owner can point it elsewhere at any moment, though what it points to is safe."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (tmp_path / "own").mkdir(mode=0o700)
    (shared / "link").symlink_to(tmp_path / "own")
    argv = ("emulator", "reset", "--state-dir", str(shared / "link" / "state"))
    assert Hfjobs({})(*argv).code == 0
    os.chown(shared / "link", NOBODY, NOBODY, follow_symlinks=False)
    expected = (
        f"error: cannot delete the jobs in {shared / 'link' / 'state'}: "
        f"{shared / 'link'} belongs to the user nobody\nhint: {YOURS_ALONE['reset']}\n"
    )
    assert Hfjobs({})(*argv) == Result(1, "", expected)


def test_own_directory_in_one_of_all(directories: dict[str, str], state: Path) -> None:
    """As in /tmp, where users cannot replace files of others."""
    state.parent.chmod(0o1777)
    assert Hfjobs(directories)("--demo", "ps", "-q").code == 0


def test_what_is_not_what_it_should_be(directories: dict[str, str], state: Path) -> None:
    """A pipe would be read forever."""
    (state / "token").unlink()
    os.mkfifo(state / "token", 0o600)
    refused = run_command("emulator", environ=directories)
    expected = f"error: cannot store the jobs of the emulator in {state}: {state / 'token'} is not a file\n"
    assert refused == Result(1, "", f"{expected}hint: {YOURS_ALONE['emulator']}\n")


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o077])
def test_directories_that_are_made_are_for_their_owner(directories: dict[str, str], mask: int) -> None:
    """Whatever the mask; else the next start would refuse them."""
    before = os.umask(mask)
    try:
        for _ in range(2):
            assert Hfjobs(directories)("--demo", "ps", "-q").code == 0
    finally:
        os.umask(before)
    made = Path(directories["XDG_STATE_HOME"])
    assert {path.stat().st_mode & 0o777 for path in (made, made / "hfjobs", made / "hfjobs" / "emulator")} == {0o700}


def spoil_mode(state: Path) -> None:
    state.chmod(0o777)


def spoil_link(state: Path) -> None:
    (state / "logs").symlink_to(state.parent)


@pytest.mark.parametrize("spoil", [spoil_mode, spoil_link])
def test_supervisor_runs_nothing_of_it(serve: Serve, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """Also if it was all right when the server was started."""
    served = serve(tmp_path / "state", "--empty")
    spoil(tmp_path / "state")
    identifier = served.python(f"open({str(tmp_path / 'ran')!r}, 'w')")
    status = served.job(identifier)["status"]
    log = tmp_path / "state" / "supervisor.log"
    assert status["stage"] not in FINISHED
    assert status["message"] == f"Cannot start a process for the job: see {log}"
    assert "Untrusted: " in log.read_text()
    assert not (tmp_path / "ran").exists()
    spoil_nothing_more(tmp_path / "state")


def spoil_nothing_more(state: Path) -> None:
    """Restore it for the end of the test."""
    state.chmod(0o700)
    if (state / "logs").is_symlink():
        (state / "logs").unlink()


def test_rows_of_others_are_not_run(directories: dict[str, str], state: Path) -> None:
    """The attack itself: a job that another user wrote into a directory that they can write to."""
    with sqlite3.connect(state / "jobs.sqlite3") as connection:
        (document,) = connection.execute("SELECT document FROM jobs WHERE stage = 'COMPLETED' LIMIT 1").fetchone()
        connection.execute(
            "INSERT INTO jobs VALUES ('6b00', 'davanstrien', '2026-05-12', 'SCHEDULING', ?, '{}', 1, NULL, NULL)",
            (document.replace("COMPLETED", "SCHEDULING"),),
        )
    connection.close()
    state.chmod(0o772)
    check_refused(directories, state, f"others can write to {state}", f"chmod go-w {state}")
    assert [*(state / "logs").iterdir()] == []
