"""`hfjobs duplicate` with something changed, and `inspect --format command`, which starts the same again."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hfjobs_cli.formats.command_line import command_line
from hfjobs_cli.jobspec.new_job import NewJob
from hfjobs_cli.text.terminal_text import printable
from tests.support import (
    BY_HAND,
    BY_SCHEDULE,
    EQUAL,
    TOKEN,
    USER,
    Hfjobs,
    Hub,
    Result,
    act_and_hang_up,
    posix_only,
    run_command,
)


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def created(program: Hfjobs, hub: Hub, *argv: str, **environ: str) -> dict[str, Any]:
    """Return the job that a command line creates."""
    result = program.given(environ)("duplicate", "-q", *argv)
    assert result.code == 0, result.stderr
    job = hub.all_jobs()[0]
    assert result.stdout == f"{job['id']}\n"
    return job


class TestChanges:
    def test_all_that_is_not_changed_stays(self, hfjobs: Hfjobs, hub: Hub) -> None:
        old = hub.job()
        job = created(hfjobs, hub, BY_HAND, "--timeout", "2h", "-s", "HF_TOKEN")
        assert job["timeout"] == 7200
        assert job["labels"] == {**old["labels"], "duplicated-from": BY_HAND}
        for key in ("dockerImage", "command", "arguments", "environment", "secrets", "flavor"):
            assert job[key] == old[key]
        assert job["initiator"]["type"] == "user"
        with hub.store.read() as tables:
            assert tables.secrets_of_job(job["id"]) == {"HF_TOKEN": TOKEN}
        assert posts(hub) == [f"POST /api/jobs/{USER}"]

    def test_every_override(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = created(
            hfjobs,
            hub,
            *(BY_HAND, "--flavor", "t4-small", "--timeout", "90s", "--attempts", "3", "--image", "hf.co/spaces/a/b"),
            *(
                "-e",
                "NEW=1",
                "-e",
                "VLLM_LOGGING_LEVEL=INFO",
                "-s",
                "OTHER=x",
                "--drop-secrets",
                "--label",
                "team=other",
            ),
            *("-l", "more=1", "--name", "again", "-v", "hf://alice/m:/m", "--expose", "80", "--network-group", "g"),
            *("--", "echo", "--", "-e"),
        )
        assert job["spaceId"] == "a/b"
        assert "dockerImage" not in job
        assert (job["flavor"], job["timeout"], job["retry"]) == ("t4-small", 90, 2)
        assert (job["command"], job["arguments"]) == (["echo", "--", "-e"], [])
        assert job["environment"] == {"VLLM_LOGGING_LEVEL": "INFO", "NEW": "1"}
        assert job["secrets"] == ["OTHER"]
        assert job["labels"] == {"name": "again", "team": "other", "more": "1", "duplicated-from": BY_HAND}
        assert job["volumes"] == [{"type": "model", "source": "alice/m", "mountPath": "/m"}]
        assert (job["expose"], job["network"]) == ({"ports": [80], "portsPublic": []}, {"group": "g"})

    def test_a_variable_can_be_taken_away(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = created(hfjobs, hub, BY_HAND, "--unset-env", "VLLM_LOGGING_LEVEL", "--drop-secrets")
        assert (job["environment"], job.get("secrets")) == ({}, None)

    def test_one_that_is_not_there_is_a_mistake(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", BY_HAND, "--unset-env", "VLLM_LOGING_LEVEL", "--drop-secrets")
        assert result == Result(
            2,
            "",
            "error: --unset-env VLLM_LOGING_LEVEL: no such variable\nhint: the variables are: VLLM_LOGGING_LEVEL\n",
        )
        assert posts(hub) == []

    def test_secrets_are_never_lost_without_a_word(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", BY_HAND, "--flavor", "t4-small")
        assert result == Result(
            2,
            "",
            f"error: secret values cannot be read back from job {BY_HAND}: HF_TOKEN\n"
            "hint: pass -s HF_TOKEN, or --drop-secrets to run without them\n",
        )
        assert posts(hub) == []

    def test_nothing_is_created_if_one_of_several_cannot_be_changed_so(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.add(id="6a02000000000000000000b1", secrets=["KEY"])
        result = hfjobs("duplicate", BY_HAND, "6a02000000000000000000b1", "-s", "HF_TOKEN", "--flavor", "t4-small")
        assert (result.code, result.stdout) == (2, "")
        assert "secret values cannot be read back from job 6a02000000000000000000b1: KEY" in result.stderr
        assert posts(hub) == []

    def test_several_are_changed_in_the_same_way(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", "-q", BY_HAND, "none", BY_SCHEDULE, BY_HAND, "-e", "AB=1", "-s", "HF_TOKEN")
        assert result.code == 3
        assert len(result.stdout.split()) == 3
        jobs = hub.all_jobs()[:3]
        assert {job["environment"]["AB"] for job in jobs} == {"1"}
        sources = [job["labels"]["duplicated-from"] for job in jobs]
        assert sorted(sources) == sorted([BY_HAND, BY_HAND, BY_SCHEDULE])

    def test_bad_values_are_found_before(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for option in (("--timeout", "90x"), ("--flavor", "a10"), ("-e", "A=1"), ("--image", "")):
            assert hfjobs("duplicate", BY_HAND, "--drop-secrets", *option).code == 2
        assert posts(hub) == []

    def test_a_limit_of_nothing_is_a_limit(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("duplicate", BY_HAND, "--max-cost", "0", "--drop-secrets")
        assert (code, stdout, posts(hub)) == (2, "", [])
        assert stderr.startswith("error: $0.00 is less than the price of one minute of l40sx1")

    def test_a_lost_answer_is_looked_for(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        hub.then(lambda app, environ, start: app(environ, start), act_and_hang_up)
        result = hfjobs("duplicate", "-q", BY_HAND, "-e", "AB=1", "--drop-secrets")
        assert (result.code, result.stdout) == (0, f"{hub.all_jobs()[0]['id']}\n")
        assert result.stderr.endswith(f"; found the new job by its image and command{EQUAL}\n")
        assert posts(hub) == [f"POST /api/jobs/{USER}"]

    def test_of_two_the_second_is_not_taken_for_the_first(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")

        def answer(app: Any, environ: Any, start: Any) -> Any:
            return app(environ, start)

        hub.then(answer, answer, act_and_hang_up)
        result = hfjobs("duplicate", "-q", BY_HAND, BY_HAND, "-e", "AB=1", "--drop-secrets")
        assert result.code == 0
        assert sorted(result.stdout.split()) == sorted(job["id"] for job in hub.all_jobs()[:2])


class TestDifferences:
    ARGV = ("--flavor", "t4-small", "-e", "AB=1", "-e", "API_KEY=s3cret", "--drop-secrets", "--dry-run")

    def test_are_shown_and_nothing_is_sent(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", BY_HAND, *self.ARGV, "--format", "csv")
        assert result == Result(
            0,
            "field,a,b\r\nflavor,l40sx1,t4-small\r\nenvironment.AB,,1\r\nenvironment.API_KEY,,***\r\n"
            "secrets.HF_TOKEN,given,\r\n",
            "nothing was sent (--dry-run)\n",
        )
        assert posts(hub) == []

    def test_as_json_they_are_records(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, _ = hfjobs("duplicate", BY_HAND, *self.ARGV, "--json")
        assert code == 0
        first, *_ = json.loads(stdout)
        assert first == {
            **{"field": "flavor", "a": "l40sx1", "b": "t4-small", "part": "launch"},
            **{"job_a": BY_HAND, "job_b": "new"},
        }
        assert posts(hub) == []

    def test_there_may_be_none(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", BY_HAND, "--dry-run", "--json")
        told = "would run 1 job again, unchanged\nnothing was sent (--dry-run)\n"
        assert (result.code, result.stderr) == (0, told)
        assert [each["id"] for each in json.loads(result.stdout)] == [BY_HAND]
        assert posts(hub) == []


SHELLS = [
    [path, *options]
    for name, *options in (["dash"], ["bash"], ["zsh", "-f"], ["ksh"], ["mksh"], ["busybox", "sh"])
    if (path := shutil.which(name))
]
"""Those that are installed, of which any may be the one into which a line is pasted."""

shell = pytest.mark.parametrize("shell", SHELLS or [["sh"]], ids=lambda shell: Path(shell[0]).name)


def read_by(shell: list[str], line: str) -> list[str]:
    """Return the words of a command line as a shell hands them on to `hfjobs`."""
    script = f"hfjobs() {{ for word do printf '%s\\0' \"$word\"; done; }}\n{line}"
    done = subprocess.run([*shell, "-c", script], env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def rerun(program: Hfjobs, line: str) -> Any:
    """Return the body that a line of `--format command` would send, the same from every shell."""
    assert line.startswith("hfjobs ")
    read = [read_by(shell, line) for shell in SHELLS] or [shlex.split(line)[1:]]
    assert all(words == read[0] for words in read)
    code, stdout, stderr = program(read[0][0], "--any-flavor", "--dry-run", "--json", *read[0][1:])
    assert code == 0, (line, stderr)
    return json.loads(stdout)


def body_of(job: dict[str, Any]) -> dict[str, Any]:
    """Return the body of which a job, as the Hub sends it, was made, with the timeout that the Hub may have added."""
    same = ("dockerImage", "spaceId", "command", "arguments", "environment", "flavor", "arch", "labels", "volumes")
    body = {key: job[key] for key in (*same, "expose", "network", "resourceGroupId") if key in job}
    body |= {"timeoutSeconds": job["timeout"]}
    body |= {"attempts": job["retry"] + 1} if job.get("retry") else {}
    body |= {"secrets": dict.fromkeys(job["secrets"])} if job.get("secrets") else {}
    return body


class TestCommandLine:
    def test_is_one_line_quoted_for_a_shell(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("inspect", "--format", "command", BY_HAND) == Result(
            0,
            "hfjobs run --flavor l40sx1 --timeout 7200 --name classify-cards -l team=data "
            "-e VLLM_LOGGING_LEVEL=WARNING -s HF_TOKEN --namespace davanstrien vllm/vllm-openai:latest -- python -c "
            "'print(\"1842 of 1842 cards classified\")' --model davanstrien/tiny-judge\n",
            "",
        )

    def test_every_kind_of_job_of_the_demo_is_made_again(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = [*hub.all_jobs(), *hub.all_jobs("aurora-lab")]
        kinds = {json.dumps(body_of(job), sort_keys=True): job for job in jobs}
        assert len(kinds) > 8
        for job in kinds.values():
            line = hfjobs("inspect", "--format", "command", f"{job['owner']['name']}/{job['id']}").stdout
            assert rerun(hfjobs, line) == body_of(job)

    @posix_only
    @shell
    def test_what_a_terminal_would_obey_is_printed_by_any_shell(
        self, hfjobs: Hfjobs, hub: Hub, shell: list[str]
    ) -> None:
        words = ["\x1b[2J", "tab\there", "it's \\ \u202e", "\x01" * 3 + "1", "é\x7f", "\r", "=ls", "!!", "~", "a\n\t\n"]
        identifier = hub.add(command=words, arguments=["\u3164", "%s\t%%"])
        line = hfjobs("inspect", "--format", "command", identifier).stdout.removesuffix("\n")
        assert printable(line) == line.replace("\n", "\\n")
        assert read_by(shell, line)[-12:] == [*words, "\u3164", "%s\t%%"]

    @posix_only
    def test_what_the_output_cannot_hold_is_printed_by_the_shell(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """A backslash and digits would be another word."""
        identifier = hub.add(command=["echo", "café"], arguments=[])
        environ = {**hfjobs.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        line = run_command("inspect", "--format", "command", identifier, environ=environ).stdout
        assert read_by(["sh"], line)[-2:] == ["echo", "café"]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"dockerImage": "--endpoint=http://thief"}, "invalid image '--endpoint=http://thief'"),
            ({"dockerImage": "-h"}, "invalid image '-h'"),
            ({"environment": {"A\tB": "x"}}, "invalid variable name 'A\\tB'"),
            ({"secrets": ["HF_TOKEN=x"]}, "invalid secret name 'HF_TOKEN=x'"),
            ({"command": ["echo", "\ud800"]}, "an argument of the command is not UTF-8"),
            (
                {"command": ["echo", "a\0b"]},
                "an argument of the command contains a NUL character, which cannot be passed to a program",
            ),
            ({"flavor": "x\ud800"}, "'x\\ud800' contains an incomplete character, which a command line cannot contain"),
            (
                {"volumes": [{"type": "dataset", "source": "a/b", "mountPath": "/a:/b"}]},
                "cannot write the volume 'a/b' at '/a:/b' as an option -v",
            ),
            (
                {"volumes": [{"type": "dataset", "source": "a/b:/etc", "mountPath": "/a"}]},
                "cannot write the volume 'a/b:/etc' at '/a' as an option -v",
            ),
        ],
    )
    def test_what_would_be_another_job_is_refused(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], message: str
    ) -> None:
        """The others are shown."""
        odd = hub.add(**changes)
        code, stdout, stderr = hfjobs("inspect", "--format", "command", odd, BY_HAND)
        assert (code, len(stdout.splitlines())) == (1, 1)
        assert stderr == (
            f"error: cannot write job {odd} as a command line: {message}\n"
            f"hint: use 'hfjobs inspect {odd}' to show all of it\n"
        )

    def test_each_that_is_refused_is_named(self, hfjobs: Hfjobs, hub: Hub) -> None:
        odd = [hub.add(id=f"{number:024x}", dockerImage=f"--{number}") for number in (1, 2)]
        code, stdout, stderr = hfjobs("inspect", "--format", "command", *odd)
        assert (code, stdout) == (1, "")
        told = [f"error: cannot write job {job} as a command line: " for job in odd]
        assert [line[: len(told[0])] for line in stderr.splitlines()[:2]] == told

    @pytest.mark.parametrize("argv", [("inspect", "--format", "command"), ("duplicate", "-d", "-e", "AB=1")])
    def test_a_job_of_the_hub_has_no_volume_of_this_machine(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], tmp_path: Path
    ) -> None:
        """It would be taken to a bucket."""
        volume = {"type": "local", "source": str(tmp_path), "mountPath": "/keys"}
        odd = hub.add(volumes=[volume], secrets=[])
        code, stdout, stderr = hfjobs(*argv, odd)
        assert (code, stdout) == (1, "")
        assert stderr.startswith(f"error: job {odd} has a volume of the unknown type 'local': ")
        assert posts(hub) == []

    @pytest.mark.parametrize(
        ("changes", "part"),
        [
            ({"flavor": "--endpoint=http://thief"}, "--flavor=--endpoint=http://thief"),
            ({"labels": {"name": "-n", "-": "0"}}, "--name=-n --label=-=0"),
            ({"command": ["ls", "--flavor", "a100"], "arguments": []}, " -- ls --flavor a100"),
            ({"command": ["--", "x"], "arguments": []}, " -- -- x"),
            (
                {"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/d:ro"}]},
                "-v hf://buckets/a/b:/d:ro:rw",
            ),
            (
                {"volumes": [{"type": "model", "source": "a/b", "mountPath": "/d:rw", "readOnly": True}]},
                "-v hf://models/a/b:/d:rw:ro",
            ),
        ],
    )
    def test_what_looks_like_an_option_is_none(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], part: str
    ) -> None:
        line = hfjobs("inspect", "--format", "command", hub.add(**changes)).stdout
        assert part in line
        body = rerun(hfjobs, line)
        told = hub.job(**changes)
        assert (body["flavor"], body["labels"]) == (told["flavor"], told["labels"])
        assert [*body["command"], *body["arguments"]] == [*told["command"], *told["arguments"]]
        mounted = [each["mountPath"] for each in told.get("volumes") or ()]
        assert [each["mountPath"] for each in body.get("volumes", ())] == mounted

    @pytest.mark.parametrize(("attempts", "told"), [([], ""), (["1"], ""), (["3"], "--attempts 3 ")])
    def test_one_attempt_is_what_the_hub_makes_of_none(
        self, hfjobs: Hfjobs, hub: Hub, attempts: list[str], told: str
    ) -> None:
        """Its schema says so. Of a timeout it does not, so that is in the line, whatever was typed."""
        option = [f"--attempts={number}" for number in attempts]
        hfjobs("run", "-d", "--name", "n", *option, "ubuntu", "true")
        assert hfjobs("inspect", "--format", "command", hub.all_jobs()[0]["id"]) == Result(
            0, f"hfjobs run --timeout 1800 {told}--name n --namespace davanstrien ubuntu true\n", ""
        )

    def test_is_for_jobs_and_schedules_alone(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("hardware", "--format", "command")
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: unknown format 'command'\n")


@pytest.mark.parametrize("words", [("--", "x"), ("-e", "A=1"), ("--flavor",), ("a", "--"), ()])
def test_odd_commands_too(demo: Hfjobs, words: tuple[str, ...]) -> None:
    job = NewJob(docker_image="ubuntu", command=words, labels={"name": "n"})
    assert rerun(demo, command_line(job, None)) == job.shown()
