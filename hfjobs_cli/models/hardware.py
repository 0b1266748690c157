"""Hardware flavors and prices.

Facts about the payload: the Hub's OpenAPI document, `GET /api/jobs/hardware`.
"""

from __future__ import annotations

import re
from typing import Annotated

from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Measure, Meta, Record, record

_AMOUNT = r"\s*(\d+(?:\.\d+)?)\s*(\w*)"
_SIZES = {"kb": 1e-6, "mb": 1e-3, "gb": 1.0, "tb": 1e3, "kib": 1e-6, "mib": 1e-3, "gib": 1.0, "tib": 1e3}

UNITS_PER_HOUR = {"minute": 60.0, "hour": 1.0}
"""How many of each unit of prices an hour has."""


def _amount(text: str) -> tuple[float, str]:
    """Return a sort key by the leading number: `8 vCPU` before `12 vCPU`, `568 GB` before `1 TB`; others come first."""
    found = re.match(_AMOUNT, text)
    return (float(found[1]) * _SIZES.get(found[2].lower(), 1.0) if found else -1.0, text)


def _number(text: str) -> float | None:
    """Return the leading number, of sizes in GB; None without one."""
    found = _amount(text)[0]
    return None if found < 0 else found


def _price_hour(amount: float) -> str:
    return f"${amount:,.2f}"


def _price_minute(amount: float) -> str:
    return f"${amount:.4f}"


@record
class Accelerator(Record):
    """The accelerators of a flavor. `vram` is the total of all `quantity`, as text of the Hub."""

    type: Annotated[str | None, Meta("gpu or neuron", "gpu")]
    model: Annotated[str | None, Meta("model of the accelerator", "A100")]
    quantity: Annotated[
        str | None, Meta("number of accelerators", "4", sort_key=_amount, measure=Measure("number", _number))
    ]
    vram: Annotated[
        str | None,
        Meta("memory of all accelerators", "320 GB", name="vram", sort_key=_amount, measure=Measure("GB", _number)),
    ]
    manufacturer: Annotated[str | None, Meta("manufacturer", "Nvidia")]

    def __str__(self) -> str:
        """Format number and model: `4x A100`."""
        return f"{self.quantity or '?'}x {self.model or self.type or '?'}"


@record
class Hardware(Record):
    """A flavor of hardware. Sizes are texts of the Hub; costs are per `unit_label`, a minute."""

    name: Annotated[str, Meta("name, for --flavor", "a100x4", rank=ALWAYS_SHOWN)]
    pretty_name: Annotated[str | None, Meta("display name", "4x Nvidia A100", rank=40)]
    cpu: Annotated[
        str | None, Meta("processors", "48 vCPU", rank=70, sort_key=_amount, measure=Measure("number", _number))
    ]
    ram: Annotated[str | None, Meta("memory", "568 GB", rank=70, sort_key=_amount, measure=Measure("GB", _number))]
    ephemeral_storage: Annotated[
        str | None, Meta("disk", "4000 GB", name="disk", rank=60, sort_key=_amount, measure=Measure("GB", _number))
    ]
    accelerator: Annotated[Accelerator | None, Meta("number and model", "4x A100", rank=80)]
    unit_cost_micro_usd: Annotated[
        int | float | None, Meta("price per unit, millionths of US$", "166667", key="unitCostMicroUSD")
    ]
    unit_cost_usd: Annotated[
        int | float | None,
        Meta("price per unit, US dollars", "0.166667", key="unitCostUSD", measure=Measure("money")),
    ]
    unit_label: Annotated[str | None, Meta("unit of the price", "minute", is_always_sent=True)]

    @property
    def price(self) -> float | None:
        """US dollars per hour; None without a price, or with an unknown unit."""
        micro = self.unit_cost_micro_usd
        costs = [
            each for each in (self.unit_cost_usd, None if micro is None else micro / 1_000_000) if each is not None
        ]
        hours = UNITS_PER_HOUR.get(self.unit_label or "")
        # The Hub rounds the cost per minute to a millionth, so the cost per hour has four correct digits.
        return None if not costs or hours is None else round(max(costs) * hours, 4)

    @property
    def price_minute(self) -> float | None:
        """US dollars per minute; None without a price, or with an unknown unit."""
        return None if self.price is None else round(self.price / 60, 6)


KIND = Kind(
    Hardware,
    noun="flavor",
    plural="flavors",
    key="name",
    default_columns=("name", "cpu", "ram", "disk", "accelerator", "vram", "price_minute", "price"),
    wide_columns=("pretty_name",),
    computed={
        "price_minute": Computed(
            FieldType(float),
            lambda flavor, _now: flavor.price_minute,
            Meta(
                "US dollars per minute",
                "$0.1667",
                header="PRICE/MIN",
                rank=65,
                formatter=_price_minute,
                measure=Measure("money"),
            ),
        ),
        "price": Computed(
            FieldType(float),
            lambda flavor, _now: flavor.price,
            Meta(
                "US dollars per hour",
                "$10.00",
                header="PRICE/HOUR",
                rank=90,
                formatter=_price_hour,
                measure=Measure("money"),
            ),
        ),
    },
    other_names={
        "flavor": "name",
        "id": "name",
        "gpu": "accelerator",
        "memory": "ram",
        "storage": "disk",
        "cost": "price",
    },
    filters="-f 'accelerator=*A100*' -f 'price<2'",
    templates="""\
{{.name}} {{.price}}                                values of fields
{{or .accelerator "-"}}                             what may be null
{{with .accelerator}}{{.vram}}{{else}}-{{end}}      the same, at length
{{if lt .unit_cost_usd 0.01}}cheap{{end}}           numbers
{{upper .name}} {{.accelerator | json}}             functions, in both forms""",
)
