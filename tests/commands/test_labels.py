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
        assert changed(hfjobs, job, *argv) == [{"id": job, "name": after.get("name"), "before": before, "after": after}]
        assert labels_of(hub, job) == after

    def test_for_eyes(self, hfjobs: Hfjobs, job: str) -> None:
        assert hfjobs("labels", job, "-l", "env=prod", "--remove", "team", columns=100) == Result(
            0,
            "ID                        LABELS BEFORE             LABELS AFTER\n"
            f"{job}  env=dev,name=old,team=ml  env=prod,name=old\n",
            "",
        )

    def test_of_several_jobs(self, hfjobs: Hfjobs, hub: Hub, job: str) -> None:
        result = hfjobs("labels", job, BY_HAND, "6a01d697aff1cd33e8f30000", BY_SCHEDULE, "-l", "sweep=3", "-q")
        assert (result.code, result.stdout) == (3, f"{job}\n{BY_HAND}\n{BY_SCHEDULE}\n")
        assert result.stderr.startswith("error: no job '6a01d697aff1cd33e8f30000'")
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
            ([], "no label changes given", "use --label KEY=VALUE, --name NAME, --remove KEY or --clear"),
            (
                ["-l", "my team=ml"],
                "invalid label key 'my team'",
                "use a key of at most 100 letters, digits and . _ -, for example 'my-team'",
            ),
            (
                ["-l", "team=a b!"],
                "invalid value in label 'team=a b!'",
                "use at most 100 letters, digits and . _ -, for example 'a-b'",
            ),
            (["-l", "=x"], "label '=x' is not KEY=VALUE", "use a key of at most 100 letters, digits and . _ -"),
            (
                ["-l", f"a={'x' * 101}"],
                f"invalid value in label 'a={'x' * 101}'",
                f"use at most 100 letters, digits and . _ -, for example '{'x' * 100}'",
            ),
            (
                ["--name", "bad name!"],
                "invalid job name 'bad name!'",
                "use at most 100 letters, digits and . _ -, for example 'bad-name'",
            ),
            (["--name", ""], "--name is empty", "remove --name, or give it a value"),
            (["--name", "a", "-l", "name=b"], "--name a cannot be used with --label name=b", "remove one of them"),
            (
                ["--clear", "-l", "a=b"],
                "--clear removes all labels and cannot be used with other changes",
                "use --clear alone",
            ),
            (
                ["--replace", "--remove", "a", "-l", "b=c"],
                "--replace cannot be used with --remove: it removes all other labels",
                "remove one of them",
            ),
            (["-l", "a=b", "--remove", "a"], "label 'a' is both set and removed", "remove one of them"),
        ],
    )
    def test_is_found_before_any_request(
        self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str, hint: str
    ) -> None:
        assert hfjobs("labels", BY_HAND, *argv) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []


ODD = {"n": 3, "ok": True, "x": None, "deep": {"a": "b"}}
"""Labels that no Hub should answer with."""


