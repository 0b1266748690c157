"""Jobs read from what was saved, in place of the Hub's: `--from`."""

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import BY_HAND, DAILY_SCHEDULE, Hfjobs, Hub, Result, run, run_here, run_python, run_shell

HINT = "hint: use a file that 'ps' or 'inspect' printed with --format json or jsonl\n"
EVERYTHING = ("ps", "-a", "--limit", "0")


@pytest.fixture
def saved(hfjobs: Hfjobs, tmp_path: Path) -> Path:
    """All jobs of the history, a line each."""
    path = tmp_path / "jobs.jsonl"
    path.write_text(hfjobs(*EVERYTHING, "--format", "jsonl").stdout, encoding="utf-8")
    return path


@pytest.fixture
def offline(hfjobs: Hfjobs) -> Hfjobs:
    """The program where there is no network, and no token."""
    return hfjobs.given({"HF_HUB_OFFLINE": "1", "HF_TOKEN": ""})


@pytest.mark.parametrize("form", ["jsonl", "json", "indented", "one line", "objects", "utf-16", "twice"])
def test_every_form_gives_the_same_jobs(offline: Hfjobs, hfjobs: Hfjobs, saved: Path, form: str) -> None:
    """What is read is written again to the byte, whatever was made of it meanwhile."""
    expected = saved.read_text(encoding="utf-8")
    jobs = [json.loads(line) for line in expected.splitlines()]
    text = {
        "json": lambda: hfjobs(*EVERYTHING, "--json").stdout,
        "indented": lambda: json.dumps(jobs, indent=4),
        "one line": lambda: json.dumps(jobs, ensure_ascii=False),
        "objects": lambda: "\n".join(json.dumps(job, indent=2) for job in jobs),
        "twice": lambda: json.dumps(jobs[:100]) + json.dumps(jobs[100:]),
    }.get(form, lambda: expected)()
    saved.write_text(text, encoding="utf-16" if form == "utf-16" else "utf-8")
    for result in (
        offline(*EVERYTHING, "--from", str(saved), "--format", "jsonl"),
        offline(*EVERYTHING, "--from", "-", "--format", "jsonl", stdin=text),
        offline("inspect", "--from", str(saved), "--format", "jsonl"),
    ):
        assert result == Result(0, expected, "")


@pytest.mark.parametrize(
    "options",
    [
        ["--status", "error,canceled"],
        ["--initiator", f"scheduled-job:{DAILY_SCHEDULE}"],
        ["--label", "team=ml", "-f", "flavor!=cpu-*"],
        ["--since", "7d", "--until", "2d"],
        ["--sort", "-runtime", "--limit", "5"],
        ["-w", "--width", "100"],
        ["--format", "{{.id}} {{.image}} {{.runtime}} {{.url}} {{.secrets}}"],
        ["--format", "csv", "--columns", "id,command,volumes,expose,status.cancel_reason"],
    ],
)
def test_all_that_is_done_with_jobs_can_be_done_without_a_network(
    offline: Hfjobs, hfjobs: Hfjobs, saved: Path, options: list[str]
) -> None:
    argv = ("ps", "-a", "--limit", "0", *options)
    if "--limit" in options:
        argv = ("ps", "-a", *options)
    code, stdout, _ = hfjobs(*argv)
    again = offline(*argv, "--from", str(saved))
    assert (again.code, again.stdout) == (code, stdout)
    assert stdout


def test_what_is_listed_by_default_is_what_the_hub_lists(offline: Hfjobs, hfjobs: Hfjobs, saved: Path) -> None:
    assert offline("ps", "--from", str(saved)) == hfjobs("ps")
    assert offline("ps", "-a", "--from", str(saved), "--format={{.id}}").stderr == (
        "hint: showing the first 100, there may be more; --limit 0 lists all\n"
    )


def test_a_namespace_is_that_of_the_owner(offline: Hfjobs, saved: Path) -> None:
    result = offline(*EVERYTHING, "--namespace", "aurora-lab", "--from", str(saved))
    assert result.stderr == "no jobs\n"
    assert len(offline(*EVERYTHING, "-q", "--namespace", "davanstrien", "--from", str(saved)).stdout.split()) == 245


