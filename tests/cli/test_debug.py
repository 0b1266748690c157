"""`--debug`: requests and decisions on stderr, by loggers of the standard library."""

import io
import logging

import pytest

from hfjobs_cli.cli.session import Session
from hfjobs_cli.config import Overrides
from tests.support import TOKEN, USER, Hfjobs, Hub


def decisions(stderr: str) -> list[str]:
    """Return the lines about decisions. The token shows in none of all lines."""
    assert TOKEN not in stderr
    return [line for line in stderr.splitlines() if line.startswith("* ")]


def test_decisions_are_shown(hfjobs: Hfjobs, hub: Hub) -> None:
    """What a word stands for, what is cached, how a listing is read, and what is tried again."""
    latest = hub.add(labels={"name": "mine"})
    found = hfjobs("inspect", "--debug", "@latest", "-q")
    assert (found.code, found.stdout) == (0, f"{latest}\n")
    assert decisions(found.stderr) == [f"* @latest is job {USER}/{latest}"]
    listed = hfjobs("--debug", "ps", "-a", "--limit", "0", "-q")
    assert decisions(listed.stderr) == [
        f"* namespace {USER} from the cache",
        "* listing about 246 jobs by one cursor",
    ]
    hub.replies(503, "")
    again = hfjobs("ps", "-q", "--debug")
    assert [line.partition(" in ")[0] for line in decisions(again.stderr)[1:]] == ["* attempt 2 of 4"]
    assert decisions(hfjobs("ps", "-q").stderr) == []


def test_notes_that_quiet_leaves_out_are_shown(hfjobs: Hfjobs) -> None:
    argv = ("run", "-d", "-q", "ubuntu", "python", "train.py", "--flavor", "cpu-basic")
    (note,) = (line for line in hfjobs("--debug", *argv).stderr.splitlines() if "note: " in line)
    assert note.startswith("* note: --flavor cpu-basic ")
    assert hfjobs(*argv).stderr == ""


def test_tokens_and_secrets_show_in_no_message_and_no_exception(hfjobs: Hfjobs) -> None:
    """Whatever a logger says, in this thread or with a traceback; and nothing is said once the command is over."""
    stderr = io.StringIO()
    session = Session(io.StringIO(), io.StringIO(), stderr, hfjobs.environ, overrides=Overrides(debug=True))
    session.secrets.add("s3cretValue")
    session.start_debug()
    logger = logging.getLogger("hfjobs_cli.anything")
    try:
        raise LookupError(f"nothing for {TOKEN} and s3cretValue")
    except LookupError:
        logger.exception("no luck with %s", TOKEN)
    session.end_debug()
    logger.error("said too late")
    told = stderr.getvalue()
    assert told.startswith("no luck with <TOKEN>\nTraceback (most recent call last):\n")
    assert "\nLookupError: nothing for <TOKEN> and " in told
    assert not any(each in told for each in (TOKEN, "s3cretValue", "too late"))


def test_programs_that_use_the_client_can_log_it(hfjobs: Hfjobs, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="hfjobs_cli.hub"):
        assert hfjobs("ps", "-q").stderr == ""
    assert f"> GET {hub.endpoint}/api/whoami-v2" in caplog.messages
    assert TOKEN not in caplog.text
