"""A group of jobs that have something in common, and what they come to.

By what jobs are grouped is asked for on the command line, so each report has a kind of its own: these fields first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Computed, Shape, declared
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.record import Record
from hfjobs_cli.text.times import span

BAR_WIDTH = 20
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


class Share(NamedTuple):
    """A part of all, from 0 to 1, and the largest part that is beside it, to which bars are drawn."""

    part: float
    largest: float


def _percent(part: float) -> str:
    return "<1%" if 0 < part < 0.005 else f"{part:.0%}"


def _bar(share: Share) -> str:
    """Draw a share as its percentage and a bar, of which the longest has BAR_WIDTH cells."""
    eighths = round(BAR_WIDTH * 8 * share.part / share.largest) if share.largest else 0
    return f"{_percent(share.part):>4} {'█' * (eighths // 8)}{_EIGHTHS[eighths % 8]}"


def _cost(group: Any) -> Any:
    from decimal import Decimal

    from hfjobs_cli.models.cost import Cost

    usd = group.cost_usd
    return None if usd is None else Cost(Decimal(str(usd)), group.cost_is_estimated)


COUNTS: dict[str, Any] = {
    "jobs": Annotated[int, About("how many jobs", "48", rank=NEVER_LEAVES)],
    "completed": Annotated[int, About("how many were completed", "40", rank=60)],
    "failed": Annotated[int, About("how many ended with an error", "6", rank=80)],
    "canceled": Annotated[int, About("how many were canceled or deleted", "2", rank=55)],
    "active": Annotated[int, About("how many have not ended", "0", rank=50)],
    "success_rate": Annotated[
        int | float | None,
        About("completed ones of these and failed ones", "0.87", name="success", rank=85, spell=_percent),
    ],
    "waiting_secs": Annotated[
        int | float | None, About("how long they waited, median", "76", name="waited", rank=65, spell=span)
    ],
    "running_secs": Annotated[int | float, About("how long they ran, sum", "40300", name="ran", rank=70, spell=span)],
    "cost_usd": Annotated[int | float | None, About("the same as a number, US dollars", "12.5")],
    "cost_is_estimated": Annotated[bool | None, About("whether that is not, or not all, what was billed", "true")],
}
"""What every group has besides what its jobs have in common, in the order of the JSON."""


class Group(Record):
    """Jobs that have something in common, counted."""

    def __init__(self, values: Mapping[str, Any], share: Share) -> None:
        """Take the values of all fields in order, and the share of all jobs of the report."""
        self.__dict__.update(values, share=share)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: records do not change."""
        raise AttributeError(f"a group cannot be given another {name}")

    def asdict(self) -> dict[str, Any]:
        """Return the fields by name as plain values."""
        return self.values()

    def values(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {name: value for name, value in self.__dict__.items() if name != "share"}


def group_model(by: Mapping[str, str]) -> type[Group]:
    """Return the class of groups by these fields, each with what it means."""
    example = {"day": "2026-05-11", "week": "2026-W20", "month": "2026-05"}
    common = {
        name: Annotated[str | None, About(meaning, example.get(name, name), rank=NEVER_LEAVES, least=16)]
        for name, meaning in by.items()
    }
    return type("Group", (Group,), {"__annotations__": {**common, **COUNTS}, "__doc__": Group.__doc__})


def group_kind(model: type[Group]) -> Kind:
    """Return the kind of such groups."""
    by = [each.name for each in declared(model) if each.name not in COUNTS]
    key = by[0]
    return Kind(
        model,
        noun="group",
        plural="groups",
        key=key,
        default_columns=(*by, "jobs", "completed", "failed", "success", "waited", "ran", "cost", "share"),
        wide_columns=("canceled", "active"),
        computed={
            "cost": Computed(
                Shape(str),
                lambda group, _now: _cost(group),
                About(
                    "what they cost, ~ if that is estimated", "~$12.50", rank=90, spell=str, order=lambda cost: cost.usd
                ),
            ),
            "share": Computed(
                Shape(float),
                lambda group, _now: group.share,
                About(
                    "its part of all jobs",
                    "23%",
                    rank=40,
                    spell=lambda share: _percent(share.part),
                    narrow=lambda share: _percent(share.part),
                    drawn=_bar,
                    order=lambda share: share.part,
                ),
            ),
        },
        other_names={"count": "jobs", "errors": "failed", "runtime": "ran", "price": "cost", "duration": "ran"},
        filters="-f 'jobs=1'",
        templates=f"""\
{{{{index . "{key}"}}}} {{{{.jobs}}}} {{{{.cost}}}}
{{{{if .failed}}}}{{{{.failed}}}} of {{{{.jobs}}}} failed{{{{end}}}}""",
    )


KIND = group_kind(group_model({"initiator-type": "kind of what started them"}))