def test_costs_of_saved_jobs_are_those_at_the_prices_that_are_remembered(
    offline: Hfjobs, hfjobs: Hfjobs, saved: Path
) -> None:
    argv = ("ps", "-a", "--from", str(saved), "--columns", "id,cost", "--limit", "3")
    assert hfjobs(*argv).code == 0
    result = offline(*argv)
    assert result.code == 0
    assert [line.split()[1][0] for line in result.stdout.splitlines()[1:]] == ["~"] * 3


class TestInspect:
    """References mean the same as on the Hub; what is looked for is in the file."""

    @pytest.mark.parametrize(
        ("references", "found"),
        [
            ([BY_HAND], [BY_HAND]),
            ([BY_HAND[:20]], [BY_HAND]),
            ([f"davanstrien/{BY_HAND}"], [BY_HAND]),
            (["@latest"], ["6a02ebe8aff1cd33e8f345ab"]),
            (["@1", "@0"], ["6a02eb98aff1cd33e8f345a7", "6a02ebe8aff1cd33e8f345ab"]),
            (["@name=classify-cards"], ["6a02ebe8aff1cd33e8f345ab"]),
        ],
    )
    def test_finds_what_is_named(self, offline: Hfjobs, saved: Path, references: list[str], found: list[str]) -> None:
        result = offline("inspect", "--from", str(saved), "-q", *references)
        assert result == Result(0, "".join(f"{identifier}\n" for identifier in found), "")

    def test_names_what_is_not_there(self, offline: Hfjobs, saved: Path) -> None:
        result = offline(
            "inspect", "--from", str(saved), "-q", "6a0000000000000000000000", BY_HAND, f"nobody/{BY_HAND}"
        )
        expected = f"error: no job '6a0000000000000000000000' in {saved}\nerror: no job 'nobody/{BY_HAND}' in {saved}\n"
        assert result == Result(3, f"{BY_HAND}\n", expected)

    def test_takes_the_last_of_what_was_appended(self, offline: Hfjobs, saved: Path) -> None:
        (job,) = json.loads(offline("inspect", "--from", str(saved), BY_HAND).stdout)
        with saved.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**job, "flavor": "newer"}) + "\n")
        assert offline("inspect", "--from", str(saved), BY_HAND, "--format", "{{.flavor}}").stdout == "newer\n"

    def test_needs_a_job_or_a_file(self, offline: Hfjobs) -> None:
        expected = "error: missing argument '[NAMESPACE/]JOB...'\nhint: see 'hfjobs inspect --help'\n"
        assert offline("inspect") == Result(2, "", expected)

    def test_cannot_read_two_things_from_stdin(self, offline: Hfjobs) -> None:
        result = offline("inspect", "--from", "-", "-", stdin="[]")
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: cannot read both jobs and ids from stdin\n")


