"""`hfjobs labels`: what is given is changed, and nothing is lost that was not to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, USER, Hfjobs, Hub, Result


@pytest.fixture
def job(hub: Hub) -> str:
    """Return the id of a job with three labels."""
    return hub.add(labels={"name": "old", "team": "ml", "env": "dev"})


def labels_of(hub: Hub, identifier: str) -> dict[str, str]:
    (labels,) = (job["labels"] for job in hub.all_jobs() if job["id"] == identifier)
    found: dict[str, str] = labels
    return found


def changed(program: Hfjobs, *argv: str) -> Any:
    return program.jobs("labels", *argv, "--json")


class TestChanges:
    @pytest.mark.parametrize(
        ("argv", "after"),
        [
            (["-l", "env=prod"], {"name": "old", "team": "ml", "env": "prod"}),
            (
                ["--label", "sweep=3", "-l", "lone"],
                {"name": "old", "team": "ml", "env": "dev", "sweep": "3", "lone": ""},
            ),
            (["-l", "env=a", "-l", "env=b"], {"name": "old", "team": "ml", "env": "b"}),
            (["-l", "env="], {"name": "old", "team": "ml", "env": ""}),
            (["--name", "new"], {"name": "new", "team": "ml", "env": "dev"}),
            (["--remove", "env", "--remove", "name"], {"team": "ml"}),
            (["--remove", "nothing"], {"name": "old", "team": "ml", "env": "dev"}),
            (["-l", "a=b", "--remove", "team"], {"name": "old", "env": "dev", "a": "b"}),
            (["-l", "a=b", "--replace"], {"a": "b"}),
            (["--name", "new", "--replace"], {"name": "new"}),
            (["--clear"], {}),
        ],
    )
    def test_before_and_after(self, hfjobs: Hfjobs, hub: Hub, job: str, argv: list[str], after: dict[str, str]) -> None:
        before = {"name": "old", "team": "ml", "env": "dev"}
        assert changed(hfjobs, job, *argv) == [{"id": job, "before": before, "after": after}]
        assert labels_of(hub, job) == after

    def test_for_eyes(self, hfjobs: Hfjobs, job: str) -> None:
        assert hfjobs("labels", job, "-l", "env=prod", "--remove", "team", columns=100) == Result(
            0,
            "ID                        LABELS BEFORE             LABELS AFTER\n"
            f"{job}  env=dev,name=old,team=ml  env=prod,name=old\n",
            "",
        )

    def test_of_several_jobs(self, hfjobs: Hfjobs, hub: Hub, job: str) -> None:
        result = hfjobs("labels", job, BY_HAND, "nothing", BY_SCHEDULE, "-l", "sweep=3", "-q")
        assert (result.code, result.stdout) == (3, f"{job}\n{BY_HAND}\n{BY_SCHEDULE}\n")
        assert result.stderr.startswith("error: no job 'nothing'")
        assert [labels_of(hub, each)["sweep"] for each in (job, BY_HAND, BY_SCHEDULE)] == ["3", "3", "3"]

    def test_a_dry_run_changes_nothing(self, hfjobs: Hfjobs, hub: Hub, job: str) -> None:
        code, stdout, stderr = hfjobs("labels", job, "--clear", "--dry-run", "--json")
        assert (code, stderr) == (0, "nothing was changed (--dry-run)\n")
        assert json.loads(stdout)[0]["after"] == {}
        assert labels_of(hub, job) == {"name": "old", "team": "ml", "env": "dev"}

    def test_are_asked_for_just_before(self, hfjobs: Hfjobs, hub: Hub, job: str) -> None:
        hfjobs("labels", f"{USER}/{job}", "-l", "a=b")
        assert hub.paths == [f"GET /api/jobs/{USER}/{job}", f"PUT /api/jobs/{USER}/{job}/labels"]


class TestUsage:
    @pytest.mark.parametrize(
        ("argv", "message", "hint"),
        [
            ([], "no change of labels is given", "--label KEY=VALUE or --name NAME sets one, --remove KEY or --clear"),
            (
                ["-l", "my team=ml"],
                "'my team' cannot be the key of a label",
                "keys hold letters, digits and . _ -, 100 at most; for example 'my-team'",
            ),
            (
                ["-l", "team=a b!"],
                "label 'team=a b!' cannot have this value",
                "values hold letters, digits and . _ -, 100 at most; for example 'a-b'",
            ),
            (["-l", "=x"], "label '=x' is not KEY=VALUE", "keys hold letters, digits and . _ -, 100 at most"),
            (
                ["-l", f"a={'x' * 101}"],
                f"label 'a={'x' * 101}' cannot have this value",
                f"values hold letters, digits and . _ -, 100 at most; for example '{'x' * 100}'",
            ),
            (
                ["--name", "bad name!"],
                "'bad name!' cannot be the name of a job",
                "names hold letters, digits and . _ -, 100 at most; for example 'bad-name'",
            ),
            (["--name", ""], "--name is empty", "leave --name out, or give it a value"),
            (["--name", "a", "-l", "name=b"], "--name a contradicts --label name=b", "give one of them"),
            (
                ["--clear", "-l", "a=b"],
                "--clear removes all labels, so nothing else can be done to them",
                "give it alone",
            ),
            (
                ["--replace", "--remove", "a", "-l", "b=c"],
                "--replace drops all other labels, so there is nothing to --remove",
                "give one of them",
            ),
            (["-l", "a=b", "--remove", "a"], "'a' is to be set and removed", "do one of the two"),
        ],
    )
    def test_is_found_before_any_request(
        self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str, hint: str
    ) -> None:
        assert hfjobs("labels", BY_HAND, *argv) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []
