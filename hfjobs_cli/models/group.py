"""A group of jobs with equal fields, and its totals.

Its first fields are those of `--by`, so each report has a kind of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from operator import methodcaller
from typing import Annotated, Any

from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import (
    ALWAYS_SHOWN,
    NUMBER_IN_TEXT,
    FieldType,
    Measure,
    Meta,
    Record,
    natural,
)
from hfjobs_cli.text.values import percent, span

BAR_WIDTH = 8
"""The cells of a bar for 100%."""

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")

TOTAL = "TOTAL"
"""The name of the row with the sum of all groups."""


def _bar(part: float) -> str:
    """Format a fraction of 1 as a percentage and a bar."""
    eighths = round(BAR_WIDTH * 8 * part)
    return f"{percent(part):>4} {'█' * (eighths // 8)}{_EIGHTHS[eighths % 8]}".rstrip()


def _cost(group: Any) -> Any:
    usd = group.cost_usd
    return None if usd is None else Cost(Decimal(str(usd)), group.cost_is_estimated)


def _share(meaning: str, header: str, *aliases: str) -> Meta:
    return Meta(
        meaning,
        "0.23",
        header=header,
        aliases=aliases,
        rank=40,
        formatter=percent,
        narrow_formatter=percent,
        tty_formatter=_bar,
        measure=Measure("part"),
    )


COUNTS: dict[str, Any] = {
    "jobs": Annotated[int, Meta("number of jobs", "48", rank=ALWAYS_SHOWN)],
    "completed": Annotated[int, Meta("number of completed jobs", "40", rank=9)],
    "failed": Annotated[int, Meta("number of failed jobs", "6", rank=80)],
    "canceled": Annotated[int, Meta("number of canceled or deleted jobs", "2", rank=55)],
    "active": Annotated[int, Meta("number of unfinished jobs", "0", rank=50)],
    "success_rate": Annotated[
        int | float | None,
        Meta(
            "completed / (completed + failed)",
            "0.87",
            name="success",
            rank=85,
            formatter=percent,
            measure=Measure("part"),
        ),
    ],
    "waiting_secs": Annotated[
        int | float | None,
        Meta("waiting time, median (p50)", "76", name="waited", header="WAIT P50", rank=65, formatter=span),
    ],
    "waiting_p95_secs": Annotated[
        int | float | None,
        Meta(
            "waiting time that 95% do not exceed", "190", name="waited_p95", header="WAIT P95", rank=7, formatter=span
        ),
    ],
    "running_secs": Annotated[
        int | float, Meta("running time, sum", "40300", name="ran", header="RUN TOTAL", rank=70, formatter=span)
    ],
    "running_p50_secs": Annotated[
        int | float | None,
        Meta("running time, median (p50)", "610", name="ran_p50", header="RUN P50", rank=8, formatter=span),
    ],
    "running_p95_secs": Annotated[
        int | float | None,
        Meta("running time that 95% do not exceed", "5400", name="ran_p95", header="RUN P95", rank=6, formatter=span),
    ],
    "cost_usd": Annotated[int | float | None, Meta("cost in US dollars", "12.5")],
    "cost_is_estimated": Annotated[bool | None, Meta("whether a part of it is an estimate", "true")],
    "job_share": Annotated[int | float, _share("its share of all jobs of the report", "OF JOBS", "share")],
    "cost_share": Annotated[int | float | None, _share("its share of the cost of all of them", "OF COST")],
    "groups": Annotated[int, Meta("how many groups are summed up in it; 1 if it is one itself", "1")],
}
"""The fields of every group, after those that its jobs have in common, in the order of the JSON."""


class Group(Record):
    """Counts and sums of jobs with equal fields."""

    def __init__(self, values: Mapping[str, Any], labels: Mapping[str, str | None]) -> None:
        """Take the values of all fields in order, and labels that tables show instead of some values."""
        self.__dict__.update(values, _labels=labels)

    def asdict(self) -> dict[str, Any]:
        """Return the fields by name as plain values."""
        return self.values()

    def values(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {name: value for name, value in self.__dict__.items() if name != "_labels"}

    @property
    def is_sum(self) -> bool:
        """Return whether it is a sum of groups: its first field has a label but no value."""
        name = next(iter(self.__dict__))
        return self.__dict__[name] is None and self.label(name) is not None

    def label(self, name: str) -> str | None:
        """Return the text for tables of a field by which jobs are grouped."""
        labels: Mapping[str, str | None] = self.__dict__["_labels"]
        found: str | None = labels[name] if name in labels else self.__dict__[name]
        return found


INITIATOR_NAME = "initiator_name"
"""The field with the name of a schedule, in groups by initiator."""


def group_model(by: Mapping[str, str]) -> type[Group]:
    """Return the record class of groups by these fields."""
    example = {"hour": "2026-05-11T13:00Z", "day": "2026-05-11", "week": "2026-W20", "month": "2026-05"}
    common: dict[str, Any] = {}
    for place, (name, meaning) in enumerate(by.items()):
        styles = {} if place else {TOTAL: "bold"}
        common[name] = Annotated[
            str | None,
            Meta(
                meaning,
                example.get(name, name),
                header=name.upper() if "." in name else None,  # label.KEY: keys are as they are
                rank=ALWAYS_SHOWN,
                min_width=24,
                styles=styles,
                cell_value=methodcaller("label", name),
                sort_key=natural,
                measure=NUMBER_IN_TEXT,
            ),
        ]
        if name == "initiator":
            common[INITIATOR_NAME] = Annotated[str | None, Meta("name of the schedule that started them", "nightly")]
    return type("Group", (Group,), {"__annotations__": {**common, **COUNTS}, "__doc__": Group.__doc__})


def group_kind(model: type[Group]) -> Kind:
    """Return the kind of these groups."""
    by = [each.name for each in model.declared_fields() if each.name not in (*COUNTS, INITIATOR_NAME)]
    key = by[0]
    return Kind(
        model,
        noun="group",
        plural="groups",
        key=key,
        default_columns=(
            *by,
            "jobs",
            "completed",
            "failed",
            "success",
            "waited",
            "waited_p95",
            "ran_p50",
            "ran_p95",
            "ran",
            "cost",
            "job_share",
            "cost_share",
        ),
        wide_columns=("canceled", "active"),
        computed={
            "cost": Computed(
                FieldType(str),
                lambda group, _now: _cost(group),
                Meta(
                    "what they cost, ~ if that is estimated",
                    "~$12.50",
                    rank=90,
                    formatter=str,
                    sort_key=lambda cost: cost.usd,
                    measure=Measure("money", lambda cost: cost.usd),
                ),
            ),
        },
        other_names={"count": "jobs", "errors": "failed", "runtime": "ran", "price": "cost", "duration": "ran"},
        filters="-f 'jobs>1'",
        templates=f"""\
{{{{index . "{key}"}}}} {{{{.jobs}}}} {{{{.cost}}}}
{{{{if .failed}}}}{{{{.failed}}}} of {{{{.jobs}}}} failed{{{{end}}}}""",
    )


KIND = group_kind(group_model({"initiator-type": "type of the initiator"}))
