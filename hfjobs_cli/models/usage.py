"""What a running job uses at some moment.

The Hub's keys are in snake_case here, other than elsewhere, and are also those of `--format json`. Facts about the
payload: the events named `metric` of `GET /api/jobs/{namespace}/{id}/metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Computed, Measure, Record, Shape
from hfjobs_cli.models.kinds import Kind

STALE_SECS = 5.0
"""After how long without a sample what is known of a job is old: there should be one a second."""

_PREFIXES = ("", "k", "M", "G", "T", "P")


def size(count: float) -> str:
    """Format a number of bytes: `512B`, `1.4MB`, `80.0GB`."""
    return _scaled(count, "B")


def rate(count: float) -> str:
    """Spell what passes a network in a second, in the Hub's unit: `0bps`, `2.1kbps`."""
    return _scaled(count, "bps")


def _scaled(count: float, unit: str) -> str:
    amount = float(max(0.0, count))
    for prefix in _PREFIXES[:-1]:
        if amount < 999.5:
            digits = 1 if prefix and amount < 99.95 else 0
            return f"{amount:.{digits}f}{prefix}{unit}"
        amount /= 1000
    return f"{amount:.1f}{_PREFIXES[-1]}{unit}"


def percent(value: float) -> str:
    """Format a share of a hundred: `7%`."""
    return f"{value:.0f}%"


def share(used: float | None, total: float | None) -> float | None:
    """Return how many of a hundred parts are used, None if that is not known. Of less than one byte nothing is."""
    return None if used is None or total is None or total < 1 else 100 * used / total


PERCENT = Measure("percent")


def _range(shares: Sequence[float]) -> str | None:
    """Format the shares of several devices in short, so that one that is not as the others shows: `8x 0-97%`."""
    if len(shares) < 2:
        return percent(shares[0]) if shares else None
    least, most = round(min(shares)), round(max(shares))
    return f"{len(shares)}x {least}%" if least == most else f"{len(shares)}x {least}-{most}%"


def _each(shares: Sequence[float]) -> str | None:
    return " ".join(map(percent, shares)) or None


@dataclass(frozen=True, slots=True)
class GpuUsage(Record):
    """What of one GPU is used. `utilization` is a share of a hundred."""

    utilization: Annotated[
        int | float | None, About("utilization in percent", "97", key="utilization", measure=PERCENT)
    ]
    memory_used_bytes: Annotated[
        int | float | None, About("memory in percent", "1048576", key="memory_used_bytes", measure=Measure("B"))
    ]
    memory_total_bytes: Annotated[
        int | float | None, About("total memory", "22836000000", key="memory_total_bytes", measure=Measure("B"))
    ]

    def __str__(self) -> str:
        """Format how busy it is."""
        return "" if self.utilization is None else percent(self.utilization)


@dataclass(frozen=True, slots=True)
class Usage(Record):
    """What a job uses. `cpu_usage_pct` is a share of all its processors."""

    job_id: Annotated[str, About("id of the job", "6a01d697aff1cd33e8f33a64", key="job_id", rank=NEVER_LEAVES)]
    cpu_usage_pct: Annotated[
        int | float | None,
        About(
            "CPU usage in percent",
            "87",
            key="cpu_usage_pct",
            name="cpu",
            header="CPU",
            rank=90,
            spell=percent,
            measure=PERCENT,
        ),
    ]
    cpu_millicores: Annotated[int | float | None, About("CPUs, in thousandths", "3500", key="cpu_millicores")]
    memory_used_bytes: Annotated[
        int | float | None, About("memory used", "1417216", key="memory_used_bytes", measure=Measure("B"))
    ]
    memory_total_bytes: Annotated[
        int | float | None, About("total memory", "15032385536", key="memory_total_bytes", measure=Measure("B"))
    ]
    rx_bps: Annotated[
        int | float | None,
        About(
            "received per second",
            "2048",
            key="rx_bps",
            name="received",
            header="NET IN",
            rank=40,
            spell=rate,
            measure=Measure("bps"),
        ),
    ]
    tx_bps: Annotated[
        int | float | None,
        About(
            "sent per second",
            "1024",
            key="tx_bps",
            name="sent",
            header="NET OUT",
            rank=40,
            spell=rate,
            measure=Measure("bps"),
        ),
    ]
    gpus: Annotated[dict[str, GpuUsage] | None, About("the GPUs by id", "{{json .gpus}}", key="gpus")]
    replica: Annotated[str | None, About("replica of the job", "j6qz9", key="replica")]

    @property
    def cores(self) -> float | None:
        """How many processors there are."""
        return None if self.cpu_millicores is None else self.cpu_millicores / 1000

    @property
    def memory(self) -> float | None:
        """How many percent of the memory are used."""
        return share(self.memory_used_bytes, self.memory_total_bytes)

    @property
    def gpu(self) -> list[float]:
        """How many percent of its time each GPU works, in the order of their ids."""
        return [each.utilization for each in self._gpus() if each.utilization is not None]

    @property
    def gpu_memory(self) -> list[float]:
        """How many percent of the memory of each GPU are used, in the order of their ids."""
        shares = (share(each.memory_used_bytes, each.memory_total_bytes) for each in self._gpus())
        return [each for each in shares if each is not None]

    @property
    def memory_usage(self) -> str | None:
        """The memory used, and that there is."""
        return _of(self.memory_used_bytes, self.memory_total_bytes)

    @property
    def gpu_memory_usage(self) -> str | None:
        """The memory of all GPUs used, and that there is."""
        used = [each.memory_used_bytes for each in self._gpus()]
        return _of(_sum(used), _sum(each.memory_total_bytes for each in self._gpus()))

    def _gpus(self) -> list[GpuUsage]:
        return [gpu for _, gpu in sorted((self.gpus or {}).items())]