class TestOddOnes:
    """Labels whose values are no texts are not lost on the way back: there is no sending them as they are."""

    def given(self, hub: Hub, labels: object) -> str:
        """Have the Hub say that a job has these labels."""
        identifier = hub.add()
        body = json.dumps({**hub.job(), "labels": labels})
        hub.replies_to(f"/api/jobs/{USER}/{identifier}", 200, body)
        return identifier

    @pytest.mark.parametrize(
        ("argv", "lost"),
        [
            (["-l", "env=prod"], "n, ok, x, deep"),
            (["--name", "new", "--dry-run"], "n, ok, x, deep"),
            (["--remove", "team"], "n, ok, x, deep"),
            (["--remove", "n", "-l", "ok=yes"], "x, deep"),
        ],
    )
    def test_that_would_be_lost_are_refused(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], lost: str) -> None:
        job = self.given(hub, {"team": "ml", **ODD})
        code, stdout, stderr = hfjobs("labels", "--json", f"{USER}/{job}", *argv)
        assert (code, stdout) == (1, "[]\n")
        hint, error = [line for line in reversed(stderr.splitlines()) if line.startswith(("error", "hint"))]
        assert error == f"error: labels of {USER}/{job} would be lost, because their values are not strings: {lost}"
        assert hint.startswith("hint: set them with --label KEY=VALUE, or remove them with --remove KEY")
        assert [path for path in hub.paths if path.startswith("PUT")] == []

    @pytest.mark.parametrize(
        ("argv", "sent"),
        [
            (["-l", "n=3", "--remove", "ok", "--remove", "x", "--remove", "deep"], {"team": "ml", "n": "3"}),
            (["--replace", "-l", "a=b"], {"a": "b"}),
            (["--clear"], {}),
        ],
    )
    def test_that_are_meant_may_go(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], sent: dict[str, str]) -> None:
        job = self.given(hub, {"team": "ml", **ODD})
        code, stdout, _ = hfjobs("labels", "--json", f"{USER}/{job}", *argv)
        assert (code, json.loads(stdout)[0]["after"], labels_of(hub, job)) == (0, sent, sent)

    @pytest.mark.parametrize("labels", [[1], "a=b", 7])
    def test_what_is_no_table_of_labels_at_all(self, hfjobs: Hfjobs, hub: Hub, labels: object) -> None:
        job = self.given(hub, labels)
        code, _, stderr = hfjobs("labels", f"{USER}/{job}", "-l", "a=b")
        assert code == 1
        assert f"error: cannot read the labels of {USER}/{job}; they would be lost\n" in stderr
        assert [path for path in hub.paths if path.startswith("PUT")] == []
        assert hfjobs("labels", f"{USER}/{job}", "-l", "a=b", "--replace").code == 0

    def test_what_is_shown_is_shown_as_before(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = self.given(hub, {"team": "ml", **ODD})
        code, stdout, stderr = hfjobs("inspect", f"{USER}/{job}")
        assert (code, json.loads(stdout)[0]["labels"]) == (0, {"team": "ml"})
        assert f"warning: job {job}: unexpected value from the Hub: labels.n should be a string, but is 3\n" in stderr

    @pytest.mark.parametrize(
        ("changes", "lost"),
        [
            ({"labels": {"n": 3}}, "labels"),
            ({"environment": {"AB": 1, "CD": "x"}}, "environment"),
            ({"command": ["echo", 1]}, "command"),
            ({"timeout": "soon", "volumes": [{"type": "model", "source": "a/b", "mountPath": 7}]}, "timeout, volumes"),
            ({"expose": {"ports": ["80"], "portsPublic": []}}, "expose"),
        ],
    )
    @pytest.mark.parametrize(
        "argv", [("duplicate", "--drop-secrets", "-e", "AB=1"), ("inspect", "--format", "command")]
    )
    def test_a_job_is_not_started_again_without_them(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], changes: dict[str, Any], lost: str
    ) -> None:
        job = hub.add(secrets=[])
        hub.replies_to(f"/api/jobs/{USER}/{job}", 200, json.dumps({**hub.job(secrets=[]), **changes}))
        code, stdout, stderr = hfjobs(*argv, f"{USER}/{job}")
        assert (code, stdout) == (1, "")
        assert (
            f"error: cannot copy job {job}: the Hub sent invalid values: {lost}\n"
            "hint: use 'hfjobs duplicate' without changes: the Hub copies the job itself\n"
        ) in stderr
        assert [path for path in hub.paths if path.startswith("POST")] == []

    def test_nor_one_that_was_saved(self, hfjobs: Hfjobs, hub: Hub) -> None:
        saved = json.dumps({**hub.job(), "labels": {"n": 3}})
        code, stdout, stderr = hfjobs("inspect", "--from", "-", "--format", "command", stdin=saved)
        assert (code, stdout) == (1, "")
        assert "the Hub sent invalid values: labels" in stderr


def test_an_empty_value_is_shown_as_in_ps(hfjobs: Hfjobs) -> None:
    changed = hfjobs("labels", BY_HAND, "--replace", "-l", "x=", "-l", "y=1", "--columns", "after", "--format", "tsv")
    listed = hfjobs("ps", "-a", "-f", f"id={BY_HAND}", "--columns", "labels", "--format", "tsv")
    assert (changed.stdout, listed.stdout) == ("after\nx=,y=1\n", "labels\nx=,y=1\n")
