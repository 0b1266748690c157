"""Plan a sweep: its name, its items with notes about them, their maximum cost, and the table of all that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TextIO

from hfjobs_cli import terminal
from hfjobs_cli.commands._submit import at_most, flavor_of, limited, priced_flavor, why_unpriced
from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.insight.costs import max_cost
from hfjobs_cli.jobspec import sweep
from hfjobs_cli.jobspec.environment import with_inlined_file
from hfjobs_cli.jobspec.from_job import spec_of_job
from hfjobs_cli.jobspec.from_options import hashed_values, name_for_script
from hfjobs_cli.jobspec.sweep import ITEM, SWEEP, Item
from hfjobs_cli.models.cost import dollars
from hfjobs_cli.models.kind import Computed
from hfjobs_cli.models.record import NUMBER_IN_TEXT, FieldType, Meta, natural
from hfjobs_cli.query.label_edits import is_label
from hfjobs_cli.text.redaction import LEAST_SECRET, looks_secret, masked_value
from hfjobs_cli.text.terminal_text import GAP, cell_width, cut_middle, padding, printable
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from hfjobs_cli.cli.job_options import Sweeping
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._sweep_run import Sweep
    from hfjobs_cli.jobspec.environment import LocalEnvironment
    from hfjobs_cli.jobspec.from_options import Compose
    from hfjobs_cli.jobspec.new_job import RawOptions
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kind import Kind


PAGE_ROWS = 20
"""How many items of a plan are shown if stderr is not a terminal."""

_VALUE_RANK = 95
"""The rank of a column of values: they leave a narrow table last, long after the name, which is made of them."""

MAX_CELL, LEAST_CELL = 32, 6
"""How many characters of a value are shown."""


def sweep_name(sweeping: Sweeping, raw: RawOptions, words: Sequence[str]) -> str:
    """Return the name of the sweep: by default one that is the same for the same line, whatever the values.

    Raises UsageError.
    """
    name = sweeping.sweep
    if name is None:
        if raw.name and not sweep.is_filled(raw.name):
            return raw.name
        program = next((word for word in words if word), "")
        options = [*(raw.env or ()), *(raw.label or ()), raw.name or ""]
        secrets = [each.partition("=")[0] for each in raw.secrets or ()]
        return name_for_script(program, words[1:], hashed_values(raw, None, {}, secrets, options))
    if not name or not is_label(SWEEP, name):
        raise UsageError(f"invalid sweep name '{name}'", hint="use at most 100 letters, digits and . _ -")
    return name


def planned_items(
    sweeping: Sweeping, raw: RawOptions, compose: Compose, name: str, local: LocalEnvironment
) -> tuple[list[Item], int]:
    """Return the items, and the number of combinations, which may contain equal ones. Raises UsageError."""
    for key in (SWEEP, ITEM):
        if given := [each for each in raw.label or () if each.partition("=")[0] == key]:
            raise UsageError(f"-l {given[0]} cannot be used: the sweep sets this label", hint="use --sweep NAME")
    each = [sweep.each_of(text) for text in sweeping.each or ()]
    rows = [{}] if sweeping.each_from is None else sweep.rows_of(sweeping.each_from, local)
    combined = sweep.combinations(each, rows)
    _check_labels(raw.label or (), combined)
    labels = [label.partition("=")[2] for label in raw.label or () if label.startswith("name=")]
    given_name = raw.name or (labels[-1] if labels else None)
    raw = with_inlined_file(raw, local)
    items = sweep.items_of(
        combined,
        lambda filler: compose(filler.options(raw), filler),
        name,
        base=given_name or name,
        is_named=sweep.is_filled(given_name),
        secrets=raw.secrets or (),
    )
    return items, len(rows) * math.prod(len(values) for _, values in each)


def _check_labels(labels: Sequence[str], combined: Sequence[sweep.Values]) -> None:
    """Raise UsageError for a label that would hide the values of the key of that name."""
    for label in labels:
        key, _, text = label.partition("=")
        for values in combined:
            if key in values and sweep.can_be_label(key, values[key]) and sweep.Filler(values)(text) != values[key]:
                raise UsageError(
                    f"-l {label} cannot be used: the values of key '{key}' become this label",
                    hint="rename the label or the key",
                )


def check_secrets(session: Session, items: Sequence[Item]) -> None:
    """Raise UsageError if a value holds that of a secret: labels and names are for everybody."""
    token = session.settings.token
    secrets = {each for each in (*session.secrets, token or "") if len(each.strip()) >= LEAST_SECRET}
    for item in items:
        for key, value in item.values.items():
            if any(secret in value for secret in secrets):
                raise UsageError(
                    f"key '{key}' has the value of a secret, but values are shown",
                    hint="pass secrets with -s; all jobs of a sweep get the same secrets",
                )


def notes(items: Sequence[Item], given: int) -> Iterator[str]:
    """Yield notes: keys that do not become labels, and equal combinations among the `given` number."""
    for key in items[0].values:
        odd = [item.values[key] for item in items if not sweep.can_be_label(key, item.values[key])]
        if not odd:
            continue
        if key in sweep.RESERVED:
            yield f"note: key '{key}' does not become a label: the label '{key}' is reserved"
        elif looks_secret(key):
            yield (f"note: key '{key}' does not become a label: it looks like a secret, and others can read labels")
        elif not is_label(key, ""):
            yield f"note: key '{key}' does not become a label: it is not a valid label key"
        else:
            where = "" if len(odd) == len(items) else f" in {len(odd)} of {len(items)} jobs"
            yield (
                f"note: key '{key}' does not become a label{where}: '{_shortened(odd[0])}' is not a valid label value"
            )
    if given > len(items):
        yield f"note: {len(items)} of {given} combinations are different; equal ones run only once"


def kind_with_values(kind: Kind, items: Sequence[Item]) -> Kind:
    """Return the kind of jobs as a sweep shows them: by default with the values of their items, and how they ended.

    A value is shown whole as the column `label.KEY`, even if the Hub allows no such label.
    """
    values = {item.fingerprint: item.values for item in items}

    def column(key: str) -> Computed:
        def read(job: JobInfo, _now: datetime) -> str | None:
            value = values.get((job.labels or {}).get(ITEM, ""), {}).get(key)
            return None if value is None else masked_value(key, value)

        meta = Meta(
            f"value of {key}",
            "1",
            header=key.upper(),
            rank=_VALUE_RANK,
            min_width=LEAST_CELL,
            sort_key=natural,
            measure=NUMBER_IN_TEXT,
            cuts_middle=True,
        )
        return Computed(FieldType(str), read, meta)

    own = {f"label.{key}": column(key) for key in items[0].values}
    shown = ("id", "name", *own, "status", "exit_code", "reason", "runtime")
    return replace(kind, computed={**kind.computed, **own}, default_columns=shown)


def _cell(key: str, value: str, width: int) -> str:
    return _shortened(printable(masked_value(key, value)), width) or "''"


def _shortened(text: str, width: int = MAX_CELL) -> str:
    return cut_middle(text, width, "...")


def limit_cost(session: Session, run: Sweep, flavors: list[Hardware], usd: Decimal) -> list[Item]:
    """Set the timeouts of the jobs to be created so that the sweep as a whole costs no more. Raises UsageError.

    What its jobs have cost, or may still cost, is taken off; the rest is shared evenly.
    """
    todo = run.todo
    if not todo:
        return []
    spent = sum((_cost_of(session, job, flavors) for job in (*run.jobs.values(), *run.others)), Decimal(0))
    share = max(Decimal(0), usd - spent) / len(todo)
    marks = {item.fingerprint for item in todo}
    try:
        run.items = [
            replace(item, launch=replace(item.launch, job=limited(item.launch.job, flavors, share)))
            if item.fingerprint in marks
            else item
            for item in run.items
        ]
    except UsageError as error:
        before = f", of which {dollars(spent)} is spent or may be" if spent else ""
        jobs = f"each of {len(todo)} jobs" if len(todo) > 1 else "the job"
        raise UsageError(
            f"--max-cost {dollars(usd)}{before} is {dollars(share)} for {jobs}: {error.message}",
            error.hint,
        ) from None
    return run.todo


def _cost_of(session: Session, job: JobInfo, flavors: list[Hardware]) -> Decimal:
    """Return what a job of the sweep has cost, or may cost if it has not ended. Raises HfJobsError."""
    if job.has_ended:
        cost = session.costs.of(job, session.clock())
        if cost is None:
            raise HfJobsError(
                f"cannot apply --max-cost: the cost of job {job.id} is unknown", hint="use --timeout instead"
            )
        return cost.usd
    made = spec_of_job(job)
    return max_cost(made, priced_flavor(made, flavors)) or Decimal(0)


class SweepPlan(NamedTuple):
    """The items of a sweep as a table, with the jobs to create and what they may cost."""

    run: Sweep
    todo: Sequence[Item]
    flavors: list[Hardware]

    def lines(self, stream: TextIO, environ: Mapping[str, str]) -> list[str]:
        """Return the table of the items, as far as a stream has room, and what they may cost together."""
        items = self.run.items
        is_terminal = terminal.is_terminal(stream)
        room = max(5, terminal.size_of(stream).lines - 6) if is_terminal else PAGE_ROWS
        shown = items if len(items) <= room else items[:room]
        jobs = ["JOB", *map(self._job, shown)]
        width = MAX_CELL
        if is_terminal:
            left = terminal.width_of(stream, environ) - max(map(len, jobs))
            width = max(LEAST_CELL, min(MAX_CELL, left // len(items[0].values) - GAP))
        columns = [
            [_shortened(key.upper(), width), *(_cell(key, item.values[key], width) for item in shown)]
            for key in items[0].values
        ]
        widths = [max(map(cell_width, column)) for column in columns]
        padded = [
            [cell + padding(cell_width(cell), width) for cell in column]
            for column, width in zip(columns, widths, strict=True)
        ]
        more = len(items) - len(shown)
        lines = ["".join(cells) for cells in zip(*padded, jobs, strict=True)]
        return [*lines, *([f"... and {more} more"] if more else []), self._sum()]

    def _job(self, item: Item) -> str:
        job = self.run.jobs.get(item.fingerprint)
        if job is None:
            return "new"
        return f"{job.id} {job.status}" + (", to be run again" if item in self.todo else "")

    def _sum(self) -> str:
        """Return the number of existing jobs and of those to create, and their maximum cost."""
        there = len(self.run.jobs)
        count = len(self.todo)
        parts = [f"sweep {self.run.name}: {count} {'job' if count == 1 else 'jobs'} to create"]
        parts += [f"{there} already exist"] if there else []
        others = len(self.run.others)
        parts += [f"{others} other {'job' if others == 1 else 'jobs'} of this name"] if others else []
        return ", ".join(parts) + (f"; {self._cost()}" if count else "")

    def _cost(self) -> str:
        total = Decimal(0)
        for item in self.todo:
            flavor = flavor_of(item.launch.job, self.flavors)
            usd = None if flavor is None else max_cost(item.launch.job, flavor)
            if usd is None:
                return f"cost unknown: {why_unpriced(self.flavors)}"
            total += usd
        first = self.todo[0].launch.job
        same = all(
            (each.launch.job.flavor, each.launch.job.longest_secs) == (first.flavor, first.longest_secs)
            for each in self.todo
        )
        return at_most(total) + (f", {span(first.longest_secs)} on {first.flavor} each" if same else "")