def _of(used: float | None, total: float | None) -> str | None:
    return None if used is None or total is None else f"{size(used)}/{size(total)}"


def _sum(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares)


def _shares(read: Callable[[Usage], list[float]], meaning: str, header: str, rank: int, *aliases: str) -> Computed:
    """Return the field of a share of each GPU: the mean orders them, and where there is little room the range shows."""
    return Computed(
        Shape(list, is_optional=True, item=Shape(float)),
        lambda usage, _now: read(usage) or None,
        About(
            meaning,
            "97% 95%",
            header=header,
            rank=rank,
            spell=_each,
            narrow=_range,
            order=_mean,
            measure=Measure("percent", _mean),
            aliases=aliases,
            has_commas=True,
        ),
    )


def _number(read: Callable[[Usage], float | None], about: About) -> Computed:
    return Computed(Shape(float), lambda usage, _now: read(usage), about)


def _text(read: Callable[[Usage], str | None], about: About) -> Computed:
    return Computed(Shape(str), lambda usage, _now: read(usage), about)


NAME = Computed(
    Shape(str, is_optional=True), lambda _usage, _now: None, About("name of the job", "train", rank=75, least=12)
)
"""The name of the job, which no sample has: it is read where jobs can be asked for."""

KIND = Kind(
    Usage,
    noun="usage sample",
    plural="usage samples",
    key="job_id",
    default_columns=("job_id", "name", "cpu", "memory", "memory_usage", "received", "sent", "gpu", "gpu_memory"),
    wide_columns=("cores", "gpu_memory_usage"),
    computed={
        "name": NAME,
        "cores": _number(
            lambda usage: usage.cores, About("processors", "3.5", header="CPUS", spell=lambda value: f"{value:g}")
        ),
        "memory": _number(
            lambda usage: usage.memory,
            About("memory in percent", "9", header="MEM", rank=80, spell=percent, measure=PERCENT),
        ),
        "memory_usage": _text(
            lambda usage: usage.memory_usage, About("memory used", "1.4MB/15.0GB", header="MEM USAGE", rank=30)
        ),
        "gpu": _shares(lambda usage: usage.gpu, "utilization of each GPU in percent", "GPU", 85, "gpu_utilization"),
        "gpu_memory": _shares(lambda usage: usage.gpu_memory, "memory of each GPU in percent", "GPU MEM", 70),
        "gpu_memory_usage": _text(
            lambda usage: usage.gpu_memory_usage,
            About("used memory of all GPUs", "1.4GB/22.8GB", header="GPU MEM USAGE", rank=25),
        ),
    },
    other_names={
        "id": "job_id",
        "job": "job_id",
        "cpu_utilization": "cpu",
        "memory_utilization": "memory",
        "mem": "memory",
        "net": "received",
        "vram": "gpu_memory",
    },
    filters="-f 'gpu<5%'",
    templates="""\
{{.job_id}} {{.cpu_usage_pct}}                      values of fields
{{range $id, $gpu := .gpus}}{{$gpu.utilization}} {{end}}
{{or .replica "-"}}                                 what may be null""",
)
