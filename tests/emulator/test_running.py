"""The emulator runs jobs: as processes on this machine, to their end and not beyond, whatever is killed meanwhile."""

import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest

from hfjobs_cli.emulator.app import open_app
from hfjobs_cli.emulator.schedules import Schedules
from tests.emulator.emulation import Emulator, Json, Serve, is_gone, until
from tests.support import BY_HAND, DAILY_SCHEDULE, USER, Result, hostile_directory, run_command, run_python

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has neither signals nor process groups")

IS_ROOT = os.name == "posix" and os.geteuid() == 0

FAILED = "Job failed with exit code: {}. Reason: Error."
FOREVER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.1)"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One that all tests of this file use which do not stop it."""
    environ = {"HF_TOKEN": "hf_notTheBusinessOfJobs", "SECRET_OF_THIS_MACHINE": "1"}
    served = Emulator(tmp_path_factory.mktemp("running") / "state", "--empty", environ=environ)
    yield served
    served.stop()


@pytest.fixture
def own(serve: Serve, tmp_path: Path) -> Emulator:
    """One that a test may stop and kill."""
    return serve(tmp_path / "state", "--empty")


def test_imports_nothing_from_its_own_directory(serve: Serve, tmp_path: Path) -> None:
    """An empty entry of PYTHONPATH is the current directory, which for the supervisor is that of the jobs."""
    emulator = serve(tmp_path / "state", "--empty", environ={"PYTHONPATH": f"{os.pathsep}{tmp_path / 'none'}"})
    hostile_directory(tmp_path / "state")
    identifier = emulator.python("print('hello')")
    assert emulator.output(identifier) == ["hello"]
    assert not (tmp_path / "state" / "stolen").exists()


class TestEnds:
    def test_of_a_command_that_succeeds(self, emulator: Emulator) -> None:
        identifier = emulator.python("print('hello')")
        assert emulator.output(identifier) == ["hello"]
        job = emulator.wait(identifier)
        assert job["status"] == {"stage": "COMPLETED", "message": None, "failureCount": 0}
        assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"]
        assert set(job["durations"]) == {"schedulingSecs", "runningSecs", "totalSecs"}

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("import sys; sys.exit(3)", "Job failed with exit code: 3. Reason: Error."),
            pytest.param(
                "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
                "Job failed with exit code: 137. Reason: Error.",
                marks=POSIX,
            ),
        ],
    )
    def test_of_a_command_that_fails(self, emulator: Emulator, code: str, message: str) -> None:
        job = emulator.wait(emulator.python(code))
        assert job["status"] == {"stage": "ERROR", "message": message, "failureCount": 1}

    def test_of_a_command_that_is_not_there(self, emulator: Emulator) -> None:
        identifier = emulator.run("no-such-program")
        assert emulator.wait(identifier)["status"]["message"] == "Job failed with exit code: 127. Reason: Error."
        assert emulator.output(identifier) == ["no-such-program: No such file or directory"]

    def test_of_a_job_without_a_command(self, emulator: Emulator) -> None:
        body = {"dockerImage": "python:3.12", "flavor": "cpu-basic"}
        identifier = emulator.ask("POST", f"/api/jobs/{USER}", body).data["id"]
        message = "The job has no command, and the emulator does not run the command of its image"
        assert emulator.wait(identifier)["status"]["message"] == message

    def test_of_one_whose_time_is_up(self, emulator: Emulator) -> None:
        for secs in (1, 5, 30):  # on a machine that is slow it may be up before anything is printed
            identifier = emulator.python(FOREVER, timeoutSeconds=secs)
            job = emulator.wait(identifier)
            assert (job["timeout"], job["status"]["stage"], job["status"]["message"]) == (secs, "ERROR", "Job timeout")
            if output := emulator.output(identifier):
                break
        assert output == ["up"]

    def test_of_one_that_cannot_be_started_again_and_again(self, emulator: Emulator) -> None:
        job = emulator.wait(emulator.run("./no-such-program", attempts=10**9, timeoutSeconds=1))
        assert (job["status"]["stage"], job["status"]["message"]) == ("ERROR", "Job timeout")
        assert job["status"]["failureCount"] >= 1

    def test_of_one_that_may_fail_before_it_succeeds(self, emulator: Emulator, tmp_path: Path) -> None:
        """Each attempt has a header of its own in the output."""
        code = (
            f"import pathlib, sys; file = pathlib.Path({str(tmp_path / 'tries')!r})\n"
            "tries = len(file.read_text()) if file.exists() else 0\n"
            "file.write_text('x' * (tries + 1)); print('try', tries); sys.exit(tries < 2)"
        )
        identifier = emulator.python(code, attempts=4)
        job = emulator.wait(identifier)
        assert job["status"] == {"stage": "COMPLETED", "message": None, "failureCount": 2}
        assert job["retry"] == 3
        kinds = [event["data"].startswith("===== Job started at ") for event in emulator.events(identifier)]
        assert kinds == [True, False] * 3
        assert emulator.output(identifier) == ["try 0", "try 1", "try 2"]

    def test_of_one_that_fails_as_often_as_it_may(self, emulator: Emulator) -> None:
        job = emulator.wait(emulator.python("import sys; sys.exit(7)", attempts=2))
        message = "Job failed with exit code: 7. Reason: Error."
        assert job["status"] == {"stage": "ERROR", "message": message, "failureCount": 2}

    def test_take_the_processes_that_a_command_left_with_them(self, emulator: Emulator, tmp_path: Path) -> None:
        """As the end of a container does."""
        code = (
            "import subprocess, sys, pathlib\n"
            f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
            f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))"
        )
        emulator.wait(emulator.python(code))
        child = int((tmp_path / "child").read_text())
        until(lambda: is_gone(child), "the end of a child")


