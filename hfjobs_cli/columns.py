"""What a table can show: the only list of columns, from which help, completion and errors are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hfjobs_cli import cells
from hfjobs_cli.errors import UsageError
from hfjobs_cli.models import JobInfo
from hfjobs_cli.text import one_of, split_values

Cell = Callable[[JobInfo, datetime, bool], "str | None"]
"""A job, the present moment and whether eyes will read it -> text, None when there is nothing to say."""


@dataclass(frozen=True)
class Column:
    """One column. `least` is the width it may be cut to, None if it is never cut.

    Where space is short, columns of low `rank` leave first, so those that nobody gets without asking have high ones;
    `narrow` takes a column's place before it leaves.
    """

    name: str
    header: str
    about: str
    cell: Cell
    rank: int
    least: int | None = None
    narrow: Column | None = None


NEVER_LEAVES = 100


def _plain(read: Callable[[JobInfo], str | None]) -> Cell:
    """Make a cell of a function that needs neither clock nor reader."""
    return lambda job, _now, _for_eyes: read(job)


def _moment(read: Callable[[JobInfo], datetime | None]) -> Cell:
    """Make a cell of a moment: relative for eyes, exact for programs."""
    return lambda job, now, for_eyes: cells.moment_cell(read(job), now if for_eyes else None)


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
        Column("created", "CREATED", "when it was created", _moment(lambda job: job.created_at), rank=60),
        Column("status", "STATUS", "its status", _plain(lambda job: str(job.status)), rank=NEVER_LEAVES),
        Column(
            "runtime",
            "RUNTIME",
            "how long it has run",
            lambda job, now, _for_eyes: cells.span_cell(job.running_secs(now)),
            rank=50,
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
        Column("started", "STARTED", "when it began to run", _moment(lambda job: job.started_at), rank=73),
        Column("finished", "FINISHED", "when it ended", _moment(lambda job: job.finished_at), rank=73),
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


def columns_help() -> str:
    """Return what `--columns help` prints: a line for each column, those shown by default marked."""
    rows = [
        f"{column.name:<10} {column.header:<12} {column.about}"
        + (" (default)" if column.name in DEFAULT_COLUMNS else "")
        for column in COLUMNS.values()
    ]
    return "\n".join([f"{'NAME':<10} {'HEADER':<12} SHOWS", *rows]) + "\n"


def _known(name: str) -> str:
    lowered = name.lower()
    if lowered not in COLUMNS:
        raise UsageError(f"unknown column '{name}'", hint=one_of(name, COLUMNS))
    return lowered
