"""What a job used over some time: the mean and the maximum of each figure.

It is made here of usage samples (`models/usage.py`); the Hub keeps none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Measure, Record
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.usage import NAME, PERCENT, Usage, percent, rate


def _share(meaning: str, example: str, header: str, rank: int, *aliases: str) -> About:
    return About(meaning, example, header=header, rank=rank, spell=percent, measure=PERCENT, aliases=aliases)


def _rate(meaning: str, example: str, header: str, rank: int) -> About:
    return About(meaning, example, header=header, rank=rank, spell=rate, measure=Measure("bps"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UsageSummary(Record):
    """Means and maxima of a job's usage. Shares are percentages, of all GPUs together; rates are bits per second."""

    job_id: Annotated[str, About("id of the job", "6a01d697aff1cd33e8f33a64", rank=NEVER_LEAVES)]
    samples: Annotated[int, About("number of samples, one per second", "60", rank=45)]
    cpu: Annotated[int | float | None, _share("mean CPU usage in percent", "87", "CPU", 90)]
    cpu_max: Annotated[int | float | None, _share("maximum CPU usage in percent", "99", "CPU MAX", 65)]
    memory: Annotated[int | float | None, _share("mean memory in percent", "9", "MEM", 80, "mem")]
    memory_max: Annotated[int | float | None, _share("maximum memory in percent", "12", "MEM MAX", 60)]
    gpu: Annotated[
        int | float | None, _share("mean utilization of all GPUs in percent", "3", "GPU", 95, "gpu_utilization")
    ]
    gpu_max: Annotated[int | float | None, _share("maximum of any GPU in percent", "8", "GPU MAX", 85)]
    gpu_memory: Annotated[int | float | None, _share("mean memory of all GPUs in percent", "40", "GPU MEM", 70)]
    gpu_memory_max: Annotated[
        int | float | None, _share("maximum memory of any GPU in percent", "77", "GPU MEM MAX", 55)
    ]
    received: Annotated[int | float | None, _rate("mean received per second", "2048", "NET IN", 40)]
    received_max: Annotated[int | float | None, _rate("maximum received per second", "4096", "NET IN MAX", 30)]
    sent: Annotated[int | float | None, _rate("mean sent per second", "1024", "NET OUT", 40)]
    sent_max: Annotated[int | float | None, _rate("maximum sent per second", "2048", "NET OUT MAX", 30)]


def _one(read: Callable[[Usage], float | None]) -> Callable[[Usage], Sequence[float]]:
    def values(usage: Usage) -> Sequence[float]:
        found = read(usage)
        return () if found is None else (found,)

    return values


_FIGURES: dict[str, Callable[[Usage], Sequence[float]]] = {
    "cpu": _one(lambda usage: usage.cpu_usage_pct),
    "memory": _one(lambda usage: usage.memory),
    "gpu": lambda usage: usage.gpu,
    "gpu_memory": lambda usage: usage.gpu_memory,
    "received": _one(lambda usage: usage.rx_bps),
    "sent": _one(lambda usage: usage.tx_bps),
}
"""The values of each figure in one sample: of GPUs one each."""


class UsageMeter:
    """Sums up the samples of one job, keeping none of them."""

    def __init__(self, job_id: str) -> None:
        """Begin without a sample."""
        self.samples = 0
        self._job_id = job_id
        self._sums = dict.fromkeys(_FIGURES, 0.0)
        self._counts = dict.fromkeys(_FIGURES, 0)
        self._maxima: dict[str, float] = {}

    def add(self, usage: Usage) -> None:
        """Count one more sample."""
        self.samples += 1
        for name, read in _FIGURES.items():
            values = read(usage)
            if values:
                self._sums[name] += sum(values) / len(values)
                self._counts[name] += 1
                self._maxima[name] = max(self._maxima.get(name, values[0]), *values)

    def summary(self) -> UsageSummary:
        """Return the means and maxima; those of figures that no sample had are None."""
        found: dict[str, float | None] = {}
        for name, count in self._counts.items():
            found[name] = round(self._sums[name] / count, 2) if count else None
            found[f"{name}_max"] = round(self._maxima[name], 2) if count else None
        return UsageSummary(self._job_id, self.samples, **found)


KIND = Kind(
    UsageSummary,
    noun="usage summary",
    plural="usage summaries",
    key="job_id",
    default_columns=("job_id", "name", "samples", "cpu", "cpu_max", "memory", "memory_max", "gpu", "gpu_max"),
    wide_columns=("gpu_memory", "gpu_memory_max", "received", "received_max", "sent", "sent_max"),
    computed={"name": NAME},
    other_names={
        "id": "job_id",
        "job": "job_id",
        "cpu_utilization": "cpu",
        "memory_utilization": "memory",
        "net": "received",
        "vram": "gpu_memory",
    },
    filters="-f 'gpu<5%' -f 'gpu_max<20%'",
    templates="""\
{{.job_id}} {{.cpu}} {{.cpu_max}}                   values of fields
{{or .gpu "-"}}                                     what may be null""",
)