class TestCancel:
    def test_ends_the_process_with_its_children(self, emulator: Emulator) -> None:
        code = (
            "import os, subprocess, sys\n"
            f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}], stdout=subprocess.DEVNULL)\n"
            "print(os.getpid(), child.pid)\n" + FOREVER
        )
        identifier = emulator.python(code)
        emulator.wait_for_line(identifier, "up")
        pids = [int(pid) for pid in re.findall(r'"data": "(\d+) (\d+)"', emulator.log_of(identifier))[0]]
        status, job, _ = emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        assert (status, job["status"]["stage"], job["status"]["message"]) == (200, "CANCELED", None)
        assert "finishedAt" in job
        until(lambda: all(map(is_gone, pids)), "the end of both")
        assert emulator.job(identifier) == job

    def test_is_done_once(self, emulator: Emulator) -> None:
        identifier = emulator.python("pass")
        job = emulator.wait(identifier)
        assert emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")[:2] == (200, job)

    @POSIX
    def test_lets_the_process_tidy_up(self, emulator: Emulator, tmp_path: Path) -> None:
        """It is asked to end first, and killed only if it does not."""
        code = (
            "import pathlib, signal, sys, time\n"
            "def tidy(*_):\n"
            f"    pathlib.Path({str(tmp_path / 'tidy')!r}).write_text('done')\n"
            "    sys.exit()\n"
            "signal.signal(signal.SIGTERM, tidy)\n" + FOREVER
        )
        identifier = emulator.python(code)
        emulator.wait_for_line(identifier, "up")
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        until(lambda: (tmp_path / "tidy").exists(), "the tidying")

    @pytest.mark.parametrize("moment", range(6))
    def test_may_come_at_any_moment(self, emulator: Emulator, moment: int) -> None:
        """Whether the process already runs or is being started: it ends, and the job is canceled."""
        identifier = emulator.python(FOREVER, attempts=3)
        for _ in range(moment):
            emulator.job(identifier)
        job = emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel").data
        assert job["status"]["stage"] == "CANCELED"
        until(lambda: not (emulator.directory / "work" / identifier).exists(), "the end of its directory")
        assert emulator.job(identifier) == job

    @POSIX
    def test_kills_what_does_not_listen(self, emulator: Emulator) -> None:
        """Also a process that made a session of its own."""
        ignoring = (
            "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pid', os.getpid(), flush=True)\n"
        )
        code = (
            f"{ignoring}import subprocess, sys\n"
            f"subprocess.run([sys.executable, '-c', {ignoring + FOREVER!r}], start_new_session=True)"
        )
        identifier = emulator.python(code)
        emulator.wait_for_line(identifier, "up")
        pids = re.findall(r'"data": "pid (\d+)"', emulator.log_of(identifier))
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        until(lambda: all(is_gone(int(pid)) for pid in pids), "the end of the processes")


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere what hides so well is not found")

ESCAPES = {
    "in the background": "env -i setsid {} & wait; sleep 1000",
    "nohup": "env -i nohup setsid -f {} >/dev/null 2>&1 </dev/null; sleep 1000",
    "twice removed": "(env -i setsid sh -c '(setsid {} & ) & exit' &); exec sleep 1000",
    "deaf": "trap '' TERM HUP INT; env -i setsid {} & exec env -i sleep 1000",
    "deaf and left behind": "(trap '' TERM HUP INT; env -i setsid {} &); exec sleep 1000",
}


