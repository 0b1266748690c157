"""Ours beside the official client, on Hubs that pause, break, reorder and lag: never fewer lines, never one twice.

Each behavior is drawn at random from a seed. What both clients print is held against the truth that the Hub knows. The
official client is asked where it matters what it does: most of it is waiting, and it takes a second to start.

With HFJOBS_TEST_SEED, the first seed, four times as many are tried: that of each day, say, to find what is rare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi

from tests.hub.unsteady import JOB_ID, SAMPLE, USER, Behavior, UnsteadyHub, drawn
from tests.support import TOKEN, Result, in_threads, run, run_here

ENDS = {"COMPLETED": 0, "ERROR": 10, "CANCELED": 11}
UNAVAILABLE = 5


class Case(NamedTuple):
    """What is asked of a Hub."""

    argv: tuple[str, ...]
    follow: bool
    tail: int | None
    behavior: Behavior

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}  {self.behavior}"


def _case(seed: int) -> Case:
    """Return what a seed stands for: a sixth each of three ways to read an ended job and three of one that goes on."""
    ended, tail = seed % 2 == 0, (None, 3, 12)[seed // 2 % 3]
    follow = seed // 6 % 2 == 0
    words = [*(["-f"] if follow else []), *(["-n", str(tail)] if tail else [])]
    return Case(("logs", "--exit-status", *words, f"{USER}/{JOB_ID}"), follow, tail, drawn(seed, ended=ended))


def local_environment(directory: Path, endpoint: str) -> dict[str, str]:
    directory.mkdir(parents=True)
    return {
        "HOME": str(directory),
        "XDG_CACHE_HOME": str(directory / "cache"),
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    }


def _peer_count(case: Case) -> int:
    """Return how many lines the official client's `jobs logs` would print, up to where it fails."""
    count = 0
    with UnsteadyHub(case.behavior) as hub, suppress(Exception):
        api = HfApi(endpoint=hub.endpoint, token=TOKEN)
        for _ in api.fetch_job_logs(job_id=JOB_ID, namespace=USER, follow=case.follow, tail=case.tail):
            count += 1
    return count


def _place(lines: Sequence[str], truth: Sequence[str], latest: int) -> tuple[int, int] | None:
    """Return from where to where in the truth lines stand, beginning at `latest` or earlier; None if they do not."""
    for first in range(latest, -1, -1):
        if list(truth[first : first + len(lines)]) == list(lines):
            return first, first + len(lines)
    return None


LOST = "some lines may be missing: the Hub no longer has the last line received"


def _pieces(lines: Sequence[str], truth: Sequence[str], lost: int) -> bool:
    """Tell whether lines are the truth up to its end but for what was `lost`: a first part, and some in one place."""
    for first in range(lost + 1):
        last = len(truth) - len(lines) - first  # so many are missing within
        if 0 <= last <= lost and any(
            [*truth[first : first + size], *truth[first + size + last :]] == list(lines)
            for size in range(len(lines) + 1)
        ):
            return True
    return False


def complaints(seed: int, directory: Path) -> list[str]:
    """Return what is wrong with what ours shows of a log: lines are shown once and all, or exit code 5 tells of it."""
    case = _case(seed)
    behavior = case.behavior
    with UnsteadyHub(behavior) as hub:
        code, stdout, stderr = ours_of(case.argv, local_environment(directory, hub.endpoint))
        there = hub.there_at_first or 0
    lines = stdout.split("\n")[:-1]
    found = []
    latest = 0 if case.tail is None else max(0, len(behavior.lines) - case.tail)  # a break may come before any line
    if behavior.keeps is not None:
        latest = max(latest, there - behavior.keeps)
    place = _place(lines, behavior.lines, latest)
    if place is None and behavior.keeps is not None and LOST in stderr:
        # What the Hub drops between two connections nobody can show. It is told, and how the job ended is known.
        lost = len(behavior.lines) - behavior.keeps
        if _pieces(lines, behavior.lines[latest:], lost):
            place = (latest, len(behavior.lines))
    needed = len(behavior.lines) if case.follow or behavior.is_over else there
    if place is None:
        found.append(f"lines that are no part of the log: {lines[:6]}...")
    elif case.tail is not None and len(lines) < min(case.tail, needed) and code != UNAVAILABLE:
        found.append(f"{len(lines)} of {case.tail} lines, and the exit code is {code}")
    elif place[1] < needed and code != UNAVAILABLE:
        found.append(f"{needed - place[1]} of {needed} lines are missing, and the exit code is {code}")
    elif place[1] < needed and behavior.is_over and len(lines) < (theirs := _peer_count(case)):
        found.append(f"{len(lines)} lines, of which the official client shows {theirs}")
    elif place[1] < needed and behavior.keeps is None:
        found.append(f"{needed - place[1]} of {needed} lines are missing, though the Hub has them")
    if place is not None and place[1] >= needed:
        ends = {ENDS[behavior.stage]} if case.follow or behavior.is_over else {0, *ENDS.values()}
        if code not in ends:
            found.append(f"exit code {code} for {behavior.stage}")
    if "Traceback" in stderr:
        found.append("a traceback")
    return [f"{case}\n  {complaint}\n  stderr: {stderr[-600:]}" for complaint in found]


