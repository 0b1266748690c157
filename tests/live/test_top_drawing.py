"""The screen of `top` as lines: whatever jobs there are and keys are pressed, it fits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.usage import Usage
from hfjobs_cli.terminal import Preferences, Size
from hfjobs_cli.text.terminal_text import cell_width
from hfjobs_cli.tui.top_state import Ended, Series, Top
from hfjobs_cli.tui.top_view import drawn, sparkline
from tests.support import NOW

_CODE = re.compile(r"\x1b\[[0-9;]*m")
KEYS = st.lists(
    st.sampled_from(["up", "down", "j", "k", "g", "G", "page-down", "home", "/", "a", "世", "backspace", "enter"])
    | st.sampled_from(["escape", "c", "y", "n", "?", "s"]),
    max_size=20,
)
JOBS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["RUNNING", "SCHEDULING", "NEWER", None]),
        st.text(max_size=30),
        st.none() | st.integers(0, 9),
    ),
    max_size=45,
)


def job(place: int, stage: str | None = "RUNNING", name: str = "train", **changes: Any) -> JobInfo:
    values = {
        "id": f"{place:024x}",
        "createdAt": "2026-05-12T08:00:00Z",
        "startedAt": "2026-05-12T08:01:00Z",
        "status": {"stage": stage, "message": name},
        "owner": {"name": "alice"},
        "labels": {"name": name},
        "command": ["echo", name],
        **changes,
    }
    return JobInfo.from_api(values)


def usage(place: int, gpus: int) -> Usage:
    each = {"utilization": 99, "memory_used_bytes": 1, "memory_total_bytes": 2}
    values = {"cpu_usage_pct": gpus * 11, "cpu_millicores": 1e9, "memory_used_bytes": 7e14, "memory_total_bytes": 9e14}
    told = {"job_id": f"{place:024x}", **values, "rx_bps": 1e12, "gpus": {str(number): each for number in range(gpus)}}
    return Usage.from_api(told)


@settings(max_examples=150)
@given(JOBS, KEYS, st.integers(1, 200), st.integers(1, 60), st.booleans(), st.booleans())
def test_it_fits(
    told: list[tuple[int, str | None, str, int | None]],
    keys: list[str],
    columns: int,
    lines: int,
    color: bool,
    is_unicode: bool,
) -> None:
    """As many lines as there are, none too wide; and one that passes the filter is chosen."""
    state = Top()
    state.update([job(place, stage, name) for place, stage, name, _ in told], NOW)
    for place, _, name, gpus in told:
        row = state.rows[f"{place:024x}"]
        row.event = f'{{"data": "{place}\\\\r", "timestamp": "2026-05-12T08:00:00Z"}}'
        row.cost = Cost(Decimal("12345.67"), is_estimated=True)
        if gpus is not None:
            row.note(usage(place, gpus), NOW)
        state.end([Ended(replace(job(place + 100, "ERROR", name), finished_at=NOW), row.cost)])
    for key in keys:
        state.press(key)
        shown = drawn(
            state, Size(columns, lines), NOW, Preferences(color=color, encoding="utf-8" if is_unicode else "ascii")
        )
        assert state.mode == "help" or len(shown) == lines
        plain = [_CODE.sub("", line) for line in shown]
        assert all(cell_width(line) <= columns for line in plain)
        assert all(line.isprintable() for line in plain)
        assert is_unicode or all(line.isascii() for line in plain)
        assert color or plain == shown
        assert (state.chosen in {row.job.id for row in state.shown}) == bool(state.shown)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_is_wrapped(columns: int) -> None:
    state = Top()
    state.press("?")
    shown = drawn(state, Size(columns, 30), NOW, Preferences(color=False, encoding="utf-8"))
    words = " ".join(" ".join(shown).split())
    assert "…" not in words
    assert "newest, name, runtime, cost, CPU, memory, GPU" in words
    assert words.endswith("Costs with ~ are estimates from the price of the flavor. Any key goes back.")


def test_the_chosen_job_stays_chosen() -> None:
    """When others come; when it goes it is the one in its place."""
    state = Top()
    state.update([job(3), job(2), job(1)], NOW)
    state.press("down")
    assert state.chosen == job(2).id
    state.update([job(5), job(4), job(3), job(2), job(1)], NOW)
    assert state.chosen == job(2).id
    state.update([job(5), job(4), job(3), job(1)], NOW)
    assert state.chosen == job(1).id
    state.update([], NOW)
    assert state.chosen is None


def test_a_yes_is_for_the_job_that_was_asked_about() -> None:
    """If that is gone by then, nothing is canceled; if others come, it is still meant."""
    state = Top()
    state.update([job(2), job(1)], NOW)
    state.press("c")
    state.update([job(1)], NOW)
    assert state.message == "it has finished"
    assert state.press("y") is None
    state.press("c")
    state.update([job(4), job(3), job(1)], NOW)
    assert drawn(state, Size(80, 24), NOW, Preferences())[-1] == f"Cancel train ({job(1).id})? [y/N]"
    assert state.press("y") == "cancel"
    assert state.chosen == job(1).id


def test_bars() -> None:
    """Each is the mean of ten seconds; where nothing was told there is a gap; more than nothing shows."""
    series = Series()
    for second, value in ((0, 100.0), (5, 50.0), (10, 0.0), (31, 0.5), (40, None), (45, 100.0)):
        series.add(value, NOW + timedelta(seconds=second))
    means = series.means(6, NOW + timedelta(seconds=49))
    assert means == [None, 75.0, 0.0, None, 0.5, 100.0]
    assert sparkline(means, 100.0) == " ▇▁ ▂█"
    assert sparkline(means, 100.0, is_unicode=False) == " *_ .#"
    assert sparkline([0.0, 0.0], 0.0) == "▁▁"


def test_a_job_that_wrote_nothing_for_long_is_seen_to_hang() -> None:
    state = Top()
    state.update([job(1)], NOW)
    state.rows[job(1).id].event = '{"data": "step 7", "timestamp": "2026-05-12T08:48:00Z"}'
    shown = drawn(state, Size(80, 24), NOW, Preferences())
    assert shown[2].endswith("(12m ago) step 7")
    state.rows[job(1).id].event = '{"data": "10%\\r 20%\\r", "timestamp": "2026-05-12T08:59:50Z"}'
    assert drawn(state, Size(80, 24), NOW, Preferences())[2].endswith(" 20%")


def test_costs_are_added_up() -> None:
    state = Top()
    state.update([job(1), job(2, "SCHEDULING")], NOW)
    state.rows[job(1).id].cost = Cost(Decimal("1.25"), is_estimated=True)
    state.rows[job(2).id].cost = Cost(Decimal(0), is_estimated=True)
    assert drawn(state, Size(80, 24), NOW, Preferences())[0] == "hfjobs top: 1 running, 1 scheduling, ~$1.25 so far"


class TestIdle:
    """A job whose GPUs do nothing is marked: since when they have been seen idle, and what that cost of what it did."""

    def state(self, *utilizations: float) -> Top:
        """Return a job that has run for 59 minutes and cost $60, and a sample each 30 seconds."""
        state = Top()
        state.update([job(1)], NOW)
        row = state.rows[job(1).id]
        row.cost = Cost(Decimal(60), is_estimated=True)
        row.event = '{"data": "step 7"}'
        for number, each in enumerate(utilizations):
            gpus = {"0": {"utilization": 0}, "1": {"utilization": each}}
            told = Usage.from_api({"job_id": job(1).id, "gpus": gpus})
            row.note(told, NOW + timedelta(seconds=30 * (number - len(utilizations))))
        return state

    def line(self, state: Top) -> str:
        return drawn(state, Size(120, 24), NOW, Preferences())[2]

    def test_is_told_with_its_cost(self) -> None:
        assert self.line(self.state(90, *[4] * 13)).endswith("GPU idle 6m, ~$6.10  st…")

    def test_a_moment_of_rest_and_one_gpu_at_work_are_none(self) -> None:
        for told in ([90, 0, 0], [0] * 5 + [50], [5] * 9, []):
            assert self.line(self.state(*told)).endswith("step 7")
            assert "idle" not in self.line(self.state(*told))

    def test_the_cost_may_not_be_known(self) -> None:
        state = self.state(*[0] * 5)
        state.rows[job(1).id].cost = None
        assert self.line(state).endswith("GPU idle 2m  step 7")


def test_jobs_are_sorted_by_a_key() -> None:
    """Each press takes the next order, and the title says which; the chosen job stays chosen."""
    state = Top()
    state.update([job(3, name="b"), job(2, name="c"), job(1, name="a")], NOW)
    for place, (usd, cpu) in {1: (2, 5), 2: (9, None), 3: (1, 70)}.items():
        row = state.rows[job(place).id]
        row.cost = Cost(Decimal(usd), is_estimated=True)
        row.note(Usage.from_api({"job_id": row.job.id, "cpu_usage_pct": cpu}), NOW)
    orders = {}
    for _ in range(7):
        state.press("o")
        orders[state.order] = [int(row.job.id, 16) for row in state.shown]
        assert (f"; by {state.order}" in drawn(state, Size(80, 24), NOW, Preferences())[0]) == bool(state.order)
    assert (orders["name"], orders["cost"], orders["CPU"], orders[""]) == ([1, 3, 2], [2, 1, 3], [3, 1, 2], [3, 2, 1])
    assert list(orders) == ["name", "runtime", "cost", "CPU", "memory", "GPU", ""]
    state.press("O")
    assert (state.order, state.chosen) == ("GPU", job(3).id)


def test_finished_jobs_take_the_room_there_is() -> None:
    state = Top()
    state.update([job(1)], NOW)
    state.end([Ended(replace(job(place, "ERROR"), finished_at=NOW)) for place in range(2, 50)])
    for lines in (24, 50):
        shown = drawn(state, Size(80, lines), NOW, Preferences())
        assert sum(" ERROR " in line for line in shown) == lines - 11
        assert len(shown) == lines


def test_the_chosen_row_and_the_headers_are_bars() -> None:
    """Up to the edge, each in its own colors; loads have colors, too."""
    state = Top()
    state.update([job(2), job(1)], NOW)
    state.rows[job(1).id].note(usage(1, 0), NOW)
    shown = drawn(state, Size(80, 24), NOW, Preferences(color=True))
    header, chosen, other = shown[1:4]
    assert (header[:6], chosen[:8]) == ("\x1b[1;7m", "\x1b[30;46m")
    assert all(cell_width(_CODE.sub("", line)) == 80 for line in (header, chosen))
    assert "\x1b[32m" in other
    assert "\x1b[30;46m" not in other