@LINUX
class TestEscapes:
    """Processes without the environment, session and parents that they had; each sleeps for a time of its own."""

    @pytest.fixture
    def secs(self, request: pytest.FixtureRequest, worker_id: str) -> str:
        """Some seconds for which nothing else on this machine sleeps."""
        return f"{7000 + zlib.crc32(f'{request.node.nodeid} {worker_id} {os.getpid()}'.encode()) % 1000}.{os.getpid()}"

    def sleepers(self, secs: str) -> list[int]:
        return [each.pid for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", secs]]

    def start(self, emulator: Emulator, shell: str, secs: str, **specification: Json) -> str:
        return emulator.run("sh", "-c", shell.replace("{}", f"sleep {secs}"), **specification)

    def start_all(self, emulator: Emulator, secs: str) -> dict[str, str]:
        """Start a job that hides in each of the ways, and return for how long each sleeps."""
        all_secs = {how: f"{secs}{place}" for place, how in enumerate(ESCAPES, start=1)}
        for how, each in all_secs.items():
            self.start(emulator, ESCAPES[how], each)
        for how, each in all_secs.items():
            until(lambda each=each: self.sleepers(each), f"its start {how}")  # type: ignore[misc]
        return all_secs

    def memory(self, emulator: Emulator, identifier: str) -> int:
        """Return what a job that runs is first measured to use."""
        connection = http.client.HTTPConnection(emulator.endpoint.removeprefix("http://"), timeout=60)
        headers = {"Authorization": f"Bearer {emulator.token}"}
        connection.request("GET", f"/api/jobs/{USER}/{identifier}/metrics", headers=headers)
        line = next(line for line in iter(connection.getresponse().readline, b"") if line.startswith(b"data: "))
        connection.close()
        used: int = json.loads(line.removeprefix(b"data: "))["memory_used_bytes"]
        return used

    @pytest.mark.parametrize("how", ESCAPES)
    def test_are_canceled(self, emulator: Emulator, secs: str, how: str) -> None:
        """And those of another job are not."""
        others = f"{secs}0"
        other = self.start(emulator, ESCAPES["twice removed"], others)
        identifier = self.start(emulator, ESCAPES[how], secs)
        until(lambda: self.sleepers(secs) and self.sleepers(others), "both to start")
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        until(lambda: not self.sleepers(secs), "the end of what hides")
        assert emulator.job(identifier)["status"]["stage"] == "CANCELED"
        assert len(self.sleepers(others)) == 1
        assert emulator.job(other)["status"]["stage"] == "RUNNING"
        emulator.ask("POST", f"/api/jobs/{USER}/{other}/cancel")
        until(lambda: not self.sleepers(others), "the end of the other")

    @pytest.mark.parametrize("end", ["sleep 0.2; exit 5", "exit 5", "kill -9 $$"])
    def test_end_with_the_command(self, emulator: Emulator, secs: str, end: str) -> None:
        """Also if it never sees them; a job that has ended has left nothing."""
        identifier = self.start(emulator, "(env -i setsid sh -c '(setsid {} & ) & exit' &); " + end, secs)
        code = 137 if "kill" in end else 5
        assert emulator.wait(identifier)["status"]["message"] == FAILED.format(code)
        assert self.sleepers(secs) == []

    def test_end_with_the_command_that_parts(self, emulator: Emulator, secs: str) -> None:
        """`setsid` does so here, and its first half is the command."""
        identifier = self.start(emulator, "exec env -i setsid {}", secs)
        assert emulator.wait(identifier)["status"]["stage"] == "COMPLETED"
        assert self.sleepers(secs) == []

    def test_end_with_each_attempt(self, emulator: Emulator, secs: str) -> None:
        code = (
            "import psutil, subprocess\n"
            f"print(sum(each.info['cmdline'] == ['sleep', {secs!r}] for each in psutil.process_iter(['cmdline'])))\n"
            f"subprocess.run(['env', '-i', 'setsid', '-f', 'sleep', {secs!r}]); raise SystemExit(1)"
        )
        identifier = emulator.python(code, attempts=3)
        assert emulator.wait(identifier)["status"]["failureCount"] == 3
        assert emulator.output(identifier) == ["0", "0", "0"]
        assert self.sleepers(secs) == []

    def test_end_when_the_time_is_up(self, emulator: Emulator, secs: str) -> None:
        identifier = self.start(emulator, ESCAPES["deaf"], secs, timeoutSeconds=1)
        assert emulator.wait(identifier)["status"]["message"] == "Job timeout"
        assert self.sleepers(secs) == []

    def test_of_many_jobs_at_once_end(self, emulator: Emulator, secs: str) -> None:
        shell = "for n in 1 2 3 4 5; do (env -i setsid sh -c '({} & ) & exit' &); done; exit 3"
        jobs = [self.start(emulator, shell, secs) for _ in range(20)]
        assert {emulator.wait(each)["status"]["message"] for each in jobs} == {FAILED.format(3)}
        assert self.sleepers(secs) == []

    def test_end_though_the_supervisor_was_killed(self, own: Emulator, secs: str) -> None:
        all_secs = self.start_all(own, secs)
        own.supervisor().kill()
        for how, each in all_secs.items():
            until(lambda each=each: not self.sleepers(each), f"the end of what was left {how}")  # type: ignore[misc]

    def test_end_though_the_supervisor_was_killed_while_it_ended_them(self, own: Emulator, secs: str) -> None:
        """The command has ended then, and only the watchdog knows whose the rest was."""
        shell = "trap 'echo ended; exit' TERM; (trap '' TERM; env -i setsid {} &); while :; do sleep 0.05; done"
        identifier = self.start(own, shell, secs)
        until(lambda: self.sleepers(secs), "its start")
        own.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        own.wait_for_line(identifier, "ended")
        own.supervisor().kill()
        until(lambda: not self.sleepers(secs), "the end of what was left")

    def test_end_though_all_was_killed(self, own: Emulator, secs: str) -> None:
        """The next server does it."""
        all_secs = self.start_all(own, secs)
        jobs = [job["id"] for job in own.ask("GET", f"/api/jobs/{USER}").data]
        assert len(jobs) == len(ESCAPES)
        for identifier in jobs:
            assert self.memory(own, identifier)  # so it is known which process it is
        supervisor = own.supervisor()
        watchdog = supervisor.parent()
        assert watchdog is not None
        assert "watchdog" in " ".join(watchdog.cmdline())
        watchdog.kill()
        supervisor.kill()
        own.kill()
        own.start()
        for identifier in jobs:
            assert own.job(identifier)["status"]["stage"] == "ERROR"
        for how, each in all_secs.items():
            until(lambda each=each: not self.sleepers(each), f"the end of what was left {how}")  # type: ignore[misc]

    def test_may_tidy_up_too(self, emulator: Emulator, tmp_path: Path) -> None:
        """Though the command itself ends at once when it is asked to, and other jobs end meanwhile."""
        code = (
            "import pathlib, signal, sys, time\n"
            "def tidy(*_):\n"
            f"    time.sleep(1); pathlib.Path({str(tmp_path / 'tidy')!r}).write_text('done'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, tidy)\n" + FOREVER
        )
        shell = f"env -i setsid {sys.executable} -c {shlex.quote(code)} & exec sleep 1000"
        identifier = emulator.run("sh", "-c", shell)
        emulator.wait_for_line(identifier, "up")
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        emulator.wait(emulator.run("true"))
        emulator.wait(emulator.run("true"))
        until(lambda: (tmp_path / "tidy").exists(), "the tidying")

    def test_are_measured(self, emulator: Emulator) -> None:
        code = "import time; held = bytearray(100_000_000); print('up', flush=True); time.sleep(1000)"
        hidden = f"{sys.executable} -c {shlex.quote(code)}"
        identifier = emulator.run("sh", "-c", f"(env -i setsid {hidden} &); exec sleep 1000")
        emulator.wait_for_line(identifier, "up")
        until(lambda: self.memory(emulator, identifier) > 100_000_000, "all of it")
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")


class TestSurroundings:
    def test_are_those_of_the_job_alone(self, emulator: Emulator) -> None:
        """Its variables and secrets are there; tokens of this machine are not."""
        identifier = emulator.python(
            "import json, os; print(json.dumps({**os.environ, 'cwd': os.getcwd(), 'files': os.listdir()}))",
            flavor="t4-small",
            environment={"NAME": "of a variable", "JOB_NAME": "x"},
            secrets={"KEY": "of a secret"},
        )
        (line,) = emulator.output(identifier)
        seen = json.loads(line)
        expected = {
            "JOB_ID": identifier,
            "ACCELERATOR": "t4-small",
            "CPU_CORES": "4",
            "MEMORY": "15Gi",
            "NAME": "of a variable",
            "JOB_NAME": "x",
            "KEY": "of a secret",
            "HOME": seen["cwd"],
            "files": [],
        }
        assert expected.items() <= seen.items()
        assert {"HF_TOKEN", "SECRET_OF_THIS_MACHINE", "HF_ENDPOINT"} & set(seen) == set()
        assert emulator.job(identifier)["secrets"] == ["KEY"]
        until(lambda: not Path(seen["cwd"]).exists(), "the removal of its directory")

    def test_hold_no_token_of_whoever_runs_them(self, emulator: Emulator) -> None:
        """A job may read the environment of the process that runs it."""
        identifier = emulator.python(FOREVER)
        emulator.wait_for_line(identifier, "up")
        seen = emulator.supervisor().environ()
        emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
        assert "PATH" in seen
        assert {"HF_TOKEN", "SECRET_OF_THIS_MACHINE", "HF_ENDPOINT"} & set(seen) == set()

    def test_hold_a_python(self, emulator: Emulator) -> None:
        identifier = emulator.run("python", "-c", "import os; print(os.environ['ACCELERATOR'])")
        assert emulator.output(identifier) == ["none"]

    @POSIX
    def test_are_those_of_a_shell(self, emulator: Emulator) -> None:
        """The command leads a session of its own, and hears of broken pipes."""
        code = "import os, sys; print(os.getpid() == os.getsid(0) == os.getpgrp()); print(sys.stdin.read() == '')"
        assert emulator.output(emulator.python(code)) == ["True", "True"]
        piped = emulator.run("sh", "-c", "(while echo x; do :; done; echo heard >&2) | exit 0; yes | head -n 1")
        assert emulator.wait(piped)["status"]["stage"] == "COMPLETED"
        assert emulator.output(piped) == ["y"]

    def test_are_not_mixed_up(self, emulator: Emulator) -> None:
        """Arguments follow the command, and nothing is read by a shell."""
        identifier = emulator.python("import sys; print(sys.argv[1:])", arguments=["$HOME", "a b", "*"])
        assert emulator.output(identifier) == ["['$HOME', 'a b', '*']"]


class TestOutput:
    def test_is_streamed_while_it_comes(self, emulator: Emulator, tmp_path: Path) -> None:
        """The stream is open as long as the job, and ends with it."""
        code = (
            "import pathlib, time\nprint('first', flush=True)\n"
            f"while not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.02)\nprint('last')"
        )
        identifier = emulator.python(code)
        read: list[str] = []
        thread = threading.Thread(target=lambda: read.extend(emulator.output(identifier)))
        thread.start()
        emulator.wait_for_line(identifier, "first")
        assert thread.is_alive()
        (tmp_path / "go").touch()
        thread.join(60)
        assert read == ["first", "last"]
        assert emulator.output(identifier) == ["first", "last"]

    def test_is_whole_whatever_it_is(self, emulator: Emulator) -> None:
        code = (
            "import sys\nout = sys.stdout.buffer\n"
            "out.write(b'10%\\r100%\\n\\n\\x1b[31mred\\n' + 'é日\\u2028'.encode() + b'\\n\\xff\\n')\n"
            "out.write(b'x' * 70000 + b'\\nend')\n"
            "out.flush(); print('to stderr', file=sys.stderr)"
        )
        lines = emulator.output(emulator.python(code))
        assert lines == ["10%\r100%", "", "\x1b[31mred", "é日\u2028", "\ufffd", "x" * 65536, "x" * 4464, "endto stderr"]

    def test_is_whole_when_much_comes_from_many(self, emulator: Emulator) -> None:
        jobs = [emulator.python("print('\\n' * 20_000 + 'end')") for _ in range(5)]
        for identifier in jobs:
            emulator.wait(identifier)
            assert emulator.output(identifier, "?tail=1") == ["end"]
            assert emulator.log_of(identifier).count("\n") == 20_002

    @POSIX
    def test_is_whole_though_somebody_holds_its_pipe(self, emulator: Emulator) -> None:
        """An incomplete last line is kept too. A process that left the job's session does not outlive the job."""
        code = (
            "import subprocess, sys\n"
            f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}], start_new_session=True)\n"
            "print(child.pid); print('partial', end='')"
        )
        identifier = emulator.python(code)
        emulator.wait(identifier)
        lines = emulator.output(identifier)
        assert "partial" in lines[-1]
        (pid,) = (line for line in lines if line.isdigit())
        assert is_gone(int(pid))

    @pytest.mark.skipif(not IS_ROOT or sys.platform != "linux", reason="needs a small disk, which only root can mount")
    @pytest.mark.parametrize("code", ["print('x' * 10_000)", "open('file', 'wb', 0).write(bytes(2_000_000))"])
    def test_that_fills_the_disk_hides_no_result(self, serve: Serve, tmp_path: Path, code: str) -> None:
        """Neither output nor files of a job; what was printed first is kept."""
        disk = tmp_path / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
        try:
            full = serve(disk / "state", "--empty")
            identifier = full.python(
                f"import sys\nprint('first')\nfor _ in range(300): {code}\nsys.exit(3)", attempts=2
            )
            status = full.wait(identifier)["status"]
            assert full.output(identifier)[0] == "first"
            full.close()
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
        assert status == {"stage": "ERROR", "message": FAILED.format(3), "failureCount": 2}

    @POSIX
    def test_that_cannot_be_written_hides_no_result(self, serve: Serve, tmp_path: Path) -> None:
        """Here no file may grow to more than 128 KiB, for want of a full disk."""
        import resource

        state = tmp_path / "state"
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (128 * 1024, limit[1]))
        try:
            small = serve(state, "--empty")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        identifier = small.python("import sys\nfor n in range(3000): print(n, 'x' * 90)\nsys.exit(3)")
        assert small.wait(identifier)["status"]["message"] == FAILED.format(3)
        lines = small.output(identifier)
        assert lines == [f"{n} {'x' * 90}" for n in range(len(lines))]
        assert 0 < len(lines) < 3000

    def test_that_nothing_can_be_kept_of_hides_no_result(self, own: Emulator) -> None:
        """Here what should be the directory of the outputs is a file, though it was none at the start."""
        held = own.python(FOREVER)
        own.wait_for_line(held, "up")
        logs = own.directory / "logs"
        logs.rename(own.directory / "moved")
        logs.touch(mode=0o600)
        assert own.wait(own.python("import sys; print('x'); sys.exit(3)"))["status"]["message"] == FAILED.format(3)
        assert own.wait(own.python("print('x')"))["status"]["stage"] == "COMPLETED"
        logs.unlink()
        (own.directory / "moved").rename(logs)
        own.ask("POST", f"/api/jobs/{USER}/{held}/cancel")

    @pytest.mark.parametrize(("tail", "lines"), [("0", []), ("2", ["8", "9"]), ("99", [*map(str, range(10))])])
    def test_has_a_tail(self, emulator: Emulator, tail: str, lines: list[str]) -> None:
        """The header comes whatever is asked for."""
        identifier = emulator.python("for n in range(10): print(n)")
        emulator.wait(identifier)
        header, *events = emulator.events(identifier, f"?tail={tail}")
        assert header["data"].startswith("===== Job started at 2")
        assert [event["data"] for event in events] == lines

    @pytest.mark.parametrize("tail", ["-1", "x", "1.5", "", "9" * 17])
    def test_has_no_tail_that_is_no_number(self, emulator: Emulator, tail: str) -> None:
        identifier = emulator.python("pass")
        status, data, _ = emulator.ask("GET", f"/api/jobs/{USER}/{identifier}/logs?tail={tail}")
        assert (status, data) == (400, {"error": "Invalid tail: expected a number of lines"})