FIRST_SEED = int(os.environ.get("HFJOBS_TEST_SEED", "0"))
TIMES = 4 if "HFJOBS_TEST_SEED" in os.environ else 1


def ours_of(argv: Sequence[str], environ: Mapping[str, str]) -> Result:
    """Run ours in this process, with real pauses; what goes on for ever fails after three minutes."""
    until = time.monotonic() + 180

    def sleep(secs: float) -> None:
        assert time.monotonic() < until, "it goes on for ever"
        time.sleep(secs)

    return run_here(*argv, environ=environ, sleep=sleep)


def by_the_peer(behavior: Behavior, argv: Sequence[str], environ: Mapping[str, str]) -> Result:
    """Run the official client on a Hub of its own; its exit code is -1 if it does not end."""
    with UnsteadyHub(behavior) as hub:
        if argv[0] != "run":
            hub.begin()
        try:
            peer = [sys.executable, "-m", "huggingface_hub.cli.hf", "jobs", *argv]
            return run(peer, {**environ, "HF_ENDPOINT": hub.endpoint})
        except subprocess.TimeoutExpired:
            return Result(-1, "", "")


def complaints_of_run(seed: int, directory: Path) -> list[str]:
    """Return what is wrong with how ours runs and follows a new job, or what the official client does better.

    It is created once, followed to its end over all that a Hub may do meanwhile, and its end is ours.
    """
    behavior = drawn(seed, ended=False, created=True)
    argv = ("run", "python:3.12", "true")
    environ = local_environment(directory, "")
    with UnsteadyHub(behavior) as hub:
        ours = ours_of(argv, {**environ, "HF_ENDPOINT": hub.endpoint})
        posts = hub.posts
        there = hub.there_at_first or 0
    lines = ours.stdout.split("\n")[:-1]
    found = []
    if posts != 1:
        found.append(f"{posts} jobs were created")
    truth = behavior.lines
    if behavior.keeps is not None:  # what is dropped before the log is first asked for, or between two connections
        truth = truth[max(0, there - behavior.keeps) :]
    lost = len(behavior.lines) - behavior.keeps if behavior.keeps is not None and LOST in ours.stderr else 0
    if lines != truth and not (lost and _pieces(lines, truth, lost)):
        found.append(f"{len(lines)} lines of {len(behavior.lines)}")
    if ours.code != ENDS[behavior.stage]:
        theirs = by_the_peer(behavior, argv, environ)
        found.append(f"exit code {ours.code} for {behavior.stage}; the official client ends with {theirs.code}")
    return [f"run {behavior}\n  {complaint}\n  stderr: {ours.stderr[-800:]}" for complaint in found]


def complaints_of_wait(seed: int, directory: Path) -> list[str]:
    """Return what is wrong with how ours waits: the exit code is how the job ended, whatever came before that."""
    behavior = drawn(seed, ended=seed % 3 == 0)
    behavior.due = [due if due <= 0 else min(due, 1.0) for due in behavior.due]
    argv = ("wait", f"{USER}/{JOB_ID}")
    environ = local_environment(directory, "")
    with UnsteadyHub(behavior) as hub:
        hub.begin()
        ours = ours_of(argv, {**environ, "HF_ENDPOINT": hub.endpoint})
    if ours.code != ENDS[behavior.stage]:
        theirs = by_the_peer(behavior, argv, environ)
        found = f"exit code {ours.code} for {behavior.stage}; the official client ends with {theirs.code}"
        return [f"wait {behavior}\n  {found}\n  stderr: {ours.stderr[-800:]}"]
    return []


def complaints_of_stats(seed: int, directory: Path) -> list[str]:
    """Return how the sample that ours shows differs from what the Hub sends, under whatever name of the event."""
    behavior = drawn(seed, ended=False)
    behavior.due = [600.0]
    behavior.lines = ["later"]
    argv = ("stats", f"{USER}/{JOB_ID}", "--format", "json")
    environ = local_environment(directory, "")
    with UnsteadyHub(behavior) as hub:
        ours = ours_of(argv, {**environ, "HF_ENDPOINT": hub.endpoint})
    expected = [{"job_id": JOB_ID, **SAMPLE}]
    shown = [{key: row.get(key) for key in expected[0]} for row in json.loads(ours.stdout or "[]")]
    if (ours.code, shown) != (0, expected):
        theirs = by_the_peer(behavior, argv, environ)
        return [f"stats {behavior}\n  ours: {ours}\n  theirs: {theirs}"]
    return []


KINDS: list[tuple[Callable[[int, Path], list[str]], int]] = [
    (complaints, 12),
    (complaints_of_run, 6),
    (complaints_of_wait, 3),
    (complaints_of_stats, 3),
]
"""What is tried, each with so many seeds."""


def test_nothing_is_worse_than_the_official_client(tmp_path: Path) -> None:
    """All cases are tried at once, as most of what they do is to wait."""
    cases = [(complain, seed) for complain, seeds in KINDS for seed in range(FIRST_SEED, FIRST_SEED + seeds * TIMES)]
    asked = [(complain, seed, tmp_path / str(number)) for number, (complain, seed) in enumerate(cases)]
    calls = in_threads(lambda complain, seed, place: complain(seed, place), asked)
    found = [complaint for call in calls for complaint in call.result()]
    assert not found, "\n".join(found)
