"""Each property of a job on every way that it can take: no place forgets one.

An option becomes a key of the request, which becomes a job on the Hub, which `inspect --format command`, `--spec` and
`duplicate` make into the same request again. The properties are those of `NewJob`; a new one needs a row here.
"""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from hfjobs_cli.cli.job_options import JobOptions
from hfjobs_cli.emulator.app import App
from hfjobs_cli.formats.command_line import command_line
from hfjobs_cli.jobspec.new_job import NewJob, Volume
from hfjobs_cli.jobspec.volumes import format_volume
from tests.commands.test_duplicate_changed import SHELLS, read_by, rerun
from tests.emulator import emulation
from tests.support import TOKEN, USER, Hfjobs, Hub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WORDS = ["--", "-", "-e", "--flavor", "--flavor=x", "--endpoint=http://thief", "--dry-run", "--name", "--help"]
"""What must not be read as an option of ours."""

any_character = st.characters(codec="utf-8", exclude_characters="\0")
odd = st.sampled_from("'\"\\$`*!\n\t\r\x1b\x7f\u202e\u3164\xa0%~ -=@#")
anything = st.text(any_character | odd)
texts = st.text(any_character | odd, min_size=1) | st.sampled_from(WORDS)
names = st.from_regex(r"[a-zA-Z][_a-zA-Z0-9]{1,9}", fullmatch=True)
label_texts = st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True)
hosts = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)
parts = st.from_regex(r"[a-zA-Z0-9]{1,9}", fullmatch=True)
paths = st.lists(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1), min_size=1, max_size=3)
ports = st.lists(st.integers(1, 65535), max_size=4, unique=True).map(tuple)
volumes = st.builds(
    lambda type_, owner, name, mount, end, revision, read_only, path: Volume(
        type_,
        f"{owner}/{name}",
        "/" + "/".join(mount) + end,
        None if type_ == "bucket" else revision,
        (read_only is True if end else read_only) if type_ == "bucket" else True if read_only or end else None,
        path and "/".join(path),
    ),
    st.sampled_from(["bucket", "model", "dataset", "space"]),
    parts,
    parts,
    paths,
    st.sampled_from(["", "", ":ro", ":rw"]),
    st.none() | st.sampled_from(["main", "v1.2", "refs/pr/3", "feature/new", "a b"]),
    st.none() | st.booleans(),
    st.none() | paths,
)


class Row(NamedTuple):
    """A property: a value that is not the default, values that it may have, and the options that give it one."""

    sample: Any
    values: st.SearchStrategy[Any]
    options: Callable[[Any], Iterable[str]]


def stands_behind(_value: object) -> list[str]:
    """Return no option for what is an argument of the command line."""
    return []


def one(option: str) -> Callable[[Any], list[str]]:
    return lambda value: [] if value is None else [f"{option}={value}"]


def each(option: str, spell: Callable[[Any], str] = str) -> Callable[[Iterable[Any]], list[str]]:
    return lambda values: [f"{option}={spell(value)}" for value in values]


def pairs(option: str) -> Callable[[Mapping[str, str]], list[str]]:
    return lambda values: [f"{option}={key}={value}" for key, value in values.items()]


def of_labels(labels: Mapping[str, str]) -> list[str]:
    others = {key: value for key, value in labels.items() if key != "name"}
    return [f"--name={labels['name']}" if "name" in labels else "--no-name", *pairs("--label")(others)]


GROUP = "0123456789abcdefABCDEF00"

ROWS: dict[str, Row] = {
    "docker_image": Row(
        "ubuntu", st.sampled_from(["ubuntu", "python:3.12", "localhost:5000/a/b:c", "a/b@sha256:00"]), stands_behind
    ),
    "space_id": Row(None, st.none() | st.just("alice/app"), stands_behind),
    "command": Row(("ls", "-l"), st.lists(texts, min_size=1, max_size=4).map(tuple), stands_behind),
    "arguments": Row(
        ("--all",),
        st.lists(texts, max_size=3).map(tuple),
        lambda words: [f"--arguments={len(words)}"] if words else [],
    ),
    "environment": Row({"MODE": "quick"}, st.dictionaries(names, anything, max_size=3), pairs("--env")),
    "secrets": Row({"KEY": None}, st.dictionaries(names, st.none(), max_size=2), each("--secrets")),
    "flavor": Row("t4-small", st.sampled_from(["cpu-basic", "t4-small"]), one("--flavor")),
    "arch": Row("arm64", st.none() | st.sampled_from(["amd64", "arm64"]), one("--arch")),
    "timeout_secs": Row(90, st.none() | st.integers(1, 10**9), one("--timeout")),
    "attempts": Row(3, st.none() | st.integers(1, 9), one("--attempts")),
    "labels": Row(
        {"name": "train", "team": "ml"}, st.dictionaries(st.just("name") | label_texts, label_texts), of_labels
    ),
    "volumes": Row(
        (Volume("dataset", "alice/cards", "/data", "main", True, "train"),),
        st.lists(volumes, max_size=3, unique_by=lambda volume: volume.mount_path).map(tuple),
        each("--volume", format_volume),
    ),
    "expose": Row((8000,), ports, each("--expose")),
    "expose_public": Row((8080,), ports, each("--expose-public")),
    "ssh": Row(True, st.booleans(), lambda is_on: ["--ssh"] * is_on),
    "network_group": Row("training", hosts, one("--network-group")),
    "network_aliases": Row(("worker",), st.lists(hosts, max_size=2, unique=True).map(tuple), each("--network-alias")),
    "resource_group_id": Row(GROUP, st.none() | st.just(GROUP), one("--resource-group-id")),
}