def test_metrics_are_measured(emulator: Emulator) -> None:
    """Of the process and its children; they end with the job, and a job that has ended has none."""
    child = "held = bytearray(100_000_000); print('up', flush=True)\nwhile True: sum(range(300_000))"
    code = f"import subprocess, sys\nheld = bytearray(100_000_000)\nsubprocess.run([sys.executable, '-c', {child!r}])"
    identifier = emulator.python(code)
    emulator.wait_for_line(identifier, "up")
    metrics = []
    for line in emulator.stream(f"{identifier}/metrics"):
        metrics.append(json.loads(line))
        if len(metrics) == 2:
            emulator.ask("POST", f"/api/jobs/{USER}/{identifier}/cancel")
    assert len(metrics) >= 2
    most = max(metrics, key=lambda each: int(each["memory_used_bytes"]))
    assert 200_000_000 < most["memory_used_bytes"] < most["memory_total_bytes"] == psutil.virtual_memory().total
    assert 0 < max(each["cpu_usage_pct"] for each in metrics) <= 110
    assert most["cpu_millicores"] == (psutil.cpu_count() or 0) * 1000
    assert most["replica"] == identifier[-5:]
    emulator.wait(identifier)
    status, data, _ = emulator.ask("GET", f"/api/jobs/{USER}/{identifier}/metrics")
    assert (status, data) == (406, {"error": "Job is not running"})


