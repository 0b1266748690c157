"""huggingface_hub and its `hf`, as they come from PyPI, work against the served emulator: they are the judges of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from huggingface_hub import HfApi, JobStage, Volume, WebhookPayload, WebhookWatchedItem
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

from tests.emulator.emulation import Emulator, until
from tests.support import BY_HAND, DAILY_SCHEDULE, USER, Result, command_environ, run_here, run_python

FOREVER = ["python", "-c", "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.1)"]
ORGANIZATION = "aurora-lab"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    served = Emulator(tmp_path_factory.mktemp("official") / "state")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def api(emulator: Emulator) -> HfApi:
    return HfApi(endpoint=emulator.endpoint, token=emulator.token)


def python(code: str) -> list[str]:
    return ["python", "-c", code]


class TestJobs:
    def test_run_and_wait(self, api: HfApi, emulator: Emulator) -> None:
        job = api.run_job(
            image="python:3.12",
            command=python(
                "import os; env = os.environ; print(env['KEY'], env['SECRET'],"
                " env['HF_NETWORK_GROUP_HOSTNAME'], env['HF_NETWORK_GROUP_PREFIX'] + 'master')"
            ),
            env={"KEY": "variable"},
            secrets={"SECRET": "hidden"},
            flavor="t4-small",
            timeout="5m",
            attempts=2,
            name="first",
            labels={"team": "ml"},
            volumes=[Volume(type="bucket", source="alice/data", mount_path="/data", read_only=False)],
            expose=[8000],
            expose_public=[8001],
            network_group="train",
            network_aliases=["master"],
        )
        assert (job.docker_image, job.flavor, job.labels) == (
            "python:3.12",
            "t4-small",
            {"team": "ml", "name": "first"},
        )
        assert job.url == f"{emulator.endpoint}/jobs/{USER}/{job.id}"
        assert job.initiator is not None
        assert (job.initiator.type, job.initiator.name) == ("user", USER)
        assert job.status.expose_urls == ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]
        assert (job.expose, job.expose_public) == ([8000, 8001], [8001])
        assert job.network is not None
        assert (job.network.group, job.network.aliases) == ("train", ["master"])
        assert list(job.secrets or ()) == ["SECRET"]  # names, though the library calls them a dict
        assert (job.environment, job.retry) == ({"KEY": "variable"}, 1)
        assert job.volumes is not None
        assert [(each.source, each.mount_path) for each in job.volumes] == [("alice/data", "/data")]
        ended = api.wait_for_job(job.id, timeout=60, poll_interval=0.05)
        assert (ended.id, ended.status.stage, ended.status.message) == (job.id, JobStage.COMPLETED, None)
        assert ended.durations is not None
        assert ended.durations.total_secs is not None
        assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["variable hidden localhost train-master"]

    def test_run_in_an_organisation_from_a_space(self, api: HfApi) -> None:
        job = api.run_job(image="hf.co/spaces/alice/app", command=python("pass"), namespace=ORGANIZATION)
        assert (job.space_id, job.docker_image, job.owner.name, job.owner.type) == (
            "alice/app",
            None,
            ORGANIZATION,
            "org",
        )
        assert job.initiator is not None
        assert (job.initiator.type, job.initiator.name) == ("org", ORGANIZATION)
        ended = api.wait_for_job(job.id, namespace=ORGANIZATION, timeout=60, poll_interval=0.05)
        assert ended.status.stage == JobStage.COMPLETED

    def test_wait_for_a_failure(self, api: HfApi) -> None:
        job = api.run_job(image="x", command=python("import sys; sys.exit(9)"))
        (ended,) = api.wait_for_job([job.id], timeout=60, poll_interval=0.05)
        assert (ended.status.stage, ended.status.message) == (
            "ERROR",
            "Job failed with exit code: 9. Reason: Error.",
        )

    def test_list_pages_by_status_and_labels(self, api: HfApi) -> None:
        jobs = list(api.list_jobs(namespace=USER, status=["COMPLETED", "ERROR"]))
        assert len(jobs) > 200
        assert len({job.id for job in jobs}) == len(jobs)
        created = [job.created_at or datetime.min.replace(tzinfo=timezone.utc) for job in jobs]
        assert created == sorted(created, reverse=True)
        assert {job.status.stage for job in jobs} == {"COMPLETED", "ERROR"}
        named = list(api.list_jobs(namespace=USER, labels={"name": "train-judge", "env": "prod"}))
        assert 0 < len(named) < len(jobs)
        assert {(job.labels or {})["name"] for job in named} == {"train-judge"}

    def test_inspect(self, api: HfApi) -> None:
        job = api.inspect_job(job_id=BY_HAND)
        assert (job.id, job.status.stage) == (BY_HAND, "COMPLETED")
        with pytest.raises(JobNotFoundError, match="Job Not Found"):
            api.inspect_job(job_id="6a01d697aff1cd33e8f30000")

    def test_logs_with_and_without_follow_and_tail(self, api: HfApi) -> None:
        job = api.run_job(image="x", command=python("for n in range(20): print(n)"))
        lines = [str(n) for n in range(20)]
        assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == lines
        assert list(api.fetch_job_logs(job_id=job.id, follow=False)) == lines
        assert list(api.fetch_job_logs(job_id=job.id, follow=False, tail=3)) == lines[-3:]
        assert list(api.fetch_job_logs(job_id=job.id, follow=True, tail=3)) == lines[-3:]

    def test_logs_of_a_job_that_runs(self, api: HfApi) -> None:
        job = api.run_job(image="x", command=FOREVER)
        assert next(iter(api.fetch_job_logs(job_id=job.id, follow=True))) == "up"
        assert list(api.fetch_job_logs(job_id=job.id, follow=False)) == ["up"]
        api.cancel_job(job_id=job.id)

    def test_metrics(self, api: HfApi) -> None:
        job = api.run_job(image="x", command=FOREVER)
        api.wait_for_job(job.id, stages=[JobStage.RUNNING], timeout=60, poll_interval=0.05)
        (metrics,) = api.fetch_job_metrics(job_id=job.id)
        assert metrics["memory_used_bytes"] > 0
        assert set(metrics) == {
            "cpu_usage_pct",
            "cpu_millicores",
            "memory_used_bytes",
            "memory_total_bytes",
            "rx_bps",
            "tx_bps",
            "gpus",
            "replica",
        }
        api.cancel_job(job_id=job.id)
        assert list(api.fetch_job_metrics(job_id=job.id)) == []

    def test_rerun(self, api: HfApi) -> None:
        job = api.rerun_job(job_id=BY_HAND)
        assert job.initiator is not None
        assert (job.initiator.type, job.initiator.id) == ("duplicated-job", BY_HAND)
        assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["1842 of 1842 cards classified"]

    def test_cancel_labels_and_expose(self, api: HfApi) -> None:
        job = api.run_job(image="x", command=FOREVER)
        api.wait_for_job(job.id, stages=[JobStage.RUNNING], timeout=60, poll_interval=0.05)
        assert api.update_job_labels(job_id=job.id, labels={"a": "1"}).labels == {"a": "1"}
        exposed = api.update_job_expose(job_id=job.id, expose=[9000])
        assert (exposed.expose, exposed.status.expose_urls) == ([9000], ["http://127.0.0.1:9000"])
        hidden = api.update_job_expose(job_id=job.id, expose=[])
        assert (hidden.expose, hidden.status.expose_urls) == ([], None)
        api.cancel_job(job_id=job.id)
        ended = api.inspect_job(job_id=job.id)
        assert (ended.status.stage, ended.labels) == (JobStage.CANCELED, {"a": "1"})

    def test_hardware(self, api: HfApi) -> None:
        hardware = {each.name: each for each in api.list_jobs_hardware()}
        assert (hardware["cpu-basic"].cpu, hardware["cpu-basic"].unit_cost_micro_usd) == ("2 vCPU", 167)
        accelerator = hardware["a10g-largex2"].accelerator
        assert accelerator is not None
        assert (accelerator.model, accelerator.quantity, accelerator.vram) == ("A10G", "2", "48 GB")

    def test_refusals_are_understood(self, api: HfApi, emulator: Emulator) -> None:
        with pytest.raises(HfHubHTTPError, match=r"Bad request:\nflavor: expected one of cpu-basic\|"):
            api.run_job(image="x", command=["true"], flavor="cpu-tiny")
        stranger = HfApi(endpoint=emulator.endpoint, token="hf_wrong")
        with pytest.raises(HfHubHTTPError, match=r"(?s)401.*Invalid credentials in Authorization header"):
            stranger.inspect_job(job_id=BY_HAND, namespace=USER)

    def test_needs_no_namespace(self, emulator: Emulator) -> None:
        """Where the endpoint comes from the environment, as the library wants it for some calls."""
        code = "from huggingface_hub import list_jobs; print(len(list(list_jobs(status='RUNNING'))) > 0)"
        assert run_python(code, environ=emulator.environ) == Result(0, "True\n", "")


def test_scheduled_jobs(api: HfApi) -> None:
    before = datetime.now(timezone.utc)
    made = api.create_scheduled_job(
        image="python:3.12",
        command=python("import os; print(os.environ['SECRET'])"),
        schedule="@yearly",
        secrets={"SECRET": "hidden"},
        name="yearly",
        timeout=60,
    )
    assert (made.schedule, made.suspend, made.concurrency) == ("@yearly", False, False)
    assert (made.job_spec.labels, made.job_spec.timeout) == ({"name": "yearly"}, 60)
    assert (made.owner.name, made.status.last_job) == (USER, None)
    years = {before.year, datetime.now(timezone.utc).year}  # one, but for the last moment of a year
    assert made.status.next_job_run_at in {datetime(year + 1, 1, 1, tzinfo=timezone.utc) for year in years}
    identifier = made.id
    assert {each.id for each in api.list_scheduled_jobs()} >= {identifier, DAILY_SCHEDULE}
    assert [each.id for each in api.list_scheduled_jobs(labels={"name": "yearly"})] == [identifier]
    job = api.trigger_scheduled_job(scheduled_job_id=identifier)
    assert job.initiator is not None
    assert (job.initiator.type, job.initiator.id) == ("scheduled-job", identifier)
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["hidden"]
    api.wait_for_job(job.id, timeout=60, poll_interval=0.05)
    last = api.inspect_scheduled_job(scheduled_job_id=identifier).status.last_job
    assert last is not None
    assert (last.id, last.at) == (job.id, job.created_at)
    api.suspend_scheduled_job(scheduled_job_id=identifier)
    assert api.inspect_scheduled_job(scheduled_job_id=identifier).suspend is True
    api.resume_scheduled_job(scheduled_job_id=identifier)
    assert api.inspect_scheduled_job(scheduled_job_id=identifier).suspend is False
    changed = api.update_scheduled_job_schedule(scheduled_job_id=identifier, schedule="0 9 * * 1")
    assert changed.schedule == "0 9 * * 1"
    labelled = api.update_scheduled_job_labels(scheduled_job_id=identifier, labels={"a": "1"})
    assert labelled.job_spec.labels == {"a": "1"}
    api.delete_scheduled_job(scheduled_job_id=identifier)
    with pytest.raises(HfHubHTTPError, match="Scheduled job not found"):
        api.inspect_scheduled_job(scheduled_job_id=identifier)


def test_a_scheduled_job_that_runs_is_not_run_again(api: HfApi) -> None:
    made = api.create_scheduled_job(image="x", command=FOREVER, schedule="@yearly")
    job = api.trigger_scheduled_job(scheduled_job_id=made.id)
    with pytest.raises(HfHubHTTPError, match=r"(?s)409.*Another job is already running"):
        api.trigger_scheduled_job(scheduled_job_id=made.id)
    api.cancel_job(job_id=job.id)
    api.delete_scheduled_job(scheduled_job_id=made.id)


def test_webhooks(api: HfApi, emulator: Emulator) -> None:
    """A webhook that is made from a job starts copies of it, with the event and its own secrets."""
    printed = "WEBHOOK_ID", "WEBHOOK_REPO_ID", "WEBHOOK_REPO_TYPE", "WEBHOOK_SECRET", "KEY", "OWN", "WEBHOOK_PAYLOAD"
    source = api.run_job(
        image="python:3.12",
        command=python(f"import os; [print(os.environ.get(name)) for name in {printed}]"),
        env={"OWN": "variable"},
        secrets={"KEY": "of the source", "OTHER": "of the source"},
        labels={"team": "data"},
        timeout=60,
    )
    made = api.create_webhook(
        job_id=source.id,
        watched=[{"type": "bucket", "name": "alice/data"}, WebhookWatchedItem(type="user", name="bob")],
        domains=["repo"],
        secret="s3cret",
        secrets={"KEY": "hidden", "EXTRA": "x"},
    )
    assert made.job is not None
    assert (made.job.docker_image, made.job.command, made.job.environment) == (
        "python:3.12",
        source.command,
        {"OWN": "variable"},
    )
    assert (list(made.job.secrets or ()), made.url, made.secret, made.domains, made.disabled) == (
        ["KEY", "EXTRA"],  # names; those of the source are not copied
        None,
        "s3cret",
        ["repo"],
        False,
    )
    assert made.watched == [WebhookWatchedItem("bucket", "alice/data"), WebhookWatchedItem("user", "bob")]
    assert api.get_webhook(made.id) == made
    elsewhere = api.create_webhook(url="https://example.com/hook", watched=[{"type": "org", "name": "bob"}])
    assert (elsewhere.url, elsewhere.job, elsewhere.domains) == (
        "https://example.com/hook",
        None,
        ["repo", "discussion"],
    )
    listed = {webhook.id: webhook for webhook in api.list_webhooks()}
    assert (listed[made.id], listed[elsewhere.id]) == (made, elsewhere)

    def fire(*argv: str) -> Result:
        return run_here("emulator", "fire", "--state-dir", str(emulator.directory), *argv, environ={})

    refused = f"hint: 'hf webhooks info {made.id}' shows its settings\n"
    assert api.disable_webhook(made.id).disabled is True
    assert fire(made.id) == Result(1, "", f"error: webhook {made.id} is disabled\n{refused}")
    assert api.enable_webhook(made.id).disabled is False
    unwatched = f"error: webhook {made.id} does not watch model:alice/data\n{refused}"
    assert fire(f"webhook:{made.id}", "--repo", "model:alice/data") == Result(1, "", unwatched)
    code, stdout, stderr = fire("--repo", "dataset:bob/cards")  # watched by both, but one starts no job
    assert (code, stderr, len(stdout.split())) == (0, "", 1)
    job = api.inspect_job(job_id=stdout.strip())
    assert job.initiator is not None
    assert (job.initiator.type, job.initiator.id) == ("webhook", made.id)
    assert (job.docker_image, job.command, job.labels) == (source.docker_image, source.command, source.labels)
    assert list(job.secrets or ()) == ["KEY", "EXTRA", "WEBHOOK_SECRET"]
    *values, payload = api.fetch_job_logs(job_id=job.id, follow=True)
    assert values == [made.id, "bob/cards", "dataset", "s3cret", "hidden", "variable"]
    event = WebhookPayload.model_validate_json(payload)
    assert (event.event.action, event.event.scope) == ("update", "repo.content")
    assert (event.repo.name, event.repo.type, event.webhook.id) == ("bob/cards", "dataset", made.id)
    assert event.repo.url.web == "https://huggingface.co/datasets/bob/cards"

    other = api.run_job(image="x", command=python("import os; print(os.environ['KEY'], 'EXTRA' in os.environ)"))
    changed = api.update_webhook(made.id, job_id=other.id, secrets={"EXTRA": ""})
    assert changed.job is not None
    assert (changed.watched, changed.job.command, list(changed.job.secrets or ())) == (
        made.watched,
        other.command,
        ["KEY"],
    )
    again = fire(made.id)
    assert list(api.fetch_job_logs(job_id=again.stdout.strip(), follow=True)) == ["hidden False"]
    environment = api.inspect_job(job_id=again.stdout.strip()).environment or {}
    assert (environment["WEBHOOK_REPO_TYPE"], environment["WEBHOOK_REPO_ID"]) == ("bucket", "alice/data")
    assert api.update_webhook(made.id, url="http://127.0.0.1:1", watched=[]).job is None
    api.delete_webhook(made.id)
    with pytest.raises(HfHubHTTPError, match="Webhook not found"):
        api.get_webhook(made.id)
    gone = f"error: no webhook '{made.id}' in {emulator.directory}\nhint: 'hf webhooks ls' lists them\n"
    assert fire(f"webhook:{made.id}") == Result(3, "", gone)
    api.delete_webhook(elsewhere.id)


@pytest.fixture(scope="module")
def hf(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Hf"]:
    home = str(tmp_path_factory.mktemp("home"))
    hf = Hf({**emulator.environ, "HOME": home, "HF_HUB_DISABLE_UPDATE_CHECK": "1"})
    yield hf
    hf.close()


class TestCommand:
    """`hf jobs`, as a person types it."""

    def test_run_shows_the_output(self, hf: "Hf") -> None:
        code, stdout, _ = hf("run", "python:3.12", *python("print('from a job')"))
        assert code == 0
        assert "\nfrom a job\n" in stdout

    def test_run_fails_with_the_job(self, hf: "Hf") -> None:
        code, stdout, stderr = hf("run", "python:3.12", *python("import sys; print('bad'); sys.exit(5)"))
        assert code == 1
        assert "bad\n" in stdout
        assert "finished with stage 'ERROR': Job failed with exit code: 5. Reason: Error." in stderr

    def test_life_of_a_job(self, hf: "Hf", emulator: Emulator) -> None:
        code = "import sys, time\nprint('begun', flush=True)\ntime.sleep(0.5)\nprint('done')"
        started = hf("run", "--detach", "--name", "by-hf", "--label", "team=ml", "python:3.12", *python(code))
        assert started.code == 0
        (job,) = hf.json("ps", "-a", "--label", "name=by-hf")
        identifier = job["id"]
        assert identifier in started.stdout
        assert hf("logs", "-f", identifier).stdout == "begun\ndone\n"
        assert hf("wait", identifier).code == 0
        (inspected,) = hf.json("inspect", identifier)
        assert (inspected["status"]["stage"], inspected["labels"]["team"]) == ("COMPLETED", "ml")
        again = hf("rerun", identifier)
        assert again.code == 0
        assert "begun\ndone\n" in again.stdout
        copies = [job for job in hf.json("ps", "-a") if (job.get("initiator") or {}).get("id") == identifier]
        assert len(copies) == 1
        long = hf("run", "--detach", "python:3.12", *FOREVER)
        (other,) = [line.split()[-1] for line in long.stdout.splitlines() if line.strip().startswith("id:")]
        assert hf("cancel", other).code == 0
        assert emulator.job(other)["status"]["stage"] == "CANCELED"
        assert "cpu-basic" in hf("hardware").stdout

    def test_scheduled_jobs(self, hf: "Hf") -> None:
        made = hf("scheduled", "run", "--name", "nightly", "0 3 * * *", "python:3.12", *python("print('tick')"))
        assert made.code == 0
        (scheduled,) = [each for each in hf.json("scheduled", "ps", "-a") if each.get("name") == "nightly"]
        assert scheduled["id"] in made.stdout
        triggered = hf("scheduled", "trigger", scheduled["id"])
        assert triggered.code == 0
        (job,) = until(lambda: hf.json("ps", "-a", "--label", "name=nightly"), "the run")
        assert job["id"] in triggered.stdout
        assert hf("logs", "-f", job["id"]).stdout == "tick\n"
        assert hf("scheduled", "delete", scheduled["id"]).code == 0
        assert hf("scheduled", "inspect", scheduled["id"]).code == 1


_HF = """
import contextlib, io, json, sys
from huggingface_hub.cli._output import out
from huggingface_hub.cli.hf import main
for line in sys.stdin:
    out.set_mode()  # else --format of one command holds for the next
    stdout, stderr, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["hf", "jobs", *json.loads(line)]
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    print(json.dumps([code, stdout.getvalue(), stderr.getvalue()]), flush=True)
"""


class Hf:
    """The installed `hf jobs`, run again and again in one process of its own: to import it takes a second."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HF],
            env=command_environ(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def close(self) -> None:
        self._process.communicate(timeout=60)

    def __call__(self, *argv: str) -> Result:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(argv) + "\n")
        stdin.flush()
        return Result(*json.loads(stdout.readline()))

    def json(self, *argv: str) -> list[dict[str, Any]]:
        code, stdout, stderr = self(*argv, "--format", "json")
        assert code == 0, stderr
        parsed: list[dict[str, Any]] = json.loads(stdout)
        return parsed
