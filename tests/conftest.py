"""Fixtures. What they return is in `support`."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from hfjobs_cli.emulator.private_directory import State
from tests.emulator.emulation import Emulator, Serve
from tests.support import ROOT, TOKEN, Hfjobs, Hub, Stall, fill


def _heard(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing, as if the signal were ignored."""


for _number in (getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)):
    # Under nohup, and in some CI systems, signals are ignored, which every child would inherit. Those that are handled
    # are not inherited, so that children of tests get default signals while this process goes on hearing none.
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _heard)


# Where Python is told to keep no bytecode, as in many containers, each of the thousand processes that tests start would
# compile the program anew, and each worker all tests: that is more than half of the processor time of a run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# werkzeug reads its version from its package for each server. That takes as long as all else that a Hub needs to start.
metadata.version = cache(metadata.version)

for _name in ("NO_COLOR", "FORCE_COLOR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    # The settings of whoever runs the tests take no part.
    os.environ.pop(_name, None)
    os.environ.pop(_name.lower(), None)


# How long an example takes says nothing: the machine may be busy. Examples may share what a fixture gives.
settings.register_profile(
    "hfjobs", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("hfjobs")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all tests once before the workers start, or each of them would, all at the same time.

    It is left out where pytest has compiled them before.
    """
    config = session.config
    is_whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    if is_whole and config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        for path in sorted(Path(__file__).parent.rglob("test_*.py")):
            if any(path.parent.glob(f"__pycache__/{path.stem}.*-pytest-{pytest.__version__}.pyc")):
                continue
            with suppress(pytest.skip.Exception):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


LONG = (
    "emulator/test_running",
    "live/test_top",
    "commands/test_logs_pauses",
    "commands/test_interrupts",
    "commands/test_sweeps",
    "commands/test_logs_property",
    "commands/uv/test_run",
    "emulator/test_connections",
    "emulator/test_official_client",
    "commands/test_same_lines",
    "commands/test_stats",
    "live/test_stats",
    "commands/scheduled/test_life",
)
"""The files with tests that take many seconds, most of which they wait: the longest first."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left with it when the others are done.

    Each worker begins with an equal part of the items, in their order. So the first half of the workers begin with
    what mostly waits, and the others have the processors meanwhile.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    waiting_workers = max(1, workers // 2)
    waiting: list[list[pytest.Item]] = [[] for _ in range(waiting_workers)]
    others: list[pytest.Item] = []
    files = [Path(__file__).parent / f"{name}.py" for name in LONG]
    assert all(file.exists() for file in files), "a file of LONG in conftest.py was renamed"
    for item in sorted(items, key=lambda item: files.index(item.path) if item.path in files else len(files)):
        (waiting[files.index(item.path) % waiting_workers] if item.path in files else others).append(item)
    ordered: list[pytest.Item] = []
    for number, begins in enumerate(waiting, 1):
        taken = max(0, len(items) * number // workers - len(ordered) - len(begins))
        ordered += [*begins, *others[:taken]]
        del others[:taken]
    items[:] = [*ordered, *others]


gc.disable()  # until all tests are collected: next to nothing of that is garbage


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was collected, and be as seldom at work as in the program itself."""
    gc.freeze()
    gc.set_threshold(200_000)
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files and completion scripts anew from what the program prints now",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Return a function from a file's name, and what was printed, to what is expected.

    The file is beside the test, in `golden`; a name with a slash is that of a file of the project. Expected is what it
    holds; with --update-golden it is first written anew.
    """

    def expected(name: str, printed: str) -> str:
        path = ROOT / name if "/" in name else request.path.parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(printed, encoding="utf-8", newline="\n")
        return path.read_text(encoding="utf-8")

    return expected


@pytest.fixture
def directories(tmp_path: Path) -> dict[str, str]:
    """Directories of its own for each test, so that no token, memory, demo or configuration of the machine is used."""
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "APPDATA": str(tmp_path / "config"),
    }


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """No measuring of coverage."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    """A Hub on loopback. What the emulator does there is measured for coverage in its own tests."""
    server = Hub(tmp_path, is_measured="emulator" in request.path.parts)
    yield server
    server.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Hub]:
    """Another Hub, to which nothing should go."""
    server = Hub(tmp_path / "elsewhere")
    yield server
    server.close()


@pytest.fixture
def stall() -> Iterator[Stall]:
    """A misbehavior that holds requests until the test is over."""
    holder = Stall()
    yield holder
    holder.released.set()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts emulators."""
    started: list[Emulator] = []

    def start(*args: Any, **options: Any) -> Emulator:
        started.append(Emulator(*args, **options))
        return started[-1]

    yield start
    for emulator in started:
        emulator.close()


@pytest.fixture
def hfjobs(hub: Hub, directories: dict[str, str]) -> Hfjobs:
    """The program, logged in to `hub`."""
    return Hfjobs({**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN})


@pytest.fixture
def demo(directories: dict[str, str]) -> Hfjobs:
    """The program on the demo, which has been used before."""
    fill(State(Path(directories["XDG_STATE_HOME"]) / "hfjobs" / "emulator"))
    return Hfjobs({**directories, "HFJOBS_DEMO": "1"})


@pytest.fixture(params=["in-process", "over-http"])
def either(request: pytest.FixtureRequest) -> Hfjobs:
    """The program on the emulator in-process and, in a second run of the test, served: both must do the same."""
    name = "demo" if request.param == "in-process" else "hfjobs"
    program: Hfjobs = request.getfixturevalue(name)
    return program