class TestInitiators:
    def test_are_true(self, emulator: Emulator) -> None:
        mine = emulator.python("pass", secrets={"KEY": "s"}, labels={"name": "source"})
        status, copy, _ = emulator.ask("POST", f"/api/jobs/{USER}/{mine}/duplicate")
        assert status == 200
        assert copy["initiator"] == {"type": "duplicated-job", "id": mine}
        assert (copy["secrets"], copy["labels"]) == (["KEY"], {"name": "source"})
        assert emulator.job(mine)["initiator"]["type"] == "user"
        body = {"dockerImage": "x", "command": ["true"], "flavor": "cpu-basic"}
        status, of_organisation, _ = emulator.ask("POST", "/api/jobs/aurora-lab", body)
        assert of_organisation["initiator"] == of_organisation["owner"]
        assert (of_organisation["owner"]["type"], of_organisation["createdBy"]["name"]) == ("org", USER)

    def test_a_duplicate_has_the_secrets_too(self, emulator: Emulator) -> None:
        source = emulator.python("import os; print(os.environ['KEY'])", secrets={"KEY": "s3cret"})
        copy = emulator.ask("POST", f"/api/jobs/{USER}/{source}/duplicate").data["id"]
        assert emulator.output(copy) == ["s3cret"]


class TestSchedules:
    EVERY_SECOND = "*/1 * * * * *"

    def create(self, emulator: Emulator, schedule: str, code: str = "pass", **options: object) -> str:
        spec = {"dockerImage": "x", "command": [sys.executable, "-c", code], "flavor": "cpu-basic"}
        body = {"jobSpec": spec | {"labels": {"name": "by-schedule"}}, "schedule": schedule, **options}
        status, made, _ = emulator.ask("POST", f"/api/scheduled-jobs/{USER}", body)
        assert status == 200, made
        identifier: str = made["id"]
        return identifier

    def test_run_by_themselves(self, emulator: Emulator) -> None:
        identifier = self.create(emulator, self.EVERY_SECOND, "print('tick')")
        path = f"/api/scheduled-jobs/{USER}/{identifier}"

        def ran() -> dict[str, str] | None:
            last: dict[str, str] | None = emulator.ask("GET", path).data["status"]["lastJob"]
            return last

        last = until(ran, "a run")
        assert emulator.ask("GET", path).data["status"]["nextJobRunAt"] > last["at"]
        job = emulator.job(last["id"])
        assert job["initiator"] == {"type": "scheduled-job", "id": identifier}
        assert (job["labels"], job["createdAt"]) == ({"name": "by-schedule"}, last["at"])
        assert emulator.output(last["id"]) == ["tick"]
        assert emulator.ask("POST", f"{path}/suspend").status == 200
        suspended = emulator.ask("GET", path).data
        assert suspended["suspend"] is True
        assert emulator.ask("POST", f"{path}/resume").status == 200
        until(lambda: ran() != suspended["status"]["lastJob"], "another run")
        assert emulator.ask("DELETE", path).status == 200
        assert emulator.ask("GET", path)[:2] == (404, {"error": "Scheduled job not found"})
        assert emulator.job(last["id"])["id"] == last["id"]

    @pytest.mark.parametrize(
        ("schedule", "step"),
        [("@hourly", timedelta(hours=1)), ("30 4 * * 1", timedelta(weeks=1)), ("@daily", timedelta(days=1))],
    )
    def test_tell_when_they_run_next(self, emulator: Emulator, schedule: str, step: timedelta) -> None:
        before = datetime.now(timezone.utc)
        path = f"/api/scheduled-jobs/{USER}/{self.create(emulator, schedule)}"
        made = emulator.ask("GET", path).data
        following = datetime.fromisoformat(made["status"]["nextJobRunAt"].replace("Z", "+00:00"))
        assert before < following <= datetime.now(timezone.utc) + step
        assert (made["schedule"], made["suspend"], made["concurrency"]) == (schedule, False, False)
        assert (made["initiator"], made["status"]["lastJob"]) == (made["owner"], None)
        changed = emulator.ask("POST", f"{path}/schedule", {"schedule": "0 0 1 1 *"}).data
        years = {before.year, datetime.now(timezone.utc).year}  # one, but for the last moment of a year
        assert changed["status"]["nextJobRunAt"] in {f"{year + 1}-01-01T00:00:00.000Z" for year in years}
        emulator.ask("DELETE", path)

    def test_run_when_they_are_told_to(self, emulator: Emulator) -> None:
        """But not twice at once, unless they may."""
        path = f"/api/scheduled-jobs/{USER}/{self.create(emulator, '@yearly', FOREVER)}"
        status, job, _ = emulator.ask("POST", f"{path}/run")
        assert status == 200
        busy = (
            "Another job is already running at the same time, set `concurrency` to allow multiple instances of "
            "scheduled jobs to run concurrently"
        )
        assert emulator.ask("POST", f"{path}/run")[:2] == (409, {"error": busy})
        emulator.ask("POST", f"/api/jobs/{USER}/{job['id']}/cancel")
        status, again, _ = emulator.ask("POST", f"{path}/run")
        assert status == 200
        assert again["id"] != job["id"]
        emulator.ask("POST", f"/api/jobs/{USER}/{again['id']}/cancel")
        several = f"/api/scheduled-jobs/{USER}/{self.create(emulator, '@yearly', 'pass', concurrency=True)}"
        assert [emulator.ask("POST", f"{several}/run").status for _ in range(3)] == [200] * 3
        emulator.ask("DELETE", path)
        emulator.ask("DELETE", several)

    @pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=400)])
    def test_go_on_after_a_clock_was_set_back(self, tmp_path: Path, back: timedelta) -> None:
        """Whether a server ran meanwhile or is started later; a moment's correction has nothing run again."""
        moment = datetime(2026, 5, 12, 9, 0, 0, 500_000, tzinfo=timezone.utc)

        def opened() -> Schedules:
            return open_app(
                tmp_path / "state", token="t", clock=lambda: moment, is_empty=True, runs_jobs=False
            ).schedules

        schedules = opened()
        spec = {"dockerImage": "x", "command": ["true"], "flavor": "cpu-basic", "environment": {}, "timeout": 60}
        names = {}
        for schedule in ("*/10 * * * * *", "0 9 * * *"):
            made = schedules.create(USER, spec, {}, schedule=schedule, suspend=False, concurrency=True)
            names[schedule] = made["id"]

        def times() -> list[str]:
            schedules.run_due()
            return [schedules.find(USER, each)["status"]["nextJobRunAt"][:19] for each in names.values()]

        assert times() == ["2026-05-12T09:00:10", "2026-05-13T09:00:00"]
        moment -= timedelta(seconds=1)
        assert times() == ["2026-05-12T09:00:10", "2026-05-13T09:00:00"]
        moment -= back
        later = times()
        assert later[0] == f"{moment + timedelta(seconds=0.5):%Y-%m-%dT%H:%M:%S}"
        assert later[1] == f"{moment + timedelta(seconds=0.5):%Y-%m-%d}T09:00:00"
        moment += timedelta(seconds=0.6)
        assert times()[0] == f"{moment + timedelta(seconds=9.9):%Y-%m-%dT%H:%M:%S}"
        assert (
            schedules.find(USER, names["*/10 * * * * *"])["status"]["lastJob"]["at"][:19]
            == f"{moment:%Y-%m-%dT%H:%M:%S}"
        )
        moment -= back
        schedules = opened()
        schedules.skip_missed()
        assert times()[0] == f"{moment + timedelta(seconds=9.9):%Y-%m-%dT%H:%M:%S}"

    def test_have_labels(self, emulator: Emulator) -> None:
        path = f"/api/scheduled-jobs/{USER}/{self.create(emulator, '@yearly', suspend=True)}"
        made = emulator.ask("PUT", f"{path}/labels", {"labels": {"a": "1"}}).data
        assert made["jobSpec"]["labels"] == {"a": "1"}
        assert emulator.ask("GET", f"/api/scheduled-jobs/{USER}?label=a=1").data == [made]
        assert emulator.ask("GET", f"/api/scheduled-jobs/{USER}?label=a=2").data == []
        assert emulator.ask("GET", f"/api/scheduled-jobs/{USER}?label=a").status == 400
        emulator.ask("DELETE", path)