class TestBroken:
    """What is no job is named with its line, and the others are shown."""

    def lines(self, saved: Path) -> list[str]:
        return saved.read_text(encoding="utf-8").splitlines(keepends=True)[:4]

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ('{"id": "aa", "st\n', "invalid JSON: invalid control character at"),
            ('{"id": "aa",\n', "invalid JSON: expecting property name enclosed in double quotes"),
            ("nonsense\n", "invalid JSON: expecting value"),
            ("7\n", "job should be an object, but is 7"),
            ("{}\n", "job.id is missing"),
            ('{"id": 7}\n', "job.id should be a string, but is 7"),
            ("[" * 100_000 + '{"x":' * 100_000 + "\n", "nested too deeply"),
            (b'{"id": "\xff"}\n', "invalid JSON: invalid \\escape"),
        ],
    )
    def test_lines_are_named(self, offline: Hfjobs, saved: Path, bad: str | bytes, reason: str) -> None:
        first, second, *others = (line.encode() for line in self.lines(saved))
        saved.write_bytes(first + second + (bad if isinstance(bad, bytes) else bad.encode()) + b"".join(others))
        code, stdout, stderr = offline(*EVERYTHING, "--from", str(saved), "--format={{.id}}")
        if reason != "nested too deeply":  # what opens so many arrays does not close them
            assert stderr == f"error: {saved}, line 3: {reason}\n{HINT}"
        assert f"{saved}, line 3: {reason}" in stderr
        assert (code, len(stdout.split())) == (2, 4)

    def test_one_that_ends_too_early_is_named(self, offline: Hfjobs, saved: Path) -> None:
        """As by a full disk, or Ctrl-C."""
        text = "".join(self.lines(saved))
        saved.write_text(text[:-200], encoding="utf-8")
        result = offline(*EVERYTHING, "--from", str(saved), "--format={{.id}}")
        assert (result.code, len(result.stdout.split())) == (2, 3)
        assert result.stderr == f"error: {saved}, line 4: unexpected end inside a value\n{HINT}"

    def test_an_array_that_does_not_end_is_named(self, offline: Hfjobs, saved: Path) -> None:
        saved.write_text("[\n" + ",".join(self.lines(saved)), encoding="utf-8")
        result = offline(*EVERYTHING, "--from", str(saved), "--format={{.id}}")
        assert (result.code, len(result.stdout.split())) == (2, 4)
        assert result.stderr == f"error: {saved}, line 6: unexpected end inside an array\n{HINT}"

    @pytest.mark.parametrize("content", ["<html>\n<body>\n" * 1000, "\x00" * 4096, "hello"])
    def test_what_holds_no_jobs_is_no_snapshot(self, offline: Hfjobs, saved: Path, content: str) -> None:
        saved.write_text(content, encoding="utf-8")
        result = offline(*EVERYTHING, "--from", str(saved), "--json")
        assert result == Result(2, "", f"error: {saved}, line 1: invalid JSON: expecting value\n{HINT}")

    def test_too_many_lines_are_no_snapshot(self, offline: Hfjobs, saved: Path) -> None:
        saved.write_text(self.lines(saved)[0] + "x\n" * 1000, encoding="utf-8")
        result = offline(*EVERYTHING, "--from", str(saved), "--json")
        assert result == Result(
            2, "", f"error: {saved} has more than 20 lines that are not jobs, such as line 22\n{HINT}"
        )

    @pytest.mark.parametrize("content", ["", "[]", "\ufeff\n"])
    def test_an_empty_one_holds_no_jobs(self, offline: Hfjobs, saved: Path, content: str) -> None:
        saved.write_text(content, encoding="utf-8")
        assert offline(*EVERYTHING, "--from", str(saved), "--json") == Result(0, "[]\n", "no jobs\n")

    def test_odd_values_are_left_out(self, offline: Hfjobs, saved: Path) -> None:
        job = {**json.loads(self.lines(saved)[0]), "flavor": 7, "secrets": "x"}
        saved.write_text(json.dumps(job), encoding="utf-8")
        result = offline(*EVERYTHING, "--from", str(saved), "--format", "{{.id}} {{.flavor}} {{.secrets}}")
        assert result.stdout == f"{job['id']} <no value> <no value>\n"
        assert result.stderr == (
            f"warning: {saved}, line 1, job {job['id']}: ignored secrets should be an array, but is 'x'\n"
            f"warning: {saved}, line 1, job {job['id']}: ignored flavor should be a string, but is 7\n"
        )

    @pytest.mark.parametrize(("name", "reason"), [("nowhere", "No such file or directory"), (".", "Is a directory")])
    @pytest.mark.skipif(os.name == "nt", reason="Windows has other words")
    def test_a_file_that_cannot_be_opened_is_a_usage_error(self, offline: Hfjobs, name: str, reason: str) -> None:
        expected = f"error: cannot read --from {name}: {reason}\nhint: use a file, or - for stdin\n"
        assert offline("ps", "--from", name) == Result(2, "", expected)

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a file that can be opened and not read")
    def test_a_file_that_cannot_be_read_is_no_snapshot(self, offline: Hfjobs) -> None:
        code, stdout, stderr = offline("ps", "--from", "/proc/self/mem")
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: /proc/self/mem cannot be read: Input/output error\nhint: ")

    def test_names_of_schedules_are_not_in_it(self, offline: Hfjobs, saved: Path) -> None:
        result = offline("ps", "--from", str(saved), "--initiator", "scheduled-job:refresh-index")
        assert (result.code, result.stdout) == (2, "")
        assert "has no names of schedules" in result.stderr


def test_what_the_hub_itself_answers_can_be_read(offline: Hfjobs, hub: Hub, saved: Path) -> None:
    jobs: list[dict[str, Any]] = hub.all_jobs()
    saved.write_text(json.dumps(jobs), encoding="utf-8")
    shown = offline(*EVERYTHING, "--from", str(saved), "--format", "{{.id}} {{.created}}").stdout.splitlines()
    assert len(shown) == len(jobs)
    assert shown[0] == f"{jobs[0]['id']} {jobs[0]['createdAt'].replace('.000Z', '+00:00')}"


