"""Run a sweep: a job for each combination of values. Expand, check, show the plan, confirm, create, follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.cli import terminal
from hfjobs_cli.commands._create import ID_AND_URL, canceled, not_shown, show_created
from hfjobs_cli.commands._listing import Listing, outcome
from hfjobs_cli.commands._submit import check_all, flavor_of, flavors_of, limited, priced_flavor, tell_from_script
from hfjobs_cli.commands._sweep_run import Sweep
from hfjobs_cli.commands._watch import BackgroundPoller, OutageNotices, WatchedTable, is_in_place, looks
from hfjobs_cli.errors import ExitCode, HfJobsError, Interrupted, ReaderGone, UsageError
from hfjobs_cli.formats.registry import HUMAN, QUIET, format_name
from hfjobs_cli.hub.retry import Backoff
from hfjobs_cli.insight.costs import most
from hfjobs_cli.jobspec import default_name, sweep
from hfjobs_cli.jobspec.environment import inlined
from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR
from hfjobs_cli.jobspec.sweep import ITEM, SWEEP, Filler, Item
from hfjobs_cli.jobspec.validate import check, check_flavor
from hfjobs_cli.models.cost import dollars
from hfjobs_cli.query.labels import is_label
from hfjobs_cli.text.redaction import LEAST_SECRET
from hfjobs_cli.text.secrets import looks_secret, masked_value
from hfjobs_cli.text.times import span
from hfjobs_cli.text.widths import cell_width, padding
from hfjobs_cli.text.words import conflict

if TYPE_CHECKING:
    from hfjobs_cli.cli.job_options import Following, Sweeping
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.model import Launch
    from hfjobs_cli.jobspec.typed import Surroundings, Typed
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.tui.changes import Change


Describe = Callable[["Typed", Filler], "Launch"]
"""Options of the job with placeholders replaced, and what replaces them elsewhere -> the job."""

FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS = 1.0, 10.0
PAGE_ROWS = 20
"""How many items of a plan are shown where there is no terminal that has room for more or less."""

MAX_CELL = 32


def is_sweep(sweeping: Sweeping) -> bool:
    """Return whether several jobs are asked for. Raises UsageError for options that make sense for these only."""
    if sweeping.each or sweeping.each_from is not None:
        return True
    for option, given in (
        ("--sweep", sweeping.sweep is not None),
        ("--parallel", sweeping.parallel is not None),
        ("--retry-failed", sweeping.retry_failed),
    ):
        if given:
            raise UsageError(f"{option} requires a sweep", hint="add --each KEY=A,B,C, or remove {option}")
    return False


def run_sweep(
    session: Session,
    sweeping: Sweeping,
    typed: Typed,
    describe: Describe,
    words: Sequence[str],
    following: Following,
    output: Output,
    around: Surroundings,
) -> ExitCode:
    """Do with a sweep what the options say, and return how that went. `words` are what is run, with placeholders."""
    _check_options(sweeping, following)
    listing = Listing(session, output, default=ID_AND_URL if following.detach else None, indent=4)
    name = _sweep_name(sweeping, typed, words)
    items, given = _items(sweeping, typed, describe, name, around)
    for item in items:
        with sweep.naming(item.values):
            check(item.launch.job)
    check_all(session, [item.launch.job for item in items], items[0].launch.namespace, around)
    _check_secrets(session, items)
    is_quiet = listing.renderer is QUIET
    for line in _notes(items, given):
        session.note(line)
    flavors = _checked_flavors(session, items, typed)
    tell_from_script(session, items[0].launch, cost="cost of each job")
    if following.dry_run and _prints_requests(listing, output):
        listing_json = [item.launch.job.shown(around.environ.get("HF_TOKEN")) for item in items]
        _print_requests(session, listing, listing_json)
        return ExitCode.DONE

    run = Sweep(
        session, name, items[0].launch.namespace or session.client.default_namespace(), items, sweeping.parallel
    )
    run.look()
    if sweeping.retry_failed:
        run.replaced = {item: job.id for item, job in run.jobs.items() if job.status.stage == "ERROR"}
    todo = run.todo
    if typed.max_cost is not None:
        todo = _within(session, run, flavors, Decimal(str(typed.max_cost)))
    plan = Plan(run, todo, flavors)
    if following.dry_run:
        session.write("".join(f"{line}\n" for line in plan.lines(session)))
        session.flush()
        session.note("nothing was created (--dry-run)")
        return ExitCode.DONE
    if not is_quiet:
        session.tell("".join(f"{line}\n" for line in plan.lines(session)))
    if len(todo) > 1 and not sweeping.yes:
        _confirm(session, len(todo))
    return _run(session, run, listing, following)


def _check_options(sweeping: Sweeping, following: Following) -> None:
    if following.detach and following.cancel_on_interrupt:
        raise conflict("--cancel-on-interrupt", "--detach")
    if following.detach and sweeping.parallel is not None:
        raise conflict(
            "--detach",
            "--parallel: hfjobs must keep running to start the next job",
            hint="remove -d; if the run is interrupted, run the same command again to continue",
        )


def _sweep_name(sweeping: Sweeping, typed: Typed, words: Sequence[str]) -> str:
    """Return the name of the sweep: by default one that is the same for the same line, whatever the values.

    Raises UsageError.
    """
    name = sweeping.sweep
    if name is None:
        if typed.name and not sweep.is_filled(typed.name):
            return typed.name
        program = next((word for word in words if word), "")
        options = [*(typed.env or ()), *(typed.label or ()), typed.name or ""]
        traits = default_name.traits(typed, None, {}, [each.partition("=")[0] for each in typed.secrets or ()], options)
        return default_name.name_of_script(program, words[1:], traits)
    if not name or not is_label(SWEEP, name):
        raise UsageError(f"invalid sweep name '{name}'", hint="use at most 100 letters, digits and . _ -")
    return name


def _items(
    sweeping: Sweeping, typed: Typed, describe: Describe, name: str, around: Surroundings
) -> tuple[list[Item], int]:
    """Return the items, and how many combinations there are, some of which may be equal. Raises UsageError."""
    for key in (SWEEP, ITEM):
        if given := [each for each in typed.label or () if each.partition("=")[0] == key]:
            raise UsageError(f"-l {given[0]} cannot be used: the sweep sets this label", hint="use --sweep NAME")
    each = [sweep.each_of(text) for text in sweeping.each or ()]
    rows = [{}] if sweeping.each_from is None else sweep.rows_of(sweeping.each_from, around)
    combined = sweep.combinations(each, rows)
    labels = [label.partition("=")[2] for label in typed.label or () if label.startswith("name=")]
    given_name = typed.name or (labels[-1] if labels else None)
    typed = inlined(typed, around)
    items = sweep.items_of(
        combined,
        lambda filler: describe(sweep.filled(typed, filler), filler),
        name,
        base=given_name or name,
        is_named=sweep.is_filled(given_name),
        secrets=typed.secrets or (),
    )
    return items, len(rows) * math.prod(len(values) for _, values in each)


def _check_secrets(session: Session, items: Sequence[Item]) -> None:
    """Raise UsageError if a value is that of a secret: labels and names are for everybody."""
    secrets = {each for each in session.secrets if len(each.strip()) >= LEAST_SECRET}
    token = session.settings.token
    for item in items:
        for key, value in item.values.items():
            if value in secrets or (token and value == token):
                raise UsageError(
                    f"key '{key}' has the value of a secret, but values are shown",
                    hint="pass secrets with -s; all jobs of a sweep get the same secrets",
                )


def _notes(items: Sequence[Item], given: int) -> Iterator[str]:
    """Yield what to know of the items, of which so many were `given`: which keys make no label, and what came twice."""
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


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 3] + "..."


def _checked_flavors(session: Session, items: Sequence[Item], typed: Typed) -> list[Hardware]:
    """Return what the Hub lists. Raises UsageError for a flavor that it does not list."""
    flavors = flavors_of(session)
    known = {flavor.name: flavor.price or 0 for flavor in flavors}
    for flavor in dict.fromkeys(item.launch.job.flavor for item in items):
        if not (typed.any_flavor or flavor == DEFAULT_FLAVOR):
            check_flavor(flavor, known)
    return flavors


def _prints_requests(listing: Listing, output: Output) -> bool:
    """Return whether a dry run prints requests. Raises UsageError for formats that can show neither them nor a plan."""
    if listing.renderer.name in ("json", "jsonl"):
        return True
    if output.quiet or format_name(output.format_) not in (None, HUMAN, "table"):
        raise UsageError(
            "--dry-run supports only --format json and jsonl", hint="remove the format, or use one of them"
        )
    return False


def _print_requests(session: Session, listing: Listing, bodies: Sequence[object]) -> None:
    import json

    if listing.renderer.name == "jsonl":
        session.write("".join(json.dumps(body) + "\n" for body in bodies))
    else:
        session.write(json.dumps(bodies, indent=4) + "\n")
    session.flush()
    session.note("nothing was sent (--dry-run)")


def _within(session: Session, run: Sweep, flavors: list[Hardware], usd: Decimal) -> list[Item]:
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
        raise UsageError(
            f"--max-cost {dollars(usd)}{before} is {dollars(share)} for each of {len(todo)} jobs: {error.message}",
            error.hint,
        ) from None
    return run.todo


def _cost_of(session: Session, job: JobInfo, flavors: list[Hardware]) -> Decimal:
    """Return what a job of the sweep has cost, or may cost if it has not ended. Raises HfJobsError."""
    if job.has_ended:
        cost = session.costs.of(job, session.clock())
        if cost is None:
            raise HfJobsError(
                f"cannot apply --max-cost: the cost of job {job.id} is unknown", hint="give --timeout instead"
            )
        return cost.usd
    from hfjobs_cli.jobspec.existing import described

    made = described(job)
    return most(made, priced_flavor(made, flavors)) or Decimal(0)


class Plan(NamedTuple):
    """What is to be created of a sweep, as a table."""

    run: Sweep
    todo: Sequence[Item]
    flavors: list[Hardware]

    def lines(self, session: Session) -> list[str]:
        """Return the table of the items, as far as there is room, and what they may cost together."""
        items = self.run.items
        size = terminal.size_of(session.stderr).lines - 6 if terminal.is_terminal(session.stderr) else PAGE_ROWS
        room = max(5, size)
        shown = items if len(items) <= room else items[:room]
        rows = [[*(key.upper() for key in items[0].values), "JOB"], *map(self._row, shown)]
        widths = [max(cell_width(row[place]) for row in rows) for place in range(len(rows[0]))]
        lines = [
            "".join(
                cell if place == len(row) - 1 else cell + padding(cell_width(cell), widths[place])
                for place, cell in enumerate(row)
            )
            for row in rows
        ]
        more = len(items) - len(shown)
        return [*lines, *([f"... and {more} more"] if more else []), self._sum()]

    def _row(self, item: Item) -> list[str]:
        from hfjobs_cli.text.escapes import printable

        values = [printable(_shortened(masked_value(key, value))) or "''" for key, value in item.values.items()]
        job = self.run.jobs.get(item.fingerprint)
        if job is None:
            return [*values, "new"]
        return [*values, f"{job.id} {job.status}" + (", to be run again" if item in self.todo else "")]

    def _sum(self) -> str:
        """Return how many jobs there are and are to be created, and what these may cost."""
        there = len(self.run.jobs)
        count = len(self.todo)
        parts = [f"sweep {self.run.name}: {count} {'job' if count == 1 else 'jobs'} to create"]
        parts += [f"{there} already exist"] if there else []
        parts += [f"{len(self.run.others)} other jobs of this name"] if self.run.others else []
        return ", ".join(parts) + (f"; {self._cost()}" if count else "")

    def _cost(self) -> str:
        total = Decimal(0)
        for item in self.todo:
            flavor = flavor_of(item.launch.job, self.flavors)
            usd = None if flavor is None else most(item.launch.job, flavor)
            if usd is None:
                return "cost unknown: the Hub lists no price"
            total += usd
        first = self.todo[0].launch.job
        same = all(
            (each.launch.job.flavor, each.launch.job.longest_secs) == (first.flavor, first.longest_secs)
            for each in self.todo
        )
        shown = f"${total:,.2f}" if total >= 1 else f"${total:.4f}"
        return f"at most {shown}" + (f", {span(first.longest_secs)} on {first.flavor} each" if same else "")


def _confirm(session: Session, count: int) -> None:
    """Ask whether so many jobs are to be created. Raises UsageError if nobody is there to say so."""
    if not session.can_ask:
        raise UsageError(
            f"refusing to create {count} jobs without confirmation: stdin is not a terminal",
            hint="pass --yes, or --dry-run to see the plan",
        )
    if not session.confirm(f"Create {count} jobs?"):
        raise HfJobsError("nothing was created")


def _run(session: Session, run: Sweep, listing: Listing, following: Following) -> ExitCode:
    """Create what is missing, follow all unless that is not wanted, and return how the jobs ended."""
    is_quiet = listing.renderer is QUIET
    is_table = not following.detach and is_in_place(session, listing, "a sweep", lambda _renderer: True)
    before, count = run.listed, len(run.todo)

    def told(job: JobInfo) -> None:
        if following.detach or is_table:
            session.progress(f"created {run.created} of {count} jobs")
        elif is_quiet:
            session.write(f"{job.id}\n")
            session.flush()
        else:
            session.remark(f"{job.id}  {job.name or ''}  created")

    run.told = told
    try:
        if following.detach:
            run.create_all(waits=True)
            show_created(session, listing, run.listed)
            return ExitCode.DONE
        if is_quiet:
            again = run.replaced.values()
            show_created(session, listing, [job for job in run.listed if job.id not in again])
        run.create_all(waits=False)
        session.progress(None)
        if is_table:
            _in_place(session, run, listing)
        elif not run.is_over or run.created:
            _as_events(session, run, before)
        if not is_table and not is_quiet:
            show_created(session, listing, run.listed)
    except KeyboardInterrupt:
        run.stop()
        session.created.clear()
        raise _interrupted(session, run, following) from None
    except BaseException as error:
        session.created.clear()
        if run.jobs:
            session.remark(f"sweep {run.name}: {run.state}; run the same command again to continue, {_elsewhere(run)}")
        if isinstance(error, ReaderGone):
            raise not_shown(error) from None
        raise
    session.created.clear()  # their label names them
    session.note(f"sweep {run.name}: {run.state}")
    return outcome(run.listed)


def _elsewhere(run: Sweep) -> str:
    return f"'hfjobs ps -a -l {SWEEP}={run.name}' lists its jobs"


def _interrupted(session: Session, run: Sweep, following: Following) -> Interrupted:
    """Return the error that says how to go on after Ctrl-C, and cancel jobs if that is asked for."""
    if following.cancel_on_interrupt and run.active:
        return canceled(session, run.active)
    return Interrupted(
        f"interrupted; sweep {run.name}: {run.state}",
        hint=(f"run the same command again to continue; 'hfjobs cancel -l {SWEEP}={run.name}' cancels its jobs"),
    )


def _asked(run: Sweep) -> Callable[[], Sequence[JobInfo]]:
    """Return what looks at a sweep, starts what may be started, and returns the jobs, those first that go on."""

    def ask() -> Sequence[JobInfo]:
        run.step()
        return sorted(run.listed, key=lambda job: job.has_ended)

    return ask


def _pace() -> Backoff:
    return Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS)


def _as_events(session: Session, run: Sweep, before: Sequence[JobInfo]) -> None:
    """Tell on stderr of each job that is in another status than `before`, until all have ended."""
    told = {job.id: job.status.stage for job in before}

    def rest(secs: float, least: float) -> None:
        run.rest(max(secs, least))

    for _ in looks(session, _asked(run), _pace(), OutageNotices(session), rest):
        for job in run.listed:
            if told.get(job.id, "SCHEDULING") != job.status.stage:
                why = f": {session.redacted(job.status.message)}" if job.status.message else ""
                session.note(f"{job.id}  {job.name or ''}  {job.status}{why}")
            told[job.id] = job.status.stage
        if run.is_over:
            return
        session.progress(run.state)


def _in_place(session: Session, run: Sweep, listing: Listing) -> None:
    """Show a table of all jobs in place, until all have ended."""
    table = WatchedTable(listing, "")
    with session.live() as live:
        background = BackgroundPoller(session, _asked(run), _pace(), live.wake)
        for key in live.turns():
            if key in ("q", "Q"):
                raise KeyboardInterrupt
            changes: list[Change] = background.changes()
            if background.last is not None:
                table.note(background.last, changes)
            table.remark = f"; {run.state}"
            now, size = session.clock(), live.size
            live.leave(table.rows(size, now) if background.last is not None else ())
            live.paint(table.lines(size, now, background.trouble))
            if background.last is not None and run.is_over:
                return