def test_many_jobs_of_many_clients_are_all_run(emulator: Emulator) -> None:
    """104 of them, more than a page, created by 8 threads; each has its own output."""
    made: dict[str, str] = {}

    def create(thread: int) -> None:
        for number in range(13):
            text = f"{thread}/{number}"
            made[emulator.run("echo", text, labels={"many": "yes"})] = text

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 104
    count = f"/api/jobs/{USER}/count?stage=RUNNING&stage=SCHEDULING"
    until(lambda: emulator.ask("GET", count).data == {"count": 0}, "the end of 104 jobs")
    first, link = emulator.ask("GET", f"/api/jobs/{USER}?label=many=yes")[1:]
    second = emulator.ask("GET", link["Link"].partition(">")[0].removeprefix(f"<{emulator.endpoint}")).data
    assert {job["id"]: job["status"]["stage"] for job in first + second} == dict.fromkeys(made, "COMPLETED")
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(emulator.output, made))
    assert outputs == [[text] for text in made.values()]


def test_a_sweep_waits_where_few_jobs_may_run(serve: Serve, tmp_path: Path) -> None:
    """Of four jobs two run at a time; the other two wait. The outcome is that of all."""
    emulator = serve(tmp_path / "few", "--empty", "--max-running", "2")
    begun = str(tmp_path / "begun-{n}")
    code = (
        f"import pathlib, time; t = time.time(); begun = pathlib.Path({begun!r}); begun.touch()\n"
        "while len(list(begun.parent.glob('begun-*'))) < 2: time.sleep(0.02)\n"
        "time.sleep(0.3); print(t, time.time(), flush=True); assert {n} != 3"
    )
    sweep = ("run", "--each", "n=1..4", "--sweep", "few", "--yes", "-q", "python:3.12", sys.executable, "-c", code)
    result = run_command(*sweep, environ=emulator.environ | {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)})
    assert (result.code, result.stderr) == (10, "")
    times = [tuple(map(float, emulator.output(job)[0].split())) for job in result.stdout.split()]
    assert len(times) == 4
    assert max(sum(began <= at < ended for began, ended in times) for at, _ in times) == 2