class TestAppended:
    """Of a job that was saved more than once the last state is the job, in every command."""

    FIRST = "6a0200000000000000000001"
    SECOND = "6a0200000000000000000002"

    @pytest.fixture
    def log(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> str:
        """A file to which two listings were written: a job first as it runs, then as it ended, and one that is new."""
        path = tmp_path / "log.jsonl"
        label = {"name": "logged"}
        hub.add(id=self.FIRST, labels=label, status={"stage": "RUNNING", "message": None}, finishedAt=None)
        text = hfjobs("ps", "-a", "--name", "logged", "--format", "jsonl").stdout
        for job in hub.all_jobs():
            if job["id"] == self.FIRST:
                with hub.store.write() as tables:
                    tables.save_job({**job, "status": {"stage": "ERROR", "message": "exit code: 1"}})
        hub.add(id=self.SECOND, labels=label, createdAt="2026-05-12T09:00:00.000Z")
        text += hfjobs("ps", "-a", "--name", "logged", "--format", "jsonl").stdout
        path.write_text(text, encoding="utf-8")
        assert len(text.splitlines()) == 3
        return str(path)

    @pytest.mark.parametrize("is_stdin", [False, True])
    @pytest.mark.parametrize("sort", [(), ("--sort", "-created")])
    def test_ps(self, offline: Hfjobs, log: str, sort: tuple[str, ...], is_stdin: bool) -> None:
        stdin = Path(log).read_text(encoding="utf-8") if is_stdin else ""
        argv = ("--from", "-" if is_stdin else log, "--format", "{{.id}} {{.status}}")
        told = f"{self.SECOND} COMPLETED\n{self.FIRST} ERROR\n"
        assert offline("ps", "-a", *sort, *argv, stdin=stdin) == Result(0, told, "")
        assert offline("inspect", *argv, stdin=stdin).stdout == told
        assert offline("ps", *argv, stdin=stdin).stdout == ""
        assert offline("ps", "-a", "--limit", "1", *argv, stdin=stdin).stdout == told.partition("\n")[0] + "\n"

    def test_report(self, offline: Hfjobs, log: str) -> None:
        argv = ("--by", "name", "--json", "--from", log)
        code, stdout, _ = offline("report", *argv)
        (group,) = json.loads(stdout)
        assert (code, group["jobs"], group["failed"], group["completed"], group["active"]) == (0, 2, 1, 1, 0)

    def test_commands_about_one(self, offline: Hfjobs, log: str) -> None:
        assert json.loads(offline("inspect", self.FIRST, "--from", log).stdout)[0]["status"]["stage"] == "ERROR"
        assert (
            json.loads(offline("describe", self.FIRST, "--from", log, "--json").stdout)[0]["job"]["status"]["stage"]
            == "ERROR"
        )
        assert "ERROR" in offline("tree", self.FIRST, "--from", log).stdout
        rows = json.loads(offline("diff", self.FIRST, self.SECOND, "--from", log, "--json").stdout)
        assert [(each["a"], each["b"]) for each in rows if each["field"] == "status"] == [("ERROR", "COMPLETED")]


class TestOfTheOfficialClient:
    """What `hf jobs ps --json` prints: the status is a word there, and the command a line."""

    @pytest.fixture
    def theirs(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> str:
        hub.add(command=["sh", "-c", "echo 'a b'"], arguments=None, labels=None, volumes=None)
        hf = str(Path(sys.executable).parent / "hf")
        printed = run([hf, "jobs", "ps", "-a", "--limit", "0", "--format", "json"], hfjobs.environ)
        path = tmp_path / "theirs.json"
        path.write_text(printed.stdout, encoding="utf-8")
        return str(path)

    def test_is_read_as_ours_is(self, offline: Hfjobs, hfjobs: Hfjobs, theirs: str) -> None:
        argv = (*EVERYTHING, "--format", "{{.id}} {{.name}} {{.status}} {{.created}} {{.runtime}} {{.flavor}} {{.url}}")
        assert offline(*argv, "--from", theirs) == hfjobs(*argv)
        report = ("report", "--since", "30d", "--by", "status,flavor", "--columns", "-cost,-share")
        assert offline(*report, "--from", theirs) == hfjobs(*report)

    def test_the_command_is_found_by_what_was_printed(self, offline: Hfjobs, theirs: str) -> None:
        result = offline("ps", "-a", "--format={{.id}}", "-f", "command=sh -c echo 'a b'", "--from", theirs)
        assert result.stdout == "6a02000000000000000000aa\n"
        (job,) = json.loads(offline("inspect", "6a02000000000000000000aa", "--from", theirs).stdout)
        assert (job["name"], job["status"]["stage"]) == (None, "COMPLETED")

    def test_volumes_are_read_in_both_spellings(self, offline: Hfjobs, hfjobs: Hfjobs, hub: Hub) -> None:
        """Those of `asdict(job)`, and those of `Volume.to_dict()`, which are the Hub's."""
        id_ = hub.add(volumes=[{"type": "bucket", "source": "a/b", "mountPath": "/m", "readOnly": True, "path": "p"}])
        saved = hfjobs("inspect", id_).stdout
        assert '"mount_path": "/m"' in saved
        theirs = saved.replace('"mount_path"', '"mountPath"').replace('"read_only"', '"readOnly"')
        assert offline("inspect", id_, "--from", "-", stdin=theirs) == Result(0, saved, "")


class TestCompressed:
    @pytest.mark.parametrize("parts", [1, 3])
    def test_is_unpacked(self, offline: Hfjobs, saved: Path, parts: int) -> None:
        """Also several, one appended to the other."""
        text = saved.read_bytes()
        lines = text.splitlines(keepends=True)
        size = -(-len(lines) // parts)
        pieces = [b"".join(lines[at : at + size]) for at in range(0, len(lines), size)]
        packed = saved.with_suffix(".jsonl.gz")
        packed.write_bytes(b"".join(map(gzip.compress, pieces)))
        assert offline(*EVERYTHING, "--from", str(packed), "--format", "jsonl") == Result(0, text.decode(), "")

    def test_comes_from_a_pipe(self, directories: dict[str, str], saved: Path) -> None:
        line = f"gzip -c {saved} | {sys.executable} -m hfjobs_cli ps -a --limit 0 -q --from -"
        result = run_shell(line, directories)
        assert (result.code, len(result.stdout.split()), result.stderr) == (0, 245, "")

    @pytest.mark.parametrize(("cut", "why"), [(slice(-9), "unexpected end"), (slice(12), "unexpected end")])
    def test_what_is_cut_is_an_error(self, offline: Hfjobs, saved: Path, cut: slice, why: str) -> None:
        saved.write_bytes(gzip.compress(saved.read_bytes())[cut])
        assert offline(*EVERYTHING, "--from", str(saved), "--format={{.id}}") == Result(
            2, "", f"error: {saved} cannot be decompressed: {why}\n{HINT}"
        )

    def test_what_is_broken_is_an_error(self, offline: Hfjobs, saved: Path) -> None:
        packed = bytearray(gzip.compress(saved.read_bytes()))
        packed[200:300] = bytes(100)
        saved.write_bytes(packed)
        code, _, stderr = offline(*EVERYTHING, "--from", str(saved), "--json")
        assert (code, stderr.startswith(f"error: {saved} cannot be decompressed: ")) == (2, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
def test_any_number_of_states_takes_the_same_memory(directories: dict[str, str], saved: Path) -> None:
    """Only the last of each job is kept."""
    lines = saved.read_text(encoding="utf-8")
    sizes = {}
    for times in (4, 80):
        saved.write_text(lines * times, encoding="utf-8")
        code = """if True:
            import resource, subprocess, sys
            argv = [sys.executable, "-m", "hfjobs_cli", "ps", "-a", "--limit", "0", "--from", sys.argv[1], "-q"]
            print(subprocess.run(argv, stdout=subprocess.PIPE).stdout.count(b"\\n"))
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        """
        result = run_python(code, str(saved), environ=directories)
        count, kib = map(int, result.stdout.split())
        assert count == 245
        sizes[times] = kib
    assert sizes[80] < sizes[4] + 3_000


def test_the_example_of_the_help_runs(directories: dict[str, str], saved: Path) -> None:
    result = run_here("inspect", "--from", str(saved), "@latest", "-q", environ=directories)
    assert (result.code, result.stderr) == (0, "")
