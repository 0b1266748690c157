"""What a table can show: the only list of columns, from which help, completion and errors are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli import cells
from hfjobs_cli.errors import UsageError
from hfjobs_cli.text import one_of, split_values
from hfjobs_cli.vocabulary import STAGES

if TYPE_CHECKING:
    from hfjobs_cli.models import JobInfo

Cell = Callable[["JobInfo", datetime, bool], "str | None"]
"""A job, the present moment and whether eyes will read it -> text, None when there is nothing to say."""


class Column(NamedTuple):
    """One column. `least` is the width it may be cut to, None if it is never cut.

    Where space is short, columns of low `rank` leave first, so those that nobody gets without asking have high ones;
    `narrow` takes a column's place before it leaves. `order` is what `--sort` compares, and `exact` what csv and tsv
    have in place of the cell, None = the cell.
    """

    name: str
    header: str
    about: str
    cell: Cell
    rank: int
    least: int | None = None
    narrow: Column | None = None
    order: Callable[[JobInfo, datetime], Any] | None = None
    exact: Callable[[JobInfo, datetime], Any] | None = None

    def key(self, job: JobInfo, now: datetime) -> Any:
        """Return what the column compares of a job, None if there is nothing."""
        return self.order(job, now) if self.order else self.cell(job, now, False)

    def value(self, job: JobInfo, now: datetime) -> Any:
        """Return what programs read in the column: text or a number, None if there is nothing."""
        return self.exact(job, now) if self.exact else self.cell(job, now, False)


NEVER_LEAVES = 100


def _plain(read: Callable[[JobInfo], str | None]) -> Cell:
    """Make a cell of a function that needs neither clock nor reader."""
    return lambda job, _now, _for_eyes: read(job)


def _moment(name: str, about: str, read: Callable[[JobInfo], datetime | None], rank: int) -> Column:
    """Make a column of a moment: relative for eyes, exact for programs."""
    return Column(
        name,
        name.upper(),
        about,
        lambda job, now, for_eyes: cells.moment_cell(read(job), now if for_eyes else None),
        rank,
        order=lambda job, _now: read(job),
    )


def _stage_order(job: JobInfo, _now: datetime) -> tuple[int, str]:
    """Compare stages as STAGES has them, active ones first; what is newer comes last."""
    stage = job.status.stage
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)


_INITIATOR_TYPE = Column(
    "initiator",
    "INITIATOR",
    "what started the job, its type only",
    _plain(cells.initiator_type_cell),
    rank=90,
)

COLUMNS = {
    column.name: column
    for column in (
        Column("id", "JOB ID", "the job's id", _plain(lambda job: job.id), rank=NEVER_LEAVES),
        Column("name", "NAME", "the label 'name'", _plain(lambda job: job.name), rank=70, least=16),
        Column("image", "IMAGE/SPACE", "image, or hf.co/spaces/NAME", _plain(cells.image_cell), 20, least=11),
        Column("command", "COMMAND", "command line, shell-quoted", _plain(cells.command_cell), 40, least=10),
        _moment("created", "when it was created", lambda job: job.created_at, rank=60),
        Column("status", "STATUS", "its status", _plain(lambda job: str(job.status)), NEVER_LEAVES, order=_stage_order),
        Column(
            "runtime",
            "RUNTIME",
            "how long it has run",
            lambda job, now, _for_eyes: cells.span_cell(job.running_secs(now)),
            rank=50,
            order=lambda job, now: job.running_secs(now),
            exact=lambda job, now: job.running_secs(now),
        ),
        Column("flavor", "FLAVOR", "the hardware", _plain(lambda job: job.flavor), rank=75),
        Column(
            "initiator",
            "INITIATOR",
            "what started it, TYPE:NAME-OR-ID",
            _plain(cells.initiator_cell),
            rank=72,
            narrow=_INITIATOR_TYPE,
        ),
        Column("owner", "OWNER", "its namespace", _plain(lambda job: str(job.owner)), rank=74),
        Column("labels", "LABELS", "KEY=VALUE list, without the name", _plain(cells.labels_cell), 71, least=11),
        _moment("started", "when it began to run", lambda job: job.started_at, rank=73),
        _moment("finished", "when it ended", lambda job: job.finished_at, rank=73),
        Column("message", "MESSAGE", "the reason for its status", _plain(lambda job: job.status.message), 72, least=11),
        Column("url", "URL", "its page on the Hub", _plain(lambda job: job.url), rank=10),
    )
}

DEFAULT_COLUMNS = ("id", "name", "image", "command", "created", "status", "runtime")


def choose_columns(spec: str | None, *, wide: bool = False, initiator: bool = False) -> list[Column]:
    """Return the columns of a listing.

    `spec` is `--columns`: `id,name` replaces the default set, `+flavor,-command` edits it. `initiator` adds that column
    unless the set was replaced; `wide` adds flavor and initiator to any. Raises UsageError for an unknown name.
    """
    items = split_values([] if spec is None else [spec], "--columns")
    edits = [item for item in items if item[0] in "+-"]
    if edits and len(edits) != len(items):
        raise UsageError(
            f"--columns mixes names and edits: '{spec}'",
            hint="write id,name to replace the columns, or +flavor,-command to edit them",
        )
    is_replaced = bool(items) and not edits
    names = [_known(item) for item in items] if is_replaced else list(DEFAULT_COLUMNS)
    names += ["flavor"] * wide + ["initiator"] * (wide or (initiator and not is_replaced))
    for item in edits:
        name = _known(item[1:].strip())
        if item[0] == "+":
            names.append(name)
        else:
            names = [other for other in names if other != name]
    if not names:
        raise UsageError("--columns leaves no column", hint="keep one of them")
    return [COLUMNS[name] for name in dict.fromkeys(names)]


def replaces_columns(spec: str | None) -> bool:
    """Tell whether `--columns` names every column to be shown, and does not edit the default set."""
    return spec is not None and spec.lstrip()[:1] not in ("+", "-")


def parse_sort(spec: str | None) -> list[tuple[Column, bool]]:
    """Read `--sort`: columns, and whether each is in descending order (`-created`). Raises UsageError."""
    items = split_values([] if spec is None else [spec], "--sort")
    return [(COLUMNS[_known(item.removeprefix("-"))], item[0] == "-") for item in items]


def sort_jobs(jobs: Iterable[JobInfo], order: Sequence[tuple[Column, bool]], now: datetime) -> list[JobInfo]:
    """Return `jobs` in order: by the first column, equal ones by the next. Those without a value come last."""
    ordered = list(jobs)
    for column, descending in reversed(order):
        keys = [(column.key(job, now), job) for job in ordered]
        present = sorted((pair for pair in keys if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
        ordered = [job for _, job in present] + [job for key, job in keys if key is None]
    return ordered


def columns_help() -> str:
    """Return what `--columns help` prints: a line for each column, those shown by default marked."""
    rows = [
        f"{column.name:<10} {column.header:<12} {column.about}"
        + (" (default)" if column.name in DEFAULT_COLUMNS else "")
        for column in COLUMNS.values()
    ]
    return "\n".join([f"{'NAME':<10} {'HEADER':<12} SHOWS", *rows]) + "\n"


_OTHER_NAMES = {"age": "created", "duration": "runtime", "elapsed": "runtime", "stage": "status", "hardware": "flavor"}
"""What other tools call a column, for suggestions."""


def _known(name: str) -> str:
    lowered = name.lower()
    if lowered not in COLUMNS:
        raise UsageError(f"unknown column '{name}'", hint=one_of(_OTHER_NAMES.get(lowered, name), COLUMNS))
    return lowered
