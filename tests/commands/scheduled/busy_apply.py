"""Interrupts `scheduled apply` at random moments, and checks what the next one makes of it.

As a program it does so as often as one likes, on a Hub that loses answers:

    python -m tests.commands.scheduled.busy_apply --kills 20 --latency 0.05 --faults 0.1
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.commands.busy_hub import BusyHub, started
from tests.support import USER, Result, command, run_here

SIGNALS = (signal.SIGKILL, signal.SIGINT) if sys.platform != "win32" else (signal.SIGTERM,)


def declared(kind: str, count: int, number: str) -> str:
    """Return the tables of some schedules whose jobs get this number."""
    return "".join(
        f'[schedules.{kind}-{place}]\nschedule = "@daily"\nimage = "python:3.12"\ncommand = ["true"]\n'
        f'env.NUMBER = "{number}"\nlabels.kind = "{kind}"\n'
        for place in range(count)
    )


class Rounds:
    """Applies that are interrupted. Each creates, replaces and deletes so many schedules."""

    def __init__(self, hub: BusyHub, directory: Path, creates: int = 6, replaces: int = 6, deletes: int = 4) -> None:
        """Write the file as it is first and as it is then."""
        self.hub = hub
        self._first, self._second = directory / "first.toml", directory / "second.toml"
        self._first.write_text(declared("old", replaces, "1") + declared("pruned", deletes, "1"), encoding="utf-8")
        self._second.write_text(declared("old", replaces, "2") + declared("new", creates, "2"), encoding="utf-8")
        self._wanted = Counter({f"{kind}-{n}": 1 for kind, count in (("old", replaces), ("new", creates))
                                for n in range(count)})  # fmt: skip
        self.left: Counter[str] = Counter()

    def _line(self, file: Path, *more: str) -> list[str]:
        return ["scheduled", "apply", str(file), "--prune", "--yes", *more]

    def _applied(self, file: Path, *more: str) -> Result:
        return run_here(*self._line(file, *more), environ=self.hub.environ)

    def schedules(self) -> list[tuple[str, str]]:
        """Return name and number of each schedule."""
        with self.hub.store.read() as tables:
            found = [each["jobSpec"] for each in tables.schedules(USER)]
        return [(each["labels"]["name"], each["environment"]["NUMBER"]) for each in found]

    def begin(self) -> None:
        """Have the Hub hold what the first file says, whatever it holds."""
        with self.hub.faultless():
            done = self._applied(self._first)
        assert done.code == 0, done

    def interrupt(self, changes: int, after_secs: float, *signals: int) -> list[int]:
        """Apply the second file, in as many processes as there are signals, and send them some time after a change.

        `changes` is how many requests have come in by then that change something, or at least an attempt to.
        """
        until = self.hub.changes + changes
        victims = [(started(self.hub, command(*self._line(self._second))), number) for number in signals]
        while self.hub.changes < until and any(victim.poll() is None for victim, _ in victims):
            time.sleep(0.005)
        time.sleep(after_secs)
        for victim, number in victims:
            victim.send_signal(number)
        for victim, _ in victims:
            victim.communicate(timeout=120)
        return [victim.returncode for victim, _ in victims]

    def settle(self) -> None:
        """Apply the second file once more. Then the Hub holds what it says, and there is nothing left to do."""
        held = Counter(name for name, _ in self.schedules())
        self.left["complete"] += held == self._wanted
        self.left["a name twice"] += max(held.values()) > 1
        with self.hub.faultless():
            done = self._applied(self._second)
            assert done.code == 0, done
            assert Counter(name for name, _ in self.schedules()) == self._wanted, self.schedules()
            assert {number for _, number in self.schedules()} == {"2"}, self.schedules()
            again = self._applied(self._second, "--exit-code", "--format", "{{.name}}")
            assert again.code == 0, again


def play(rounds: Rounds, moments: Iterable[tuple[int, float]], processes: int = 1) -> Counter[str]:
    """Interrupt an apply at each of these moments, and return how the interrupted processes ended."""
    ends: Counter[str] = Counter()
    for turn, moment in enumerate(moments):
        rounds.begin()
        number = SIGNALS[turn % len(SIGNALS)]
        for code in rounds.interrupt(*moment, *[number] * processes):
            ends[f"{signal.Signals(number).name}: {code}"] += 1
        rounds.settle()
    return ends


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind, default in (
        ("kills", int, 20),
        ("latency", float, 0.05),
        ("faults", float, 0.1),
        ("processes", int, 1),
        ("seed", int, 1),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        hub = BusyHub(Path(directory), seed=given.seed, latency_secs=given.latency, faults=given.faults)
        try:
            rounds = Rounds(hub, Path(directory))
            moments = ((chance.randint(1, 22), chance.uniform(0, given.latency)) for _ in range(given.kills))
            ends = play(rounds, moments, given.processes)
            sys.stdout.write(
                f"{vars(given)}\n{dict(ends)}; left after interruptions: {dict(rounds.left)}; {hub.asked} requests,"
                f" {dict(hub.answers)}; {time.monotonic() - began:.0f} s\n"
            )
        finally:
            hub.close()


if __name__ == "__main__":
    main()