class TestKilled:
    def test_server_takes_no_job_with_it(self, own: Emulator, tmp_path: Path) -> None:
        """What runs goes on, what waits is run, what has ended stays as it was."""
        ended = own.python("print('before')")
        own.wait(ended)
        wait_for_go = (
            "import pathlib, time\n"
            f"while not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.02)\nprint('after')"
        )
        running = [own.python(wait_for_go) for _ in range(3)]
        for identifier in running:
            own.wait(identifier, "RUNNING")
        before = own.job(ended)
        own.kill()
        (tmp_path / "go").touch()
        own.start()
        jobs = own.ask("GET", f"/api/jobs/{USER}").data
        assert {job["id"] for job in jobs} == {ended, *running}
        for identifier in running:
            assert own.wait(identifier)["status"]["stage"] == "COMPLETED"
            assert own.output(identifier) == ["after"]
        assert own.job(ended) == before

    def test_with_all_that_it_ran_it_tells_the_truth(self, own: Emulator) -> None:
        """A job that lost its process becomes ERROR with a reason; one that had not started is run."""
        running = own.python(FOREVER, labels={"name": "x"})
        own.wait(running, "RUNNING")
        own.wait_for_line(running, "up")
        supervisor = own.supervisor()
        children = supervisor.children(recursive=True)
        assert children
        supervisor.kill()
        own.kill()
        own.start()
        status = own.job(running)["status"]
        assert (status["stage"], status["message"]) == (
            "ERROR",
            "The process that ran the job no longer exists, so its result is unknown",
        )
        until(lambda: all(is_gone(child.pid) for child in children), "the end of what was left")
        assert not (own.directory / "work" / running).exists()
        assert own.output(own.python("print('next')")) == ["next"]

    def test_supervisor_leaves_no_canceled_job_running(self, own: Emulator) -> None:
        running = own.python(FOREVER)
        own.wait_for_line(running, "up")
        supervisor = own.supervisor()
        children = supervisor.children(recursive=True)
        supervisor.kill()
        assert own.ask("POST", f"/api/jobs/{USER}/{running}/cancel").data["status"]["stage"] in ("CANCELED", "ERROR")
        until(lambda: all(is_gone(child.pid) for child in children), "the end of the process")

    def test_supervisor_imports_nothing_from_where_the_user_is(self, serve: Serve, tmp_path: Path) -> None:
        """Else a directory with a file of the right name could run code, or keep jobs from running."""
        here = tmp_path / "here"
        here.mkdir()
        for name in ("psutil", "random", "codecs"):
            (here / f"{name}.py").write_text("raise RuntimeError('imported')")
        state = tmp_path / "state"
        create = (
            "import os, sys; sys.path.pop(0)\n"
            "from pathlib import Path\n"
            "from hfjobs_cli.emulator.app import open_app\n"
            "app = open_app(Path(sys.argv[1]), token='t', is_empty=True)\n"
            "os.chdir(sys.argv[2])\n"
            "spec = {'command': [sys.executable, '-c', ''], 'flavor': 'cpu-basic', 'environment': {}, 'timeout': 60}\n"
            "print(app.jobs.create('davanstrien', spec, {})['id'])"
        )
        code, stdout, stderr = run_python(create, str(state), str(here))
        assert (code, stderr) == (0, "")
        assert serve(state, "--empty").wait(stdout.strip())["status"]["stage"] == "COMPLETED"

    def test_supervisor_that_cannot_start_is_told_of(self, serve: Serve, tmp_path: Path) -> None:
        """In the message of the job that waits; nothing is tried again and again."""
        state = tmp_path / "state"
        modules = tmp_path / "modules"
        modules.mkdir()
        served = serve(state, "--empty", environ={"PYTHONPATH": str(modules)})
        (modules / "psutil.py").write_text("raise RuntimeError('broken')")
        began = time.monotonic()
        waiting = served.python("pass")
        for _ in range(5):
            status = served.job(waiting)["status"]
        tries = 1 + int(time.monotonic() - began) // 5  # seconds pass between two
        log = state / "supervisor.log"
        expected = f"Cannot start a process for the job: see {log}"
        assert (status["stage"], status["message"]) == ("SCHEDULING", expected)
        assert 1 <= log.read_text().count("RuntimeError: broken\n") <= tries

    def test_supervisor_is_noticed_by_whoever_looks(self, own: Emulator) -> None:
        """A running server notices it."""
        running = own.python(FOREVER)
        own.wait(running, "RUNNING")
        supervisor = own.supervisor()
        supervisor.kill()
        until(lambda: own.job(running)["status"]["stage"] == "ERROR", "the truth")


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @POSIX
    def test_cancels_what_was_created_through_it(self, own: Emulator, number: int) -> None:
        """Clients that follow such a job still see how it ended."""
        running = own.python(FOREVER)
        own.wait_for_line(running, "up")
        seen: list[str] = []

        def follow() -> None:
            seen.extend(own.output(running))
            seen.append(own.job(running)["status"]["stage"])

        follower = threading.Thread(target=follow)
        follower.start()
        until(lambda: f"{running}/logs 200" in own.log, "a follower")
        code, stdout, stderr = own.stop(number)
        follower.join()
        assert seen == ["up", "CANCELED"]
        assert (code, stdout) == (0, "")
        assert stderr.endswith("stopped; jobs canceled: 1\n")
        own.start()
        assert own.job(running)["status"]["stage"] == "CANCELED"
        assert own.job(running)["status"]["message"] == "The emulator was stopped"
        assert own.output(own.python("print('again')")) == ["again"]

    def test_says_what_it_was_asked(self, own: Emulator) -> None:
        own.ask("GET", f"/api/jobs/{USER}?stage=RUNNING")
        own.ask("GET", "/api/jobs/nobody/x")
        lines = own.stop().stderr.splitlines()
        assert lines == [
            f"serving {own.directory}; jobs run on this machine, as you; Ctrl-C stops the emulator",
            "the token is valid until the emulator stops; use --token-file FILE to keep one",
            f"GET /api/jobs/{USER}?stage=RUNNING 200",
            "GET /api/jobs/nobody/x 404",
            "stopped",
        ]
        assert own.token not in own.log


