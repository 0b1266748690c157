"""`hfjobs stats`: what running jobs use, at one moment and as it goes on."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.commands.test_ps_watch import after
from tests.metrics import SAMPLE, Metrics, gpus
from tests.support import (
    BY_HAND,
    TOKEN,
    USER,
    Golden,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Stall,
    command,
    hang_up,
    pass_on,
    posix_only,
    read_by_head,
    run,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ORGANIZATION = "acme"

NO_FIGURES = "error: no metrics for job {} yet\nhint: if it has just started, try again\n"


def number(place: int) -> str:
    return f"6a02000000000000000000{place:02x}"


def running(hub: Hub, place: int, **changes: Any) -> str:
    usual = {
        "createdAt": f"2026-05-12T08:{place:02}:00.000Z",
        "status": {"stage": "RUNNING", "message": None},
        "labels": {"name": "mine"},
    }
    return hub.add(id=number(place), **usual | changes)


@pytest.fixture
def three(hub: Hub) -> list[Metrics]:
    """The streams of three jobs: without GPU, with one, and with eight of which one does nothing."""
    for place in (1, 2, 3):
        running(hub, place)
    eight = gpus(97, 95, 99, 3, 96, 97, 98, 97)
    return [
        Metrics(hub, number(1), cpu_usage_pct=0.4, rx_bps=0),
        Metrics(hub, number(2), gpus=gpus(41.7), memory_used_bytes=15_000_000_000),
        Metrics(hub, number(3), gpus=eight, cpu_usage_pct=88, rx_bps=12_345_678, tx_bps=999_600),
    ]


def replying(status: int, headers: Mapping[str, str] | None = None) -> Misbehavior:
    """Return what answers with an error."""

    def reply(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        response = Response('{"error": "because"}', status, headers=headers, content_type="application/json")
        return response(environ, start)

    return reply


class TestSnapshot:
    """Without -f each job is looked at once, all at once."""

    @pytest.mark.usefixtures("three")
    @pytest.mark.parametrize("columns", [None, 80, 140])
    def test_table(self, hfjobs: Hfjobs, golden: Golden, columns: int | None) -> None:
        """Of GPUs each is shown, where there is room for them, else the least and the most."""
        result = hfjobs("stats", "--name", "mine", columns=columns, NO_COLOR="1")
        assert result == Result(0, golden(f"stats-{columns or 'pipe'}.txt", result.stdout), "")

    @pytest.mark.usefixtures("three")
    def test_filters_know_what_jobs_cost(self, hfjobs: Hfjobs) -> None:
        named = ("stats", "--name", "mine", "--format={{.job_id}}")
        assert (
            hfjobs(*named, "--filter", "cost_usd=*")
            == hfjobs(*named)
            == Result(0, f"{number(3)}\n{number(2)}\n{number(1)}\n", "")
        )

    @pytest.mark.usefixtures("three")
    def test_json_is_what_the_hub_said(self, hfjobs: Hfjobs) -> None:
        """Behind the id of the job."""
        third, second, first = hfjobs.jobs("stats", "--name", "mine", "--json")
        assert list(first) == ["job_id", *SAMPLE]
        assert first == {"job_id": number(1), **SAMPLE, "cpu_usage_pct": 0.4, "rx_bps": 0}
        assert second["gpus"] == gpus(41.7)
        assert [gpu["utilization"] for gpu in third["gpus"].values()] == [97, 95, 99, 3, 96, 97, 98, 97]

    @pytest.mark.usefixtures("three")
    def test_json_is_what_the_official_client_prints(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        """To the same requests."""
        environ = {**hfjobs.environ, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        hf = [sys.executable, "-m", "huggingface_hub.cli.hf"]
        theirs = run([*hf, "jobs", "stats", f"{USER}/{number(1)}", f"{USER}/{number(3)}", "--json"], environ)
        ours = hfjobs.jobs("stats", f"{USER}/{number(1)}", f"{USER}/{number(3)}", "--json")
        assert json.loads(theirs.stdout) == ours

    @pytest.mark.usefixtures("three")
    def test_other_formats(self, hfjobs: Hfjobs) -> None:
        template = "{{.job_id}} {{.cpu_usage_pct}}{{range $id, $gpu := .gpus}} {{$id}}:{{$gpu.utilization}}{{end}}"
        assert hfjobs("stats", number(2), "--format", template).stdout == f"{number(2)} 12 d901cd70:41.7\n"
        assert hfjobs("stats", number(3), "-q").stdout == f"{number(3)}\n"
        result = hfjobs("stats", number(2), "--format", "csv", "--columns", "job_id,cpu,gpu,gpu_memory_usage,replica")
        assert result.stdout == (
            f"job_id,cpu,gpu,gpu_memory_usage,replica\r\n{number(2)},12,42%,10.0GB/80.0GB,j6qz9\r\n"
        )

    @pytest.mark.usefixtures("three")
    def test_sorted_by_the_mean_of_gpus(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("stats", "--name", "mine", "--sort", "gpu", "-q")
        assert result.stdout.split() == [number(2), number(3), number(1)]

    @pytest.mark.usefixtures("three")
    def test_jobs_that_are_named(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """In the order given, of several namespaces, without a listing."""
        foreign = f"/api/jobs/{ORGANIZATION}/{number(9)}/metrics"
        hub.replies_to(foreign, 200, f"event: metric\ndata: {json.dumps(SAMPLE)}\n\n")
        result = hfjobs("stats", f"{USER}/{number(2)}", f"{ORGANIZATION}/{number(9)}", f"{USER}/{number(1)}", "-q")
        assert result.stdout.split() == [number(2), number(9), number(1)]
        assert not [path for path in hub.paths if not path.endswith("/metrics")]

    def test_one_of_an_organisation_is_found_by_its_id(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """As 'inspect' finds it."""
        identifier = hub.all_jobs("aurora-lab")[0]["id"]
        found = f"/api/jobs/aurora-lab/{identifier}/metrics"
        hub.replies_to(found, 200, f"event: metric\ndata: {json.dumps(SAMPLE)}\n\n")
        assert hfjobs("stats", identifier, "-q") == Result(0, f"{identifier}\n", "")

    @pytest.mark.usefixtures("three")
    def test_asks_once_for_each(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("stats", "--name", "mine", "--namespace", USER)
        assert len(hub.requests) == 4
        assert hub.requests[0].query == [("stage", "RUNNING"), ("label", "name=mine")]

    def test_a_job_that_has_just_ended(self, hfjobs: Hfjobs, hub: Hub, three: list[Metrics]) -> None:
        """It does not take the others with it, and it is no failure unless it was named."""
        three[1].end()
        result = hfjobs("stats", "--name", "mine", "--format={{.job_id}}")
        assert result == Result(0, f"{number(3)}\n{number(1)}\n", f"no metrics for {number(2)}\n")
        code, stdout, stderr = hfjobs("stats", number(2), number(1), "-q")
        assert (code, stdout) == (1, f"{number(1)}\n")
        assert stderr == NO_FIGURES.format(number(2))  # the Hub says that it runs
        with hub.store.write() as tables:
            job = tables.job(USER, number(2))
            assert job is not None
            tables.save_job({**job, "status": {"stage": "CANCELED", "message": None}})
        assert hfjobs("stats", number(2), "--format", "jsonl") == Result(
            1,
            "",
            f"error: job {number(2)} is not running: CANCELED\n"
            f"hint: run it again with 'hfjobs duplicate {USER}/{number(2)}'\n",
        )

    @pytest.mark.parametrize(
        ("words", "remark"),
        [(("--name", "nobody"), "no running jobs match\n"), (("--namespace", "aurora-lab"), "no running jobs\n")],
    )
    def test_no_running_job(self, hfjobs: Hfjobs, words: tuple[str, ...], remark: str) -> None:
        assert hfjobs("stats", *words, "--json") == Result(0, "[]\n", remark)

    def test_a_job_that_does_not_exist(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("stats", number(77))
        assert (code, stdout.split()[:2]) == (3, ["JOB", "ID"])
        assert stderr.startswith(f"error: no job '{number(77)}' in namespace '{USER}'")

    @pytest.mark.parametrize("said", ["no json", "[1]", '{"cpu_usage_pct": 1'])
    def test_what_is_no_sample(self, hfjobs: Hfjobs, hub: Hub, said: str) -> None:
        hub.replies_to(f"/api/jobs/{USER}/{number(1)}/metrics", 200, f"event: metric\ndata: {said}\n\n")
        code, stdout, stderr = hfjobs("stats", number(1), "--format", "jsonl")
        assert (code, stdout) == (1, "")
        assert stderr.startswith(f"error: unexpected metrics of job {number(1)}: ")

    def test_what_the_hub_leaves_out(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It is absent, and so is what is odd."""
        odd = json.dumps({"cpu_usage_pct": "high", "gpus": {"a": 7, "b": {"utilization": 3}}, "new": 1})
        hub.replies_to(f"/api/jobs/{USER}/{number(1)}/metrics", 200, f"event: metric\ndata: {odd}\n\n")
        (sample,) = hfjobs.jobs("stats", number(1), "--json")
        assert sample == {
            "job_id": number(1),
            **dict.fromkeys(SAMPLE),
            "gpus": {"b": {"utilization": 3, "memory_used_bytes": None, "memory_total_bytes": None}},
        }

    def test_a_stream_without_a_sample(self, hfjobs: Hfjobs, hub: Hub) -> None:
        running(hub, 1)
        hub.replies_to(f"/api/jobs/{USER}/{number(1)}/metrics", 200, ": keep-alive\n\nevent: other\ndata: {}\n\n")
        code, _, stderr = hfjobs("stats", number(1), "--json")
        assert code == 1
        assert stderr == NO_FIGURES.format(number(1))

    @pytest.mark.parametrize("event", ["", "event: message\n", "event: sample\n", "event: metric\nevent\n"])
    def test_a_sample_is_told_by_its_data(self, hfjobs: Hfjobs, hub: Hub, event: str) -> None:
        """Whatever the event is called: so it is for the official client, too."""
        running(hub, 1)
        said = f"data: ping\n\nevent: other\ndata: 7\n\n{event}data: {json.dumps(SAMPLE)}\n\n"
        hub.replies_to(f"/api/jobs/{USER}/{number(1)}/metrics", 200, said)
        theirs = HfApi(hub.endpoint, token=TOKEN).fetch_job_metrics(job_id=number(1), namespace=USER)
        assert next(iter(theirs)) == SAMPLE
        assert hfjobs.jobs("stats", f"{USER}/{number(1)}", "--json") == [{"job_id": number(1), **SAMPLE}]

    def test_a_job_of_which_there_are_no_figures_yet(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """That its metrics are missing says nothing about the job."""
        hub.replies_to(f"/api/jobs/{USER}/{running(hub, 1)}/metrics", 404, '{"error": "not found"}')
        code, _, stderr = hfjobs("stats", number(1), "--json")
        assert (code, stderr) == (1, NO_FIGURES.format(number(1)))

    def test_names_or_filters(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, _, stderr = hfjobs("stats", BY_HAND, "--name", "mine")
        assert (code, hub.requests) == (2, [])
        assert stderr.startswith("error: jobs and filters cannot be used together\n")


class TestFollow:
    """With -f in a pipe each sample is a line, until all jobs have ended."""

    def end(self, hub: Hub, metrics: Metrics, place: int, stage: str = "COMPLETED") -> None:
        with hub.store.write() as tables:
            job = tables.job(USER, number(place))
            assert job is not None
            tables.save_job({**job, "status": {"stage": stage, "message": None}})
        metrics.end()

    def test_samples_are_lines(self, hfjobs: Hfjobs, hub: Hub) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        metrics.say(cpu_usage_pct=50)
        metrics.say_text(": keep-alive\n\nevent: other\ndata: 7\n\n")
        metrics.say(cpu_usage_pct=60)
        hub.always(f"/api/jobs/{USER}/{number(1)}", after(lambda: self.end(hub, metrics, 1)))
        metrics.hang_up()
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}")
        samples = [json.loads(line) for line in result.stdout.splitlines()]
        assert (result.code, result.stderr) == (0, "")
        assert [each["cpu_usage_pct"] for each in samples] == [12, 50, 60]
        assert samples[0] == {"job_id": number(1), **SAMPLE}

    def test_goes_on_after_a_break(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """As long as the job runs."""
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        looks = iter(range(3))

        def looked_at() -> None:
            if next(looks) < 2:
                metrics.hang_up()
            else:
                self.end(hub, metrics, 1)

        hub.always(f"/api/jobs/{USER}/{number(1)}", after(looked_at))
        metrics.hang_up()
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}", "--format", "tsv", "--columns", "job_id")
        assert result == Result(0, "job_id\n" + f"{number(1)}\n" * 3, "")
        assert hfjobs.pauses == [1.0, 1.0]

    def test_over_a_hub_that_is_away(self, hfjobs: Hfjobs, hub: Hub) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        metrics.first_answer(hang_up, hang_up)
        hub.always(f"/api/jobs/{USER}/{number(1)}", after(lambda: self.end(hub, metrics, 1)))
        metrics.hang_up()
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}", "-q", "--format", "jsonl")
        assert result.code == 2
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}")
        assert (result.code, len(result.stdout.splitlines()), result.stderr) == (0, 1, "")
        assert hfjobs.pauses == [1.0, 1.5]

    @pytest.mark.parametrize("first", [404, 406])
    def test_of_a_job_that_has_no_figures_yet(self, hfjobs: Hfjobs, hub: Hub, first: int) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        metrics.first_answer(*[replying(first)] * 2)
        looks = iter(range(3))

        def looked_at() -> None:
            if next(looks) == 2:
                self.end(hub, metrics, 1)

        hub.always(f"/api/jobs/{USER}/{number(1)}", after(looked_at))
        metrics.hang_up()
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}", "--format={{.job_id}}")
        assert result == Result(0, f"{number(1)}\n", "")

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_hub_that_asks_for_a_pause_gets_it(self, hfjobs: Hfjobs, hub: Hub, status: int) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        metrics.first_answer(replying(status, {"Retry-After": "120"}))
        hub.always(f"/api/jobs/{USER}/{number(1)}", after(partial(self.end, hub, metrics, 1)))
        metrics.hang_up()
        result = hfjobs("stats", "-f", f"{USER}/{number(1)}", "--format={{.job_id}}")
        assert result == Result(0, f"{number(1)}\n", "")
        assert hfjobs.pauses == [120.0]

    def test_a_job_that_ends_leaves_the_others(self, hfjobs: Hfjobs, hub: Hub, three: list[Metrics]) -> None:
        """One of them before it was asked about."""
        self.end(hub, three[0], 1, "ERROR")
        for place in (1, 2):
            ended = partial(self.end, hub, three[place], place + 1)
            hub.always(f"/api/jobs/{USER}/{number(place + 1)}", after(ended))
            three[place].hang_up()
        result = hfjobs("stats", "-f", number(1), number(2), number(3), number(55))
        assert sorted(json.loads(line)["job_id"] for line in result.stdout.splitlines()) == [number(2), number(3)]
        assert result.code == 3
        told, error, _ = result.stderr.splitlines()
        assert told == f"job {number(1)} is not running: ERROR"
        assert error.startswith(f"error: no job '{number(55)}' in namespace '{USER}'")

    @posix_only
    def test_ends_when_its_reader_leaves_though_nothing_comes(self, hfjobs: Hfjobs, hub: Hub) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        code, line, stderr = read_by_head("stats", "-f", number(1), environ=hfjobs.environ)
        assert (code, json.loads(line)["job_id"], stderr) == (0, number(1), "")
        assert hub.paths.count(f"GET {metrics.path}") == 1  # it would be asked again, and so write, after 10 s

    @pytest.mark.parametrize("options", [["-q"], ["--format", "{{.job_id}}"], ["--format=csv", "--columns=job_id"]])
    def test_formats_that_go_on(self, hfjobs: Hfjobs, hub: Hub, options: list[str]) -> None:
        running(hub, 1)
        metrics = Metrics(hub, number(1))
        hub.always(f"/api/jobs/{USER}/{number(1)}", after(partial(self.end, hub, metrics, 1)))
        metrics.hang_up()
        code, stdout, stderr = hfjobs("stats", "-f", f"{USER}/{number(1)}", *options)
        assert (code, stdout.split()[-1], stderr) == (0, number(1), "")

    @pytest.mark.parametrize("format_", ["json", "table"])
    def test_formats_that_cannot_go_on(self, hfjobs: Hfjobs, hub: Hub, format_: str) -> None:
        code, _, stderr = hfjobs("stats", "-f", "--format", format_)
        assert (code, hub.requests) == (2, [])
        assert stderr == (
            f"error: --follow does not support --format {format_} here\n"
            "hint: use a table on a terminal, or one of jsonl, csv, tsv, markdown in a pipe\n"
        )

    def test_no_running_job(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("stats", "-f", "--name", "nobody") == Result(0, "", "no running jobs match\n")


class TestFor:
    """With --for, samples of that long become means and maxima."""

    def finish(self, hub: Hub, metrics: Metrics, place: int) -> None:
        """End a job once it is asked for, when its stream has ended."""
        identifier = number(place)

        def end() -> None:
            with hub.store.write() as tables:
                job = tables.job(USER, identifier)
                assert job is not None
                tables.save_job({**job, "status": {"stage": "COMPLETED", "message": None}})
            metrics.end()

        hub.always(f"/api/jobs/{USER}/{identifier}", after(end))
        metrics.hang_up()

    def test_means_and_maxima(self, hfjobs: Hfjobs, hub: Hub, three: list[Metrics]) -> None:
        """Of all samples of a job and all its GPUs, as fields; a job without samples matches nothing."""
        running(hub, 4)
        hub.replies_to(f"/api/jobs/{USER}/{number(4)}/metrics", 406, '{"error": "not running"}')
        hub.replies_to(
            f"/api/jobs/{USER}/{number(4)}", 200, json.dumps(hub.job(id=number(4), status={"stage": "ERROR"}))
        )
        three[0].say(cpu_usage_pct=10.4, memory_used_bytes=4_500_000_000, gpus=gpus(0, 8))
        three[0].say(cpu_usage_pct=1.2, gpus=gpus(2, 10), rx_bps=300)
        for place, metrics in enumerate(three, 1):
            self.finish(hub, metrics, place)
        jobs = [f"{USER}/{number(place)}" for place in (1, 2, 3)]
        code, stdout, stderr = hfjobs("stats", "--for", "1h", "--name", "mine", "-f", "gpu_utilization<6", "--json")
        assert (code, json.loads(stdout)) == (
            0,
            [
                {
                    "job_id": number(1),
                    "samples": 3,
                    "cpu": 4.0,
                    "cpu_max": 10.4,
                    "memory": 16.67,
                    "memory_max": 30.0,
                    "gpu": 5.0,
                    "gpu_max": 10,
                    "gpu_memory": 18.75,
                    "gpu_memory_max": 25.0,
                    "received": 100.0,
                    "received_max": 300,
                    "sent": 0.0,
                    "sent_max": 0,
                }
            ],
        )
        assert sorted(stderr.splitlines()) == sorted(
            [
                *(
                    f"{number(place)} ended after {said}"
                    for place, said in ((1, "3 samples"), (2, "1 sample"), (3, "1 sample"))
                ),
                f"no metrics for {number(4)}",
            ]
        )
        assert hfjobs("stats", "--for", "1h", "-q", *jobs).code == 1  # named, and they have ended by now

    def test_help_lists_what_is_shown(self, hfjobs: Hfjobs) -> None:
        """Completion and the configuration file take `--for` into account in the same way."""
        assert "\ncpu_max " in hfjobs("stats", "--for", "1m", "--columns", "help").stdout
        assert "\ncpu_max " not in hfjobs("stats", "--columns", "help").stdout

    def test_ends_in_time(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Though the job goes on."""
        metrics = Metrics(hub, running(hub, 1))
        code, stdout, stderr = hfjobs("stats", "--for", "1s", "--name", "mine", "-q")
        assert (code, stdout + stderr) in [(0, f"{number(1)}\n"), (0, f"no metrics for {number(1)}\n")]
        metrics.hang_up()

    def test_at_most_twenty_at_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """More are sampled one group after the other, and cannot be followed."""
        for place in range(1, 22):
            running(hub, place)
            hub.replies_to(f"/api/jobs/{USER}/{number(place)}/metrics", 406, '{"error": "not running"}')
        assert hfjobs("stats", "--follow", "--name", "mine") == Result(
            2,
            "",
            "error: cannot follow 21 jobs at once, at most 20\nhint: select fewer jobs, for example with --limit 20\n",
        )
        for place in range(1, 22):
            ended = json.dumps(hub.job(id=number(place), status={"stage": "ERROR", "message": None}))
            hub.replies_to(f"/api/jobs/{USER}/{number(place)}", 200, ended)
        code, stdout, stderr = hfjobs("stats", "--for", "90s", "--name", "mine", "--format", "jsonl")
        assert (code, stdout) == (0, "")
        assert stderr.splitlines()[0] == "sampling 21 jobs, 20 at a time: takes 3m"
        assert stderr.count("no metrics for") == 2

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--for", "soon"], "error: invalid --for 'soon'\n"),
            (["--for", "1m", "-f"], "error: --for cannot be used with --follow\nhint: -f is --follow here;"),
            (
                ["--for", "1m", "-f", "gpux<5"],
                "error: unknown field 'gpux' in filter 'gpux<5'\nhint: did you mean 'gpu'?",
            ),
            (
                ["--for", "1m", "-f", "cpu_utilization<5"],
                "error: unknown field 'cpu_utilization' in filter 'cpu_utilization<5'\nhint: did you mean 'cpu'?",
            ),
            (
                ["--filter", "gpu_max<5"],
                "error: unknown field 'gpu_max' in filter 'gpu_max<5'\nhint: did you mean 'gpu'?",
            ),
            (["--for", "1m", "--sort", "gpus"], "error: unknown column 'gpus'"),
        ],
    )
    def test_what_is_wrong_is_said_first(self, hfjobs: Hfjobs, hub: Hub, words: list[str], said: str) -> None:
        code, stdout, stderr = hfjobs("stats", *words)
        assert (code, stdout, hub.requests) == (2, "", [])
        assert stderr.startswith(said)

    @posix_only
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--format", "jsonl"], "interrupted: the figures are of less time than --for"),
            (["-q"], "interrupted before the end of --for: no ids are printed"),
        ],
    )
    def test_an_interrupt_shows_what_there_is(
        self, hfjobs: Hfjobs, hub: Hub, stall: Stall, options: list[str], said: str
    ) -> None:
        """But no ids: with them a command such as `cancel -` would act on a few samples."""
        metrics = Metrics(hub, running(hub, 1))
        metrics.hang_up()  # so that the job is asked for, once the sample has been read
        hub.always(f"/api/jobs/{USER}/{number(1)}", stall)
        argv = command("stats", "--for", "1h", "--name", "mine", *options, "--namespace", USER)
        code, stdout, stderr = signalled(argv, hfjobs.environ, stall.arrived, signal.SIGINT)
        assert (code, stderr) == (130, f"error: {said}\n")
        assert stdout == "" if "-q" in options else json.loads(stdout)["samples"] == 1


def test_samples_that_cannot_be_read_hide_no_end(hfjobs: Hfjobs, hub: Hub) -> None:
    """The job is asked for, as the Hub does answer."""
    identifier = hub.add(id="6a0200000000000000000bad", status={"stage": "COMPLETED", "message": None})
    hub.always(
        f"/api/jobs/{USER}/{identifier}/metrics",
        lambda _app, environ, start: Response("event: metric\ndata: {half\n\n", content_type="text/event-stream")(
            environ, start
        ),
    )
    running = json.dumps(hub.job(id=identifier, status={"stage": "RUNNING", "message": None}))
    hub.then(
        pass_on,  # whose token it is
        lambda _app, environ, start: Response(running, content_type="application/json")(environ, start),
    )
    result = hfjobs("stats", "-f", "--format", "jsonl", identifier)
    assert (result.code, result.stdout) == (0, "")
    assert len(hub.requests) < 8


def test_a_job_that_is_given_by_its_id_has_its_name(hfjobs: Hfjobs, hub: Hub) -> None:
    """Where the name is shown, and only there, one more request asks for it; without an answer the figures stand."""
    identifier = running(hub, 1)
    Metrics(hub, identifier)
    path = f"GET /api/jobs/{USER}/{identifier}"
    code, stdout, stderr = hfjobs("stats", f"{USER}/{identifier}", "--columns", "job_id,name,cpu")
    assert (code, stdout.splitlines()[1].split(), stderr) == (0, [identifier, "mine", "12%"], "")
    asked = hub.paths.count(path)
    assert hfjobs("stats", f"{USER}/{identifier}", "-q").stdout == f"{identifier}\n"
    assert hub.paths.count(path) == 2 * asked - 1
    hub.replies_to(f"/api/jobs/{USER}/{identifier}", 404, "{}")
    code, stdout, stderr = hfjobs("stats", f"{USER}/{identifier}", "--columns", "job_id,name,cpu")
    assert (code, stdout.splitlines()[1].split(), stderr) == (0, [identifier, "-", "12%"], "")
