"""Files that are named on the command line, and cannot be read or are not what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import BY_HAND, Hfjobs, Hub

LINES = {
    "--from": ["ps", "--from", "FILE"],
    "--from of inspect": ["inspect", "--from", "FILE", BY_HAND],
    "--from of diff": ["diff", "--from", "FILE", "@0", "@1"],
    "--spec": ["run", "--spec", "FILE"],
    "--spec of a schedule": ["scheduled", "run", "@daily", "--spec", "FILE"],
    "--env-file": ["run", "--env-file", "FILE", "ubuntu", "env"],
    "--env-file of duplicate": ["duplicate", BY_HAND, "--env-file", "FILE"],
    "--secrets-file": ["scheduled", "run", "--secrets-file", "FILE", "@daily", "ubuntu", "env"],
}
"""Command lines that name a file which must hold something of its own."""

OTHERS = {
    "-v": ["run", "-v", "FILE:/data", "ubuntu", "ls"],
    "script": ["uv", "run", "FILE.py"],
    "argument": ["uv", "run", "tool", "FILE.yaml"],
    "-i": ["ssh", BY_HAND, "-i", "FILE"],
}
"""Those that name a file which may hold anything, or a directory."""

CONTENTS = {"binary": b"\xff\xfe\x00\x01" * 9, "other": b"<html>\n<p class=x>'\n"}


def is_wrong_usage(hfjobs: Hfjobs, hub: Hub, argv: list[str], file: Path) -> bool:
    """Tell whether a command line ends as usage that is wrong does, and has asked the Hub to do nothing."""
    code, stdout, stderr = hfjobs(*[word.replace("FILE", str(file)) for word in argv])
    asked = [path for path in hub.paths if not path.startswith("GET ")]
    return (code, stdout, asked) == (2, "", []) and stderr.startswith("error: ") and str(file) in stderr


@pytest.mark.parametrize("argv", [*LINES.values(), *OTHERS.values()], ids=[*LINES, *OTHERS])
def test_one_that_is_not_there_is_wrong_usage(hfjobs: Hfjobs, hub: Hub, argv: list[str], tmp_path: Path) -> None:
    assert is_wrong_usage(hfjobs, hub, argv, tmp_path / "nowhere")


@pytest.mark.parametrize("argv", LINES.values(), ids=LINES)
def test_a_directory_is_no_file(hfjobs: Hfjobs, hub: Hub, argv: list[str], tmp_path: Path) -> None:
    assert is_wrong_usage(hfjobs, hub, argv, tmp_path)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("argv", LINES.values(), ids=LINES)
def test_what_holds_something_else_is_wrong_usage(
    hfjobs: Hfjobs, hub: Hub, argv: list[str], content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert is_wrong_usage(hfjobs, hub, argv, file)


def test_a_home_directory_is_found_behind_an_equals_sign(hfjobs: Hfjobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no shell expands there."""
    home = Path(hfjobs.environ["HOME"])
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    (home / "jobs.json").write_text("[]", encoding="utf-8")
    assert hfjobs("ps", "--from=~/jobs.json", "-q").code == 0