class TestDemo:
    """`--demo` is the same store without a server."""

    def environ(self, directories: dict[str, str]) -> dict[str, str]:
        return {**directories, "HFJOBS_DEMO": "1"}

    def stage(self, identifier: str, environ: dict[str, str]) -> str:
        return run_command("inspect", identifier, "--format", "{{.status}}", environ=environ).stdout.strip()

    def test_a_job_outlives_the_command_that_created_it(self, directories: dict[str, str]) -> None:
        environ = self.environ(directories)
        created = run_command("duplicate", "-q", BY_HAND, environ=environ).stdout.strip()
        until(lambda: self.stage(created, environ) == "COMPLETED", "its end")
        log = Path(directories["XDG_STATE_HOME"]) / "hfjobs" / "emulator" / "logs" / f"{created}.jsonl"
        assert '"1842 of 1842 cards classified"' in log.read_text()

    def test_works_while_a_server_does(self, serve: Serve, directories: dict[str, str]) -> None:
        environ = self.environ(directories)
        state = Path(directories["XDG_STATE_HOME"]) / "hfjobs" / "emulator"
        state.parent.mkdir(parents=True)
        served = serve(state)
        created = run_command("duplicate", "-q", BY_HAND, environ=environ).stdout.strip()
        assert served.wait(created)["initiator"] == {"type": "duplicated-job", "id": BY_HAND}
        assert served.output(created) == ["1842 of 1842 cards classified"]
        through_server = served.python("print('seen by both')")
        served.wait(through_server)
        assert self.stage(through_server, environ) == "COMPLETED"
        listed = run_command("ps", "-a", "--limit", "0", "-q", environ=environ).stdout
        assert run_command("ps", "-a", "--limit", "0", "-q", environ={**directories, **served.environ}).stdout == listed
        assert served.stop().code == 0

    def test_every_job_of_the_history_is_harmless_to_run_again(self, serve: Serve, tmp_path: Path) -> None:
        """One of each kind; they all succeed, without a network and with any Python."""
        served = serve(tmp_path / "state")
        kinds = {}
        for namespace in (USER, "aurora-lab"):
            for job in served.ask("GET", f"/api/jobs/{namespace}").data:
                kinds[tuple(job["command"])] = (namespace, job["id"])
        made = []
        for namespace, identifier in kinds.values():
            made.append((namespace, served.ask("POST", f"/api/jobs/{namespace}/{identifier}/duplicate").data["id"]))
        assert len(made) >= 8
        for namespace, identifier in made:
            path = f"/api/jobs/{namespace}/{identifier}"
            until(lambda path=path: "finishedAt" in served.ask("GET", path).data, "its end")  # type: ignore[misc]
            assert served.ask("GET", path).data["status"]["stage"] == "COMPLETED"

    def test_history_is_told_from_jobs_that_were_run(self, serve: Serve, tmp_path: Path) -> None:
        served = serve(tmp_path / "state")
        never = "(this is a sample job of the emulator: it never ran and has no output)"
        assert served.output(BY_HAND) == [never]
        (running,) = served.ask("GET", f"/api/jobs/{USER}?label=name=explorer-cache&stage=RUNNING").data
        assert served.ask("GET", f"/api/jobs/{USER}/{running['id']}/metrics").status == 406
        assert served.job(running["id"])["status"]["stage"] == "RUNNING"
        assert served.ask("POST", f"/api/jobs/{USER}/{running['id']}/cancel").data["status"]["stage"] == "CANCELED"
        scheduled = served.ask("GET", f"/api/scheduled-jobs/{USER}").data
        assert [each["suspend"] for each in scheduled] == [True, True]
        assert scheduled[0]["id"] == DAILY_SCHEDULE


class TestReset:
    def test_forgets_everything(self, own: Emulator) -> None:
        """What runs is ended, and a server that runs goes on with nothing."""
        running = own.python(FOREVER)
        own.wait(running, "RUNNING")
        children = own.supervisor().children(recursive=True)
        done = run_command("emulator", "reset", "--state-dir", str(own.directory), environ={})
        assert done == Result(0, "", f"deleted the jobs in {own.directory}\n")
        until(lambda: all(is_gone(child.pid) for child in children), "the end of what ran")
        assert own.ask("GET", f"/api/jobs/{USER}").data == []
        assert own.output(own.python("print('new')")) == ["new"]

    def test_forgets_what_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "jobs.sqlite3").write_bytes(b"not a database" * 99)
        (tmp_path / "jobs.sqlite3").chmod(0o600)
        (tmp_path / "token").touch(mode=0o600)  # of an earlier version
        assert run_command("emulator", "reset", "--state-dir", str(tmp_path), environ={}).code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["supervisor.lock"]

    def test_of_nothing_is_no_error(self, tmp_path: Path) -> None:
        done = run_command("emulator", "reset", "--state-dir", str(tmp_path / "none"), environ={})
        assert done == Result(0, "", f"no jobs in {tmp_path / 'none'}\n")
        assert not (tmp_path / "none").exists()
