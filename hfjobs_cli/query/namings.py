"""How records of a kind are named on the command line, where their ids alone do not do."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hfjobs_cli.records.vocabulary import SCHEDULE_STATES, STAGE_WORDS, STAGES


class Naming(NamedTuple):
    """How a job, or a schedule, is named. `listing` is the command that lists them, `ways` says how to write one.

    One may be described by `filters`, options of that command (`@name=train`), or by a word that is short for a status.
    `parser` returns what reads these options; it is called when something is described, with what it then imports.
    """

    noun: str
    plural: str
    listing: str
    ways: str
    filters: tuple[str, ...]
    statuses: Mapping[str, str]
    parser: Callable[[], Callable[..., Any]]
    has_pages: bool = False


def _job_filter() -> Callable[..., Any]:
    from hfjobs_cli.query.filters import parse_filter

    return parse_filter


def _schedule_filter() -> Callable[..., Any]:
    from hfjobs_cli.query.schedules import parse_schedule_filter

    return parse_schedule_filter


JOBS = Naming(
    "job",
    "jobs",
    "ps",
    "ID, NAMESPACE/ID, @latest or the address of a job's page",
    ("status", "name", "label", "initiator"),
    {**{stage.lower(): stage for stage in STAGES}, **STAGE_WORDS},
    _job_filter,
    has_pages=True,
)
SCHEDULES = Naming(
    "schedule",
    "schedules",
    "scheduled ps",
    "ID, NAMESPACE/ID, @name=NAME or @latest",
    ("status", "name", "label"),
    {state: state for state in SCHEDULE_STATES},
    _schedule_filter,
)
