"""`hfjobs cancel`: what is named is canceled, what filters choose only if somebody says so."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.emulator.emulation import Serve, is_gone, until
from tests.support import (
    BY_HAND,
    USER,
    Hfjobs,
    Hub,
    Result,
    Stall,
    Terminal,
    command,
    posix_only,
    run_here,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OTHER = "6a02000000000000000000bb"
NOWHERE = "6a01d697aff1cd33e8f30000"


@pytest.fixture
def running(hub: Hub) -> str:
    """Return the id of a job that runs."""
    return hub.add(status={"stage": "RUNNING", "message": None}, finishedAt=None, labels={"name": "mine"})


@pytest.fixture
def two(hub: Hub, running: str) -> list[str]:
    """Return the ids of two jobs of one name that run, the newest first."""
    older = hub.add(
        id=OTHER,
        createdAt="2026-05-12T08:59:58.000Z",
        status={"stage": "SCHEDULING", "message": None},
        finishedAt=None,
        labels={"name": "mine"},
    )
    return [running, older]


def stages(hub: Hub) -> dict[str, str]:
    return {job["id"]: job["status"]["stage"] for job in hub.all_jobs()}


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


class TestNamed:
    """They are meant, so nobody is asked."""

    def test_are_canceled_in_order(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        assert hfjobs("cancel", *two) == Result(0, f"{two[0]}  CANCELED\n{two[1]}  CANCELED\n", "")
        assert [stages(hub)[each] for each in two] == ["CANCELED", "CANCELED"]
        assert sorted(posts(hub)) == sorted(f"POST /api/jobs/{USER}/{each}/cancel" for each in two)

    def test_twice_are_canceled_once(self, hfjobs: Hfjobs, hub: Hub, running: str) -> None:
        assert hfjobs("cancel", running, running, "-q") == Result(0, f"{running}\n", "")
        assert len(posts(hub)) == 1

    def test_on_stdin(self, hfjobs: Hfjobs, two: list[str]) -> None:
        assert hfjobs("cancel", "-", "-q", stdin="\n".join(two)) == Result(0, f"{two[0]}\n{two[1]}\n", "")

    def test_one_that_does_not_exist_does_not_keep_the_others(self, hfjobs: Hfjobs, two: list[str]) -> None:
        code, stdout, stderr = hfjobs("cancel", two[0], NOWHERE, two[1])
        assert (code, stdout) == (3, f"{two[0]}  CANCELED\n{two[1]}  CANCELED\n")
        assert stderr.startswith(f"error: no job '{NOWHERE}' in namespace '{USER}'")

    def test_one_that_has_ended_is_a_remark(self, hfjobs: Hfjobs, running: str) -> None:
        result = hfjobs("cancel", BY_HAND, running)
        told = f"{BY_HAND} had already finished: COMPLETED\n"
        assert result == Result(0, f"{BY_HAND}  COMPLETED\n{running}  CANCELED\n", told)

    def test_one_that_has_ended_and_is_refused_is_a_remark_too(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(f"/api/jobs/{USER}/{BY_HAND}/cancel", 400, '{"error": "Job is not running"}')
        told = f"{BY_HAND} had already finished: COMPLETED\n"
        assert hfjobs("cancel", BY_HAND) == Result(0, f"{BY_HAND}  COMPLETED\n", told)

    @pytest.mark.parametrize(("status", "body"), [(200, ""), (204, ""), (200, '{"ok": true}')])
    @pytest.mark.parametrize("acts", [True, False])
    def test_a_response_without_the_job(
        self, hfjobs: Hfjobs, hub: Hub, running: str, status: int, body: str, acts: bool
    ) -> None:
        """The official client does not read it. The job itself tells whether it was canceled."""

        def answer(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if acts:
                app(environ, lambda *_args: lambda _data: None)
            return Response(body, status, content_type="application/json")(environ, start)

        hub.always(f"/api/jobs/{USER}/{running}/cancel", answer)
        code, stdout, stderr = hfjobs("cancel", running)
        if acts:
            assert (code, stdout, stderr) == (0, f"{running}  CANCELED\n", "")
        else:
            assert (code, stdout) == (1, "")
            assert stderr.startswith("error: unexpected response from the Hub: ")

    def test_one_that_runs_and_is_refused_is_an_error(self, hfjobs: Hfjobs, hub: Hub, running: str) -> None:
        hub.replies_to(f"/api/jobs/{USER}/{running}/cancel", 400, '{"error": "Not now"}')
        code, stdout, stderr = hfjobs("cancel", running)
        assert (code, stdout) == (1, "")
        assert stderr.startswith("error: the Hub refused the request: Not now (POST ")

    def test_formats_show_them_as_they_are_then(self, hfjobs: Hfjobs, running: str) -> None:
        code, stdout, stderr = hfjobs("cancel", running, "--json")
        assert (code, stderr) == (0, "")
        assert [(job["id"], job["status"]["stage"]) for job in json.loads(stdout)] == [(running, "CANCELED")]

    def test_a_dry_run_cancels_nothing(self, hfjobs: Hfjobs, hub: Hub, running: str) -> None:
        assert hfjobs("cancel", running, BY_HAND, "--dry-run", "-q") == Result(0, f"{running}\n", "")
        result = hfjobs("cancel", running, BY_HAND, "--dry-run", "--format", "{{.id}}")
        told = f"{BY_HAND} had already finished: COMPLETED\nwould cancel 1 job; nothing was canceled\n"
        assert result == Result(0, f"{running}\n", told)
        assert posts(hub) == []


class TestDescribed:
    """One that is described is hit without a question only if no other fits."""

    @staticmethod
    def said(two: list[str], text: str) -> str:
        return (
            f"error: '{text}' matches 2 jobs; refusing to cancel {two[0]} without confirmation\n"
            f"  {two[0]}  mine  RUNNING  1s ago\n"
            f"  {two[1]}  mine  SCHEDULING  2s ago\n"
            "hint: use the id of the job, or pass --yes\n"
        )

    @pytest.mark.parametrize("text", ["@latest", "@0", "@name=mine", "@initiator=user:davanstrien"])
    def test_nothing_is_canceled_where_nobody_can_answer(
        self, hfjobs: Hfjobs, hub: Hub, two: list[str], text: str
    ) -> None:
        _leave_alone(hub, two)
        assert hfjobs("cancel", text) == Result(2, "", self.said(two, text))
        assert hfjobs("cancel", BY_HAND, text) == Result(2, "", self.said(two, text))
        assert hfjobs("cancel", "-", stdin=f"{text}\n") == Result(2, "", self.said(two, text))
        assert posts(hub) == []

    def test_the_newest_running_one_is_not_hit_without_a_word(self, hfjobs: Hfjobs, hub: Hub, running: str) -> None:
        code, stdout, stderr = hfjobs("cancel", "@running")
        assert (code, stdout, posts(hub)) == (2, "", [])
        assert stderr.startswith(
            f"error: '@running' matches 6 jobs; refusing to cancel {running} without confirmation\n"
        )

    def test_with_yes(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        assert hfjobs("cancel", "@name=mine", "--yes") == Result(0, f"{two[0]}  CANCELED\n", "")
        assert [stages(hub)[each] for each in two] == ["CANCELED", "SCHEDULING"]

    @pytest.mark.parametrize("text", ["@name=mine", "@latest", "@running", "@label=name=mine", "@name=mine"])
    def test_the_only_one_that_could_be_hit_is(self, hfjobs: Hfjobs, hub: Hub, running: str, text: str) -> None:
        """Others of its name that have ended do not count."""
        _leave_alone(hub, [running])
        hub.add(id=OTHER, createdAt="2026-05-12T08:59:58.000Z", labels={"name": "mine"})
        assert hfjobs("cancel", text) == Result(0, f"{running}  CANCELED\n", "")

    def test_one_that_has_ended_is_a_remark(self, hfjobs: Hfjobs) -> None:
        code, _, stderr = hfjobs("cancel", "@failed")
        assert (code, stderr.split()[1:]) == (0, ["had", "already", "finished:", "ERROR"])

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
    def test_is_shown_and_asked_for(self, hfjobs: Hfjobs, hub: Hub, two: list[str], answer: str, code: int) -> None:
        argv = ("cancel", "@name=mine")
        result = hfjobs(*argv, keyboard=Terminal(answer), stderr=Terminal(), COLUMNS="100", NO_COLOR="1")
        assert (result.code, result.stdout) == (code, f"{two[0]}  CANCELED\n" if code == 0 else "")
        header, first, second, told, *question = result.stderr.splitlines()
        assert (header.split()[0], first.split()[0], second.split()[0]) == ("JOB", *two)
        assert told == f"'@name=mine' matches 2 jobs; the newest is {two[0]}"
        assert "".join(question) == f"Cancel {two[0]}? [y/N] " + ("nothing was canceled" if code else "")
        assert len(question) == (1 if answer else 2)  # a terminal shows what is typed
        assert [stages(hub)[each] for each in two] == ["RUNNING" if code else "CANCELED", "SCHEDULING"]

    def test_nothing_to_cancel_is_no_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """A selector by status may match nothing, as filters may; other references must be those of jobs."""
        with hub.store.write() as tables:
            for job in hub.all_jobs():
                if job["status"]["stage"] in ("RUNNING", "SCHEDULING"):
                    tables.save_job({**job, "status": {"stage": "COMPLETED", "message": None}})
        remark = "would cancel 0 jobs; nothing was canceled\n"
        none = "@running: no running job in your namespace\n"
        for options, stdout, said in (
            (["--dry-run"], "", remark),
            (["--dry-run", "--json"], "[]\n", remark),
            (["--yes"], "", ""),
        ):
            assert hfjobs("cancel", "@running", *options) == Result(0, stdout, none + said)
            result = hfjobs("cancel", "--status", "running", *options)
            assert result == Result(0, stdout, "no jobs match\n" + said)
        assert hfjobs("cancel", "@name=nobody", "--dry-run").code == 3

    def test_a_dry_run_asks_nothing(self, hfjobs: Hfjobs, two: list[str]) -> None:
        assert hfjobs("cancel", "@name=mine", "--dry-run", "-q").stdout == f"{two[0]}\n"

    def test_of_many_the_newest_are_listed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for number in range(12):
            hub.add(
                id=f"6a02000000000000000001{number:02}",
                status={"stage": "RUNNING", "message": None},
                finishedAt=None,
                labels={"name": "many"},
            )
        _, _, stderr = hfjobs("cancel", "@name=many")
        first, *shown, more, hint = stderr.splitlines()
        assert first.startswith("error: '@name=many' matches more than 10 jobs; refusing")
        assert (len(shown), more, hint) == (10, "  and more", "hint: use the id of the job, or pass --yes")

    @pytest.mark.parametrize(
        ("argv", "what"),
        [
            (["labels", "@name=mine", "-l", "a=b"], "change the labels of"),
            (["labels", "@latest", "--clear"], "change the labels of"),
            (["expose", "@running", "8000"], "change the ports of"),
        ],
    )
    def test_what_changes_jobs_asks_too(
        self, hfjobs: Hfjobs, hub: Hub, two: list[str], argv: list[str], what: str
    ) -> None:
        code, stdout, stderr = hfjobs(*argv)
        assert (code, stdout) == (2, "")
        assert f"; refusing to {what} {two[0]} without confirmation\n" in stderr
        assert {request.method for request in hub.requests} == {"GET"}
        assert hfjobs(*argv, "--yes").code == 0


def _leave_alone(hub: Hub, wanted: list[str]) -> None:
    """End the jobs of the history that have not ended, so that only those wanted are under way."""
    for job in hub.all_jobs():
        if job["id"] not in wanted and job["status"]["stage"] in ("RUNNING", "SCHEDULING"):
            with hub.store.write() as tables:
                tables.save_job({**job, "status": {"stage": "COMPLETED"}})


class TestFilters:
    """What they choose is shown, and nothing else is hit."""

    def test_ask_nobody_where_nobody_is(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        result = hfjobs("cancel", "--name", "mine")
        assert result == Result(
            2,
            "",
            "error: refusing to cancel the matching jobs without confirmation: stdin is not a terminal\n"
            "hint: pass --yes, or --dry-run to see which jobs match\n",
        )
        assert hub.requests == []
        assert [stages(hub)[each] for each in two] == ["RUNNING", "SCHEDULING"]

    def test_with_yes(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        assert hfjobs("cancel", "--name", "mine", "-y", "-q") == Result(0, f"{two[0]}\n{two[1]}\n", "")
        assert [stages(hub)[each] for each in two] == ["CANCELED", "CANCELED"]

    @pytest.mark.parametrize("answer", ["y\n", "Yes\n", "y"])
    def test_show_what_they_choose_and_ask(self, hfjobs: Hfjobs, hub: Hub, two: list[str], answer: str) -> None:
        code, stdout, stderr = self.ask(hfjobs, answer)
        assert (code, stdout) == (0, f"{two[0]}  CANCELED\n{two[1]}  CANCELED\n")
        header, first, second, question = stderr.splitlines()
        assert (header.split()[0], first.split()[0], second.split()[0]) == ("JOB", *two)
        assert question == "Cancel 2 jobs? [y/N] "
        assert len(posts(hub)) == 2

    @pytest.mark.parametrize("answer", ["", "\n", "n\n", "no\n", "what?\n", "yy\n"])
    def test_all_but_yes_is_no(self, hfjobs: Hfjobs, hub: Hub, two: list[str], answer: str) -> None:
        code, stdout, stderr = self.ask(hfjobs, answer)
        assert (code, stdout) == (1, "")
        end = "" if answer else "\n"
        assert stderr.endswith(f"Cancel 2 jobs? [y/N] {end}nothing was canceled\n")
        assert [stages(hub)[each] for each in two] == ["RUNNING", "SCHEDULING"]

    def test_hit_nothing_that_was_not_shown(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        """A job that is created while the question stands is not one of those."""
        late = "6a02000000000000000000cc"
        keyboard = _Late(hub, late)
        code, _, stderr = self.ask(hfjobs, keyboard=keyboard)
        assert code == 0
        assert late not in stderr
        assert [stages(hub)[each] for each in (*two, late)] == ["CANCELED", "CANCELED", "RUNNING"]

    def test_leave_out_what_has_ended(self, hfjobs: Hfjobs, hub: Hub, running: str) -> None:
        done = hub.add(id=OTHER, labels={"name": "mine"})
        assert hfjobs("cancel", "-a", "--name", "mine", "-yq") == Result(0, f"{running}\n", "")
        assert stages(hub)[done] == "COMPLETED"

    def test_that_choose_nothing_ask_nothing(self, hfjobs: Hfjobs, hub: Hub) -> None:
        told = "no running or scheduling jobs match; -a includes finished ones\n"
        assert hfjobs("cancel", "--name", "nobody", "-y") == Result(0, "", told)
        assert posts(hub) == []

    def test_that_choose_only_what_has_ended(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.add(id=OTHER, labels={"name": "mine"})
        told = "none of the matching jobs can be canceled\n"
        assert hfjobs("cancel", "--status", "completed", "-y") == Result(0, "", told)
        assert posts(hub) == []

    def test_a_dry_run_shows_them(self, hfjobs: Hfjobs, hub: Hub, two: list[str]) -> None:
        code, stdout, stderr = hfjobs("cancel", "--name", "mine", "--dry-run", "--columns", "id,status")
        assert (code, stderr) == (0, "would cancel 2 jobs; nothing was canceled\n")
        assert stdout.split() == ["JOB", "ID", "STATUS", two[0], "RUNNING", two[1], "SCHEDULING"]
        assert posts(hub) == []

    def test_limit_is_of_the_newest(self, hfjobs: Hfjobs, two: list[str]) -> None:
        assert hfjobs("cancel", "--name", "mine", "--limit", "1", "-yq") == Result(0, f"{two[0]}\n", "")

    @pytest.mark.parametrize(
        ("argv", "message", "hint"),
        [
            (
                (),
                "no jobs given",
                "use an ID or @latest, or select with --name NAME, --label KEY=VALUE, or -a for all",
            ),
            (
                ("--limit", "5", "--yes"),
                "no jobs given",
                "use an ID or @latest, or select with --name NAME, --label KEY=VALUE, or -a for all",
            ),
            ((BY_HAND, "--limit", "1"), "jobs and filters cannot be used together", "remove one of them"),
            ((BY_HAND, "-a"), "jobs and filters cannot be used together", "remove one of them"),
            (("--name", ""), "--name is empty", "remove --name, or give it a value"),
        ],
    )
    def test_usage(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str, hint: str | None) -> None:
        code, stdout, stderr = hfjobs("cancel", *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\nhint: {hint or ''}")
        assert hub.requests == []

    @staticmethod
    def ask(program: Hfjobs, answer: str = "y\n", keyboard: io.StringIO | None = None) -> Result:
        return program(
            "cancel",
            "--name",
            "mine",
            keyboard=keyboard or Terminal(answer),
            stderr=Terminal(),
            COLUMNS="100",
            NO_COLOR="1",
        )


class _Late(Terminal):
    """Somebody who thinks so long before answering that another job is created."""

    def __init__(self, hub: Hub, identifier: str) -> None:
        super().__init__("y\n")
        self._hub, self._identifier = hub, identifier

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        self._hub.add(
            id=self._identifier,
            status={"stage": "RUNNING", "message": None},
            finishedAt=None,
            labels={"name": "mine"},
        )
        return super().readline(-1 if size is None else size)


@posix_only
def test_an_interrupt_names_what_nobody_knows_of(hfjobs: Hfjobs, hub: Hub, two: list[str], stall: Stall) -> None:
    hub.then(stall, stall)
    result = signalled(
        command("cancel", *(f"{USER}/{each}" for each in two)), hfjobs.environ, stall.arrived, signal.SIGINT
    )
    told = f"these may or may not have been canceled: {USER}/{two[0]} {USER}/{two[1]}\ninterrupted\n"
    assert result == Result(130, "", told)


def test_jobs_that_really_run(serve: Serve, tmp_path: Path) -> None:
    """Their processes end."""
    emulator = serve(tmp_path / "state", "--empty")
    marker = tmp_path / "pid"
    code = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    job = emulator.python(code, labels={"name": "sleeper"})
    until(lambda: marker.exists() and marker.read_text(encoding="utf-8"), "the job")
    pid = int(marker.read_text(encoding="utf-8"))
    result = run_here("cancel", "--name", "sleeper", "--yes", environ={**emulator.environ, "HOME": str(tmp_path)})
    assert result == Result(0, f"{job}  CANCELED\n", "")
    until(lambda: is_gone(pid), "the end of its process")
