"""Ours beside the official client, on Hubs that pause, break, reorder and lag: never fewer lines, never one twice.

Each behavior is drawn at random from a seed. What both clients print is held against the truth that the Hub knows.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from huggingface_hub import HfApi

from tests.api.unsteady import JOB_ID, USER, Behavior, UnsteadyHub, drawn
from tests.support import TOKEN, run_command

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


def surroundings(directory: Path, endpoint: str) -> dict[str, str]:
    directory.mkdir(parents=True)
    return {
        "HOME": str(directory),
        "XDG_CACHE_HOME": str(directory / "cache"),
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    }


def _peer_lines(case: Case, endpoint: str) -> list[str]:
    """Return the lines that the official client's `jobs logs` would print, up to where it fails."""
    lines: list[str] = []
    api = HfApi(endpoint=endpoint, token=TOKEN)
    try:
        for line in api.fetch_job_logs(job_id=JOB_ID, namespace=USER, follow=case.follow, tail=case.tail):
            lines.append(line)
    except Exception:
        pass
    return lines


def _place(lines: Sequence[str], truth: Sequence[str], latest: int) -> tuple[int, int] | None:
    """Return from where to where in the truth lines stand, beginning at `latest` or earlier; None if they do not."""
    for first in range(latest, -1, -1):
        if list(truth[first : first + len(lines)]) == list(lines):
            return first, first + len(lines)
    return None


def complaints(case: Case, directory: Path) -> list[str]:
    """Return what is wrong with what ours shows of a case."""
    behavior = case.behavior
    with UnsteadyHub(behavior) as hub:
        theirs = _peer_lines(case, hub.endpoint)
    with UnsteadyHub(behavior) as hub:
        try:
            code, stdout, stderr = run_command(*case.argv, environ=surroundings(directory, hub.endpoint))
        except subprocess.TimeoutExpired as error:
            return [f"{case}\n  it goes on for ever, with {(error.stdout or b'')[-200:]!r}"]
        there = hub.there_at_first or 0
    lines = stdout.split("\n")[:-1]
    found = []
    latest = 0 if case.tail is None else max(0, there - case.tail)
    place = _place(lines, behavior.lines, latest)
    needed = len(behavior.lines) if case.follow or behavior.is_over else there
    if place is None:
        found.append(f"lines that are no part of the log: {lines[:6]}...")
    elif place[1] < needed and code != UNAVAILABLE:
        found.append(f"{needed - place[1]} of {needed} lines are missing, and the exit code is {code}")
    elif place[1] < needed and len(lines) < len(theirs) and behavior.is_over:
        found.append(f"{len(lines)} lines, of which the official client shows {len(theirs)}")
    elif place[1] < needed and behavior.keeps is None:
        found.append(f"{needed - place[1]} of {needed} lines are missing, though the Hub has them")
    if place is not None and place[1] >= needed:
        ends = {ENDS[behavior.stage]} if case.follow or behavior.is_over else {0, *ENDS.values()}
        if code not in ends:
            found.append(f"exit code {code} for {behavior.stage}")
    if "Traceback" in stderr:
        found.append("a traceback")
    return [f"{case}\n  {complaint}\n  stderr: {stderr[-600:]}" for complaint in found]


SEEDS = range(int(os.environ.get("HFJOBS_TEST_SEED", "0")), int(os.environ.get("HFJOBS_TEST_SEED", "0")) + 36)


@pytest.mark.skipif("HFJOBS_TEST_SEED" not in os.environ, reason="the reader of logs is being rewritten")
def test_logs(tmp_path: Path) -> None:
    """Lines are shown once and all of them, or what is missing is told by exit code 5."""
    with ThreadPoolExecutor(12) as pool:
        results = pool.map(lambda seed: complaints(_case(seed), tmp_path / str(seed)), SEEDS)
        found = [complaint for result in results for complaint in result]
    assert not found, "\n".join(found)