EVERYTHING = NewJob(**{name: row.sample for name, row in ROWS.items()})

OTHERS: dict[str, dict[str, Any]] = {
    "docker_image": {"docker_image": None, "space_id": "alice/app"},
    "space_id": {"docker_image": None, "space_id": "alice/app"},
    "command": {"command": ("pwd",)},
    "network_group": {"network_group": "another"},
}
"""What stands in place of the default of a property, which cannot be had alone."""


def without(name: str) -> NewJob:
    """Return the job that has everything, but for one property."""
    return replace(EVERYTHING, **OTHERS.get(name, {name: getattr(NewJob(), name)}))


def in_one_place(job: NewJob) -> NewJob:
    """Return the job in an image or in a Space, not in both."""
    return job if job.space_id is None else replace(job, docker_image=None)


jobs = st.builds(NewJob, **{name: row.values for name, row in ROWS.items()}).map(in_one_place)


def options(job: NewJob, but: Iterable[str] = ()) -> list[str]:
    return [word for name, row in ROWS.items() if name not in but for word in row.options(getattr(job, name))]


def words(job: NewJob) -> list[str]:
    """Return the command line that asks for a job."""
    return [*options(job), job.image, "--", *job.command, *job.arguments]


def read(line: str) -> list[str]:
    """Return the words of a command line as one shell hands them on to `hfjobs`."""
    return read_by(SHELLS[0], line) if SHELLS else shlex.split(line)[1:]


def as_told(job: NewJob) -> NewJob:
    """Return the job as the Hub tells of it, which says what it had by default."""
    return replace(job, timeout_secs=job.longest_secs, attempts=job.attempts or 1)


def asking(job: NewJob) -> NewJob:
    """Return the job without an attempt that is the only one, for which nothing is asked."""
    return replace(job, attempts=None) if job.attempts == 1 else job


def known(job: NewJob) -> NewJob:
    """Return the job with the values of its secrets."""
    return replace(job, secrets={name: f"value of {name}" for name in job.secrets})


def changed(job: NewJob, source: str, **environment: str) -> NewJob:
    """Return what `duplicate` makes of the job `source`."""
    return replace(
        job,
        labels={**job.labels, "duplicated-from": source},
        environment={**job.environment, **environment},
    )


NO_SHRINKING = [phase for phase in Phase if phase is not Phase.shrink]
"""A failure names the property by itself."""


