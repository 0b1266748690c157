"""`hfjobs open`: the page of a job, in a browser where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import BY_HAND, USER, Hfjobs, Hub, Result


@pytest.fixture
def browser(tmp_path: Path) -> str:
    """Return a browser, as BROWSER names it, that writes down what it is asked to show."""
    script = tmp_path / "browser.py"
    script.write_text("import sys; open(sys.argv[1], 'w').write(sys.argv[2])", encoding="utf-8")
    return f"{Path(sys.executable).as_posix()} {script.as_posix()} {(tmp_path / 'shown').as_posix()} %s"


def test_opens_the_page(hfjobs: Hfjobs, hub: Hub, browser: str, tmp_path: Path) -> None:
    page = f"{hub.endpoint}/jobs/{USER}/{BY_HAND}"
    assert hfjobs("open", BY_HAND, columns=80, BROWSER=browser) == Result(0, "", f"opening {page}\n")
    assert (tmp_path / "shown").read_text() == page


def test_prints_it_where_there_is_no_browser(hfjobs: Hfjobs, hub: Hub, browser: str, tmp_path: Path) -> None:
    printed = Result(0, f"{hub.endpoint}/jobs/{USER}/{BY_HAND}\n", "")
    assert hfjobs("open", BY_HAND, BROWSER=browser) == printed  # in a pipe
    assert hfjobs("open", BY_HAND, "--print", columns=80, BROWSER=browser) == printed
    assert hfjobs("open", BY_HAND, columns=80, DISPLAY=":0", SSH_CONNECTION="1") == printed
    assert hfjobs("open", BY_HAND, columns=80, BROWSER=str(tmp_path / "no-browser")) == printed
    assert not (tmp_path / "shown").exists()


def test_refuses_what_has_no_page(hfjobs: Hfjobs, hub: Hub) -> None:
    hint = "hint: use 'hfjobs describe scheduled-job:x'\n"
    assert hfjobs("open", "scheduled-job:x") == Result(2, "", f"error: schedules have no page on the Hub\n{hint}")
    assert hub.requests == []
    code, stdout, stderr = hfjobs("open", "6a01d697aff1cd33e8f30000")
    assert (code, stdout, stderr.startswith("error: no job '6a01d697aff1cd33e8f30000'")) == (3, "", True)
