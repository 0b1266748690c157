"""`hfjobs ssh`: it becomes ssh, with nothing on its command line that a server could have put there."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.support import (
    BY_HAND,
    USER,
    Hfjobs,
    Hub,
    Result,
    Stall,
    command,
    installed,
    posix_only,
    run,
    run_command,
    signalled,
)

ADDRESS = "ssh://6a02000000000000000000aa@ssh.hf.jobs"


def status(stage: str = "RUNNING", ssh_url: str | None = ADDRESS, message: str | None = None) -> dict[str, object]:
    found: dict[str, object] = {"stage": stage, "message": message}
    return {**found, "sshUrl": ssh_url} if ssh_url else found


@pytest.fixture
def job(hub: Hub) -> str:
    """Return the id of a job that runs, with ssh."""
    return hub.add(status=status(), finishedAt=None)


@pytest.fixture
def with_ssh(hfjobs: Hfjobs, tmp_path: Path) -> Hfjobs:
    """Return the program with an ssh on the PATH that prints its words and ends with 7."""
    programs = tmp_path / "programs"
    programs.mkdir()
    ssh = programs / "ssh"
    ssh.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\nsys.exit(7)\n", encoding="utf-8")
    ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
    return hfjobs.given({"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})


@posix_only
class TestBecomesSsh:
    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            ([], ["--", "6a02000000000000000000aa@ssh.hf.jobs"]),
            (["--", "nvidia-smi", "-l", "5"], ["--", "6a02000000000000000000aa@ssh.hf.jobs", "nvidia-smi", "-l", "5"]),
            (["ls", "a b"], ["--", "6a02000000000000000000aa@ssh.hf.jobs", "ls", "a b"]),
        ],
    )
    def test_with_its_words_and_its_exit_code(
        self, with_ssh: Hfjobs, job: str, argv: list[str], words: list[str]
    ) -> None:
        result = run_command("ssh", job, *argv, environ=with_ssh.environ)
        assert result == Result(7, f"{words}\n", "")

    def test_with_a_key(self, with_ssh: Hfjobs, job: str, tmp_path: Path) -> None:
        key = tmp_path / "key"
        key.write_text("", encoding="utf-8")
        result = run_command("ssh", job, "-i", str(key), environ=with_ssh.environ)
        assert result.stdout == f"{['-i', str(key), '--', '6a02000000000000000000aa@ssh.hf.jobs']}\n"

    def test_not_one_of_the_current_directory(self, with_ssh: Hfjobs, job: str, tmp_path: Path) -> None:
        """An empty entry of the PATH is that directory, too."""
        ssh = tmp_path / "clone" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text("#!/bin/sh\necho stolen\n", encoding="utf-8")
        ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
        path = f":.:{with_ssh.environ['PATH']}"
        result = run(installed("ssh", job), {**with_ssh.environ, "PATH": path}, directory=ssh.parent)
        assert result == Result(7, f"{['--', '6a02000000000000000000aa@ssh.hf.jobs']}\n", "")

    def test_where_there_is_none(self, hfjobs: Hfjobs, job: str, tmp_path: Path) -> None:
        result = run_command("ssh", job, environ={**hfjobs.environ, "PATH": str(tmp_path)})
        told = "error: ssh not found\nhint: install OpenSSH; --dry-run prints the command\n"
        assert result == Result(1, "", told)


class TestDryRun:
    def test_prints_the_command_line(self, hfjobs: Hfjobs, job: str, tmp_path: Path) -> None:
        key = tmp_path / "my key"
        key.write_text("", encoding="utf-8")
        result = hfjobs("ssh", job, "-i", str(key), "--dry-run", "--", "ls", "a b")
        assert result == Result(0, f"ssh -i '{key}' -- 6a02000000000000000000aa@ssh.hf.jobs ls 'a b'\n", "")

    def test_with_a_port(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = hub.add(status=status(ssh_url="ssh://me@example.org:2222"), finishedAt=None)
        assert hfjobs("ssh", job, "--dry-run") == Result(0, "ssh -p 2222 -- me@example.org\n", "")

    @pytest.mark.parametrize(
        "address",
        [
            "ssh://-oProxyCommand=x@h",
            "ssh://u@-oProxyCommand=x",
            "ssh://u%20-o@h",
            "ssh://u@h:port",
            "ssh://u@",
            "ssh://h",
            "http://u@h",
            "ssh://u@h;touch x",
            "ssh://u@[::1",
            "-oProxyCommand=x",
            "ssh://u@h\nProxyCommand",
        ],
    )
    def test_takes_no_address_that_is_more_than_one(self, hfjobs: Hfjobs, hub: Hub, address: str) -> None:
        job = hub.add(status=status(ssh_url=address), finishedAt=None)
        code, stdout, stderr = hfjobs("ssh", job, "--dry-run")
        assert (code, stdout) == (1, "")
        assert stderr.startswith(f"error: invalid ssh address of job {job}: 'ssh://"[:50])


class TestWaiting:
    def test_for_a_job_that_is_scheduling(self, with_ssh: Hfjobs, hub: Hub) -> None:
        """It is asked about again until it runs."""
        job = hub.add(status=status("SCHEDULING"), finishedAt=None)
        scheduling = {**hub.job(status=status("SCHEDULING")), "id": job}
        running = {**scheduling, "status": status()}
        hub.replies(200, json.dumps(scheduling), times=2)
        hub.replies(200, json.dumps(running))
        hub.replies(200, json.dumps({**running, "status": status("COMPLETED")}))
        result = with_ssh("ssh", f"{USER}/{job}", "--dry-run")
        assert result.stdout == "ssh -- 6a02000000000000000000aa@ssh.hf.jobs\n"
        assert with_ssh.pauses == []  # what is only shown is not waited for

    def test_names_the_end_of_a_job_that_never_ran(self, hfjobs: Hfjobs, hub: Hub) -> None:
        scheduling = hub.job(status=status("SCHEDULING", message="waiting for hardware"))
        hub.replies(200, json.dumps(scheduling), times=3)
        hub.replies(200, json.dumps({**scheduling, "status": status("CANCELED")}))
        result = hfjobs("ssh", f"{USER}/{scheduling['id']}")
        told = (
            f"error: job {scheduling['id']} is not running: CANCELED\n"
            f"hint: run it again with 'hfjobs duplicate {USER}/{scheduling['id']}'\n"
        )
        assert result == Result(1, "", told)
        assert hfjobs.pauses == [1.0, 1.5, 2.25]

    @posix_only
    def test_is_ended_by_an_interrupt(self, hfjobs: Hfjobs, hub: Hub, job: str, stall: Stall) -> None:
        hub.then(stall)
        result = signalled(command("ssh", f"{USER}/{job}"), hfjobs.environ, stall.arrived, signal.SIGINT)
        assert result == Result(130, "", "interrupted\n")


class TestRefusals:
    def test_of_a_job_that_has_ended(self, hfjobs: Hfjobs) -> None:
        hint = f"run it again with 'hfjobs duplicate {USER}/{BY_HAND}'"
        told = f"error: job {BY_HAND} is not running: COMPLETED\nhint: {hint}\n"
        assert hfjobs("ssh", BY_HAND) == Result(1, "", told)

    def test_of_a_job_without_ssh(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = hub.add(status=status(ssh_url=None), finishedAt=None)
        told = f"error: job {job} was not started with --ssh\nhint: start the job with 'hfjobs run --ssh'\n"
        assert hfjobs("ssh", job) == Result(1, "", told)

    def test_of_a_key_in_the_home_directory(self, hfjobs: Hfjobs, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A shell leaves `~` behind `=` as it is; ssh would expand it."""
        home = Path(hfjobs.environ["HOME"])
        home.mkdir(exist_ok=True)
        (home / "key").write_text("key")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("USERPROFILE", str(home))
        code, stdout, stderr = hfjobs("ssh", job, "--identity-file=~/key", "--dry-run")
        assert (code, stderr) == (0, "")
        assert stdout.startswith(f"ssh -i {home / 'key'} ")

    def test_of_a_key_that_is_not_there(self, hfjobs: Hfjobs, hub: Hub, job: str) -> None:
        code, stdout, stderr = hfjobs("ssh", job, "-i", "nowhere")
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: invalid value for '--identity-file' / '-i': file 'nowhere' does not exist\n")
        assert hub.requests == []