class Launches:
    """The program before a Hub that keeps what it is sent, and lets people in by SSH, which the emulator does not."""

    def __init__(self, program: Hfjobs, hub: Hub, job: NewJob) -> None:
        self._program = program.given({name: f"value of {name}" for name in job.secrets})
        self._hub = hub
        self.sent: list[dict[str, Any]] = []
        hub.always(f"/api/jobs/{USER}", self._answer)

    def __call__(self, *argv: str, stdin: str = "") -> str:
        code, stdout, stderr = self._program(*argv, stdin=stdin)
        assert code == 0, f"{' '.join(argv)}: {stderr}"
        return stdout

    def body(self, name: str, *argv: str, stdin: str = "") -> Any:
        """Return the body that a command line would send."""
        return json.loads(self(name, "--dry-run", "--json", *argv, stdin=stdin))

    def start(self, job: NewJob) -> str:
        """Create a job by its options, and return its id."""
        return self("run", "-d", "-q", *words(job)).strip()

    def _answer(self, app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self.sent.append(body)
        content = json.dumps({key: value for key, value in body.items() if key != "ssh"}).encode()
        passed_on = {**environ, "CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)}
        answer = b"".join(app(passed_on, start))
        if body.get("ssh") == {"enabled": True}:
            job = json.loads(answer)
            with self._hub.store.write() as tables:
                tables.save_job({**job, "status": {**job["status"], "sshUrl": "ssh://job@hub"}})
        return [answer]


def test_each_has_a_row_and_a_key() -> None:
    assert list(ROWS) == [field.name for field in fields(NewJob)]
    assert [name for name in ROWS if without(name).body() == EVERYTHING.body()] == []


def test_each_has_an_option() -> None:
    """But those that choose among values, and files that hold several."""
    declared = {f"--{field.name.replace('_', '-')}" for field in fields(JobOptions)}
    about_others = {"--env-file", "--secrets-file", "--any-flavor", "--max-cost", "--no-name"}
    used = {word.partition("=")[0] for word in options(EVERYTHING)} - {"--arguments"}
    assert used == declared - about_others


@settings(max_examples=20, phases=NO_SHRINKING)
@given(job=jobs)
@example(job=EVERYTHING)
@example(job=without("docker_image"))
def test_every_way_leads_to_the_same_request(hfjobs: Hfjobs, hub: Hub, job: NewJob) -> None:
    program = Launches(hfjobs, hub, job)
    shown = program("run", "--dry-run", "--json", *words(job))
    assert json.loads(shown) == job.shown()
    assert program.body("run", "--spec", "-", stdin=shown) == job.shown()

    identifier = program.start(job)
    assert program.sent == [known(job).body()]

    name, *line = read(program("inspect", "--format", "command", identifier))
    assert program.body(name, *line) == asking(as_told(job)).shown()

    again = ROWS["secrets"].options(job.secrets)
    program("duplicate", "-d", "-q", identifier, "-e", "CHANGED=1", *again)
    assert program.sent[-1] == known(changed(as_told(job), identifier, CHANGED="1")).body()


def replaced(value: Any) -> Iterator[Any]:
    """Yield JSON values in which one string or number of `value` is replaced by an unusual one, or a key is."""
    if isinstance(value, bool):
        return
    if isinstance(value, dict):
        for key, held in value.items():
            yield from ({**value, key: each} for each in replaced(held))
        yield {f"1 {key}": held for key, held in value.items()}
    elif isinstance(value, list):
        for place, held in enumerate(value):
            yield from ([*value[:place], each, *value[place + 1 :]] for each in replaced(held))
    elif isinstance(value, str):
        yield from ("", "no such word", "\0", f"{value} "[::-1], value * 99)
    else:
        yield from (-1, 0, 2**16, 2**53)


def test_what_the_hub_refuses_is_refused_before_it_is_sent(hfjobs: Hfjobs, hub: Hub) -> None:
    """What the Hub refuses is what the emulator does, which has a model of its own."""
    job = known(replace(EVERYTHING, ssh=False))
    program = hfjobs.given({name: value or "" for name, value in job.secrets.items()})
    refused, sent = set(), []
    for key, value in job.body().items():
        for each in replaced(value):
            body = {**job.body(), key: each}
            if emulation.ask(hub.endpoint, "POST", f"/api/jobs/{USER}", body, token=TOKEN).status != 400:
                continue
            refused.add(key)
            hub.requests.clear()
            result = program("run", "-d", "--spec", "-", stdin=json.dumps(body))
            if result.code != 2 or any(request.method != "GET" for request in hub.requests):
                sent.append((key, each, result))
    assert sent == []
    assert {"arch", "attempts", "timeoutSeconds", "volumes", "expose", "network", "resourceGroupId"} <= refused


def test_each_is_changed_by_its_option(hfjobs: Hfjobs, hub: Hub) -> None:
    program = Launches(hfjobs, hub, EVERYTHING)
    plain = NewJob(docker_image="python:3.12", command=("true",), labels={"name": "plain"})
    spec = json.dumps(plain.body())
    assert program.body("run", "--spec", "-", *words(EVERYTHING), stdin=spec) == EVERYTHING.shown()

    identifier = program.start(plain)
    others = ["--image", EVERYTHING.image, *options(EVERYTHING, but=["arguments"])]
    program("duplicate", "-d", "-q", *others, identifier, "--", *EVERYTHING.command)
    assert program.sent[-1] == known(changed(replace(EVERYTHING, arguments=()), identifier)).body()


def test_schedules_keep_each(hfjobs: Hfjobs, hub: Hub) -> None:
    """But a network and the way in by SSH, which the Hub does not give them."""
    job = replace(EVERYTHING, ssh=False, network_group=None, network_aliases=())
    program = Launches(hfjobs, hub, job)
    identifier = program("scheduled", "run", "-q", "@daily", *words(job)).strip()
    line = read(program("scheduled", "inspect", "--format", "command", identifier))
    assert json.loads(program(*line[:2], "--dry-run", "--json", *line[2:]))["jobSpec"] == job.shown()


def test_each_is_in_the_summary(hfjobs: Hfjobs, hub: Hub) -> None:
    program = Launches(hfjobs, hub, EVERYTHING)
    summary = program("run", "--dry-run", *words(EVERYTHING))
    assert [name for name in ROWS if program("run", "--dry-run", *words(without(name))) == summary] == []


def test_each_makes_a_difference(hfjobs: Hfjobs, hub: Hub) -> None:
    """But the way in by SSH, and aliases in a network, which 'diff' does not compare."""
    program = Launches(hfjobs, hub, EVERYTHING)
    same = program.start(EVERYTHING)
    found = {name: hfjobs("diff", same, program.start(without(name)), "--json") for name in ROWS}
    assert [name for name, result in found.items() if '"launch"' not in result.stdout] == ["ssh", "network_aliases"]


@settings(max_examples=60)
@given(job=jobs)
def test_a_line_gives_back_the_job_that_it_was_made_of(demo: Hfjobs, job: NewJob) -> None:
    """In every shell that is there."""
    assert rerun(demo, command_line(job, None)) == asking(job).shown()
