"""Time `hfjobs` against `hf jobs`, and against itself: prints tables.

    python tests/benchmarks/compare.py [--pairs N] [--only TEXT]

The first holds ratios to `hf jobs`, medians over pairs of runs that take turns. The second shows how time and memory
grow with the number of jobs. A last line compares a TAB with `--help`.

Both programs are installed into virtual environments of their own below `--cache`, and ask the same local server of
prebuilt answers. Wall time and peak memory are of whole processes, as the system accounts for them.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
SERVER = Path(__file__).with_name("server.py")
PEER = "huggingface_hub==2.4.0"
IDS = [f"6a01d697{number:016x}" for number in range(50)]

LOGGED = "6a01d69700000000"
"""How the id of a job begins, whose last digits say how many lines it wrote."""


class Row(NamedTuple):
    """One comparison: the two command lines, the server, and the ratios to reach."""

    work: str
    ours: Sequence[str]
    peer: Sequence[str]
    wall: float
    memory: float | None = None
    jobs: int = 100
    delay_ms: int = 0
    on_terminal: bool = False
    pairs_divided_by: int = 1


ROWS = (
    Row("`--help`", ["--help"], ["jobs", "--help"], 0.25),
    Row("`ps -a` in a pipe, 100 jobs", ["ps", "-a"], ["jobs", "ps", "-a"], 0.45),
    Row("`ps -a` on a terminal, 100 jobs", ["ps", "-a"], ["jobs", "ps", "-a"], 0.55, on_terminal=True),
    Row(
        "`ps -a --format json`, 100 jobs",
        ["ps", "-a", "--format", "json"],
        ["jobs", "ps", "-a", "--format", "json"],
        0.42,
    ),
    Row(
        "`ps -a --limit 0 --format json`, 20,000 jobs",
        ["ps", "-a", "--limit", "0", "--format", "json"],
        ["jobs", "ps", "-a", "--limit", "0", "--format", "json"],
        0.45,
        memory=0.4,
        jobs=20_000,
        pairs_divided_by=3,
    ),
    Row(
        "`ps -a --limit 0` in a pipe, 20,000 jobs",
        ["ps", "-a", "--limit", "0"],
        ["jobs", "ps", "-a", "--limit", "0"],
        0.42,
        jobs=20_000,
        pairs_divided_by=3,
    ),
    Row(
        "`ps -a --limit 0 -q`, 5,000 jobs, 100 ms a page",
        ["ps", "-a", "--limit", "0", "-q"],
        ["jobs", "ps", "-a", "--limit", "0", "-q"],
        0.60,
        jobs=5_000,
        delay_ms=100,
        pairs_divided_by=5,
    ),
    Row(
        "`inspect` of 50 jobs, server answering in 50 ms",
        ["inspect", *IDS],
        ["jobs", "inspect", *IDS],
        0.20,
        delay_ms=50,
        pairs_divided_by=3,
    ),
    Row(
        "`logs -f`, 200,000 lines",
        ["logs", "-f", f"alice/{LOGGED}00200000"],
        ["jobs", "logs", "-f", f"alice/{LOGGED}00200000"],
        0.50,
        pairs_divided_by=3,
    ),
    Row(
        "`run -d`",
        ["run", "-d", "python:3.12", "python", "train.py"],
        ["jobs", "run", "-d", "python:3.12", "python", "train.py"],
        0.42,
    ),
    Row("`ps`, server answering in 100 ms, second run", ["ps"], ["jobs", "ps"], 0.60, delay_ms=100),
)


class Run(NamedTuple):
    """What one process took: seconds by the clock, and MiB at its largest."""

    wall: float
    memory: float


GROWTH = ("table", "json", "jsonl", "csv", "{{.id}} {{.status}}")
"""Formats of `ps -a --limit 0` in a pipe. The first two write all jobs or none; the others keep none of them."""

SIZES = (1_000, 10_000, 100_000)

LINES = (2_000, 20_000, 200_000, 2_000_000)

TAB = {"_HFJOBS_COMPLETE": "complete_bash", "COMP_WORDS": "hfjobs ps --status ", "COMP_CWORD": "3"}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of runs for each row (15)")
    parser.add_argument("--only", default="", help="rows whose name holds this, and nothing else")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hfjobs-benchmark")
    options = parser.parse_args()
    ours = installed(options.cache / "ours", str(ROOT), "hfjobs")
    peer = installed(options.cache / "peer", PEER, "hf")
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"{datetime.now(timezone.utc):%Y-%m-%d}, {machine}, medians of {options.pairs} pairs\n")
    print("| work | ratio | to reach | `hfjobs` | `hf jobs` | memory, ratio | `hfjobs` | `hf jobs` |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in ROWS:
        if options.only in row.work:
            print(line(row, measured(row, ours, peer, max(3, options.pairs // row.pairs_divided_by))), flush=True)
    if not options.only:
        print_growth(ours)
        print_growth_of_logs(ours)
        print_tab(ours, options.pairs)


def print_growth(ours: Path) -> None:
    """Print what listings of different lengths take, one run each."""
    runs = {}
    for jobs in SIZES:
        with served(jobs) as endpoint, local_environment(endpoint) as environ:
            for name in GROWTH:
                runs[name, jobs] = run([str(ours), "ps", "-a", "--limit", "0", "--format", name], environ)
    print(f"\n| `ps -a --limit 0 --format ...` | {' | '.join(f'{jobs:,} jobs' for jobs in SIZES)} |")
    print("| --- |" + " --- |" * len(SIZES))
    for name in GROWTH:
        cells = [f"{runs[name, jobs].wall:.1f} s, {runs[name, jobs].memory:.0f} MiB" for jobs in SIZES]
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)


def print_growth_of_logs(ours: Path) -> None:
    """Print what following jobs that wrote different numbers of lines takes, one run each."""
    with served(0) as endpoint, local_environment(endpoint) as environ:
        runs = [run([str(ours), "logs", "-f", f"alice/{LOGGED}{lines:08}"], environ) for lines in LINES]
    print(f"\n| | {' | '.join(f'{lines:,} lines' for lines in LINES)} |")
    print("| --- |" + " --- |" * len(LINES))
    print(f"| `logs -f` | {' | '.join(f'{each.wall:.1f} s, {each.memory:.0f} MiB' for each in runs)} |", flush=True)


def print_tab(ours: Path, count: int) -> None:
    """Print how long a TAB for a value from a fixed list takes, compared with `--help`."""
    with local_environment("http://127.0.0.1:9") as environ:
        pairs = [(run([str(ours)], environ | TAB), run([str(ours), "--help"], environ)) for _ in range(count + 1)][1:]
    tab, ratio = statistics.median(a.wall for a, _ in pairs), statistics.median(a.wall / b.wall for a, b in pairs)
    print(f"\nA TAB after `ps --status` takes {tab * 1000:.0f} ms, {ratio:.2f} of `--help`.")


def line(row: Row, pairs: Sequence[tuple[Run, Run]]) -> str:
    """Return the row of the table: medians, of the ratios pair by pair."""

    def median(values: Iterator[float]) -> float:
        return statistics.median(values)

    wall = median(a.wall / b.wall for a, b in pairs)
    memory = median(a.memory / b.memory for a, b in pairs)
    to_reach = f"{row.wall:.2f}" + (f", memory {row.memory:.2f}" if row.memory else "")
    cells = [
        row.work,
        f"**{wall:.2f}**",
        to_reach,
        *(f"{median(pair[side].wall for pair in pairs) * 1000:.0f} ms" for side in (0, 1)),
        f"{memory:.2f}",
        *(f"{median(pair[side].memory for pair in pairs):.0f} MiB" for side in (0, 1)),
    ]
    return f"| {' | '.join(cells)} |"


def measured(row: Row, ours: Path, peer: Path, count: int) -> list[tuple[Run, Run]]:
    """Run both in turn, after one run of each that does not count."""
    with served(row.jobs, row.delay_ms) as endpoint, local_environment(endpoint) as environ:
        pairs = [
            (
                run([str(ours), *row.ours], environ, row.on_terminal),
                run([str(peer), *row.peer], environ, row.on_terminal),
            )
            for _ in range(count + 1)
        ]
    return pairs[1:]


@contextmanager
def local_environment(endpoint: str) -> Iterator[dict[str, str]]:
    """Yield an environment with a home of its own, in which both programs ask the server at `endpoint`."""
    with tempfile.TemporaryDirectory() as home:
        kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG")
        yield {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": home,
            "USERPROFILE": home,
            "HF_ENDPOINT": endpoint,
            "HF_TOKEN": "hf_benchmark",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "COLUMNS": "120",
            "TERM": "xterm-256color",
        }


def run(argv: Sequence[str], environ: dict[str, str], on_terminal: bool = False) -> Run:
    """Run one process to its end, reading all that it writes. Exits if it fails."""
    reader, writer = os.openpty() if on_terminal else os.pipe()
    started = time.perf_counter()
    process = subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.DEVNULL)
    os.close(writer)
    drain = threading.Thread(target=drained, args=(reader,))
    drain.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    drain.join()
    os.close(reader)
    if process.returncode:
        sys.exit(f"{' '.join(argv[:4])} failed with exit code {process.returncode}")
    return Run(wall, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024))


def drained(reader: int) -> None:
    """Read until nobody writes any more."""
    try:
        while os.read(reader, 1 << 20):
            pass
    except OSError:  # so a terminal ends
        pass


@contextmanager
def served(jobs: int, delay_ms: int = 0) -> Iterator[str]:
    """Start a server of so many jobs, yield its address, and end it."""
    argv = [sys.executable, str(SERVER), str(jobs), str(delay_ms)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def installed(directory: Path, requirement: str, program: str) -> Path:
    """Return the path of a program, installed into a virtual environment of its own. Ours is installed anew."""
    python = directory / "bin" / "python"
    if not python.exists():
        venv.create(directory, with_pip=True)
    if requirement == str(ROOT):
        pip = [str(python), "-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", requirement]
        subprocess.run([str(python), "-m", "pip", "install", "-q", requirement], check=True)
        subprocess.run(pip, check=True)
    elif not (directory / "bin" / program).exists():
        subprocess.run([str(python), "-m", "pip", "install", "-q", requirement], check=True)
    return directory / "bin" / program


if __name__ == "__main__":
    main()
