"""Resource usage of running jobs: samples, and summaries over some time, which are computed here.

The Hub's keys are in snake_case here, unlike elsewhere, and are also those of `--format json`. Facts about the
payload: the events named `metric` of `GET /api/jobs/{namespace}/{id}/metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Measure, Meta, Record, record

STALE_SECS = 5.0
"""The age from which a sample is stale. The Hub sends one per second."""

PERCENT = Measure("percent")

_PREFIXES = ("", "k", "M", "G", "T", "P")


def size(count: float) -> str:
    """Format a number of bytes: `512B`, `1.4MB`, `80.0GB`."""
    return _scaled(count, "B")


def rate(count: float) -> str:
    """Format a network rate in bits per second: `0bps`, `2.1kbps`."""
    return _scaled(count, "bps")


def _scaled(count: float, unit: str) -> str:
    """Format a number with a prefix of its unit, by thousands: `1.4MB`."""
    amount = float(max(0.0, count))
    for prefix in _PREFIXES[:-1]:
        if amount < 999.5:
            digits = 1 if prefix and amount < 99.95 else 0
            return f"{amount:.{digits}f}{prefix}{unit}"
        amount /= 1000
    return f"{amount:.1f}{_PREFIXES[-1]}{unit}"


def percentage(value: float) -> str:
    """Format a percentage: `7%`."""
    return f"{value:.0f}%"


def share(used: float | None, total: float | None) -> float | None:
    """Return the used part in percent; None if it is unknown, or `total` is less than one."""
    return None if used is None or total is None or total < 1 else 100 * used / total


@record
class GpuUsage(Record):
    """Usage of one GPU. `utilization` is in percent."""

    utilization: Annotated[int | float | None, Meta("utilization in percent", "97", key="utilization", measure=PERCENT)]
    memory_used_bytes: Annotated[
        int | float | None, Meta("memory in percent", "1048576", key="memory_used_bytes", measure=Measure("B"))
    ]
    memory_total_bytes: Annotated[
        int | float | None, Meta("total memory", "22836000000", key="memory_total_bytes", measure=Measure("B"))
    ]

    def __str__(self) -> str:
        """Format the utilization."""
        return "" if self.utilization is None else percentage(self.utilization)


@record
class Usage(Record):
    """Usage of a job in one second. `cpu_usage_pct` is in percent of all its processors."""

    job_id: Annotated[str, Meta("id of the job", "6a01d697aff1cd33e8f33a64", key="job_id", rank=ALWAYS_SHOWN)]
    cpu_usage_pct: Annotated[
        int | float | None,
        Meta(
            "CPU usage in percent",
            "87",
            key="cpu_usage_pct",
            name="cpu",
            header="CPU",
            rank=90,
            formatter=percentage,
            measure=PERCENT,
        ),
    ]
    cpu_millicores: Annotated[int | float | None, Meta("CPUs, in thousandths", "3500", key="cpu_millicores")]
    memory_used_bytes: Annotated[
        int | float | None, Meta("memory used", "1417216", key="memory_used_bytes", measure=Measure("B"))
    ]
    memory_total_bytes: Annotated[
        int | float | None, Meta("total memory", "15032385536", key="memory_total_bytes", measure=Measure("B"))
    ]
    rx_bps: Annotated[
        int | float | None,
        Meta(
            "received per second",
            "2048",
            key="rx_bps",
            name="received",
            header="NET IN",
            rank=40,
            formatter=rate,
            measure=Measure("bps"),
        ),
    ]
    tx_bps: Annotated[
        int | float | None,
        Meta(
            "sent per second",
            "1024",
            key="tx_bps",
            name="sent",
            header="NET OUT",
            rank=40,
            formatter=rate,
            measure=Measure("bps"),
        ),
    ]
    gpus: Annotated[dict[str, GpuUsage] | None, Meta("the GPUs by id", "{{json .gpus}}", key="gpus")]
    replica: Annotated[str | None, Meta("replica of the job", "j6qz9", key="replica")]

    @property
    def cores(self) -> float | None:
        """The number of processors."""
        return None if self.cpu_millicores is None else self.cpu_millicores / 1000

    @property
    def memory(self) -> float | None:
        """The used memory in percent."""
        return share(self.memory_used_bytes, self.memory_total_bytes)

    @property
    def gpu(self) -> list[float]:
        """The utilization of each GPU in percent, sorted by id."""
        return [each.utilization for each in self._gpus() if each.utilization is not None]

    @property
    def gpu_memory(self) -> list[float]:
        """The used memory of each GPU in percent, sorted by id."""
        shares = (share(each.memory_used_bytes, each.memory_total_bytes) for each in self._gpus())
        return [each for each in shares if each is not None]

    @property
    def memory_usage(self) -> str | None:
        """Used and total memory: `1.4MB/15.0GB`."""
        return _of(self.memory_used_bytes, self.memory_total_bytes)

    @property
    def gpu_memory_usage(self) -> str | None:
        """Used and total memory of all GPUs."""
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


def _gpu_field(read: Callable[[Usage], list[float]], meaning: str, header: str, rank: int, *aliases: str) -> Computed:
    """Return a field with a percentage of each GPU. It sorts by the mean; a narrow column shows the range."""
    return Computed(
        FieldType(list, is_optional=True, item=FieldType(float)),
        lambda usage, _now: read(usage) or None,
        Meta(
            meaning,
            "97% 95%",
            header=header,
            rank=rank,
            formatter=_gpu_list,
            narrow_formatter=_gpu_range,
            sort_key=_mean,
            measure=Measure("percent", _mean),
            aliases=aliases,
            has_commas=True,
        ),
    )


def _gpu_range(shares: Sequence[float]) -> str | None:
    """Format percentages of several devices as a range, so that an outlier shows: `8x 0-97%`."""
    if len(shares) < 2:
        return percentage(shares[0]) if shares else None
    least, most = round(min(shares)), round(max(shares))
    return f"{len(shares)}x {least}%" if least == most else f"{len(shares)}x {least}-{most}%"


def _gpu_list(shares: Sequence[float]) -> str | None:
    return " ".join(map(percentage, shares)) or None


def _number_field(read: Callable[[Usage], float | None], meta: Meta) -> Computed:
    return Computed(FieldType(float), lambda usage, _now: read(usage), meta)


def _text_field(read: Callable[[Usage], str | None], meta: Meta) -> Computed:
    return Computed(FieldType(str), lambda usage, _now: read(usage), meta)


NAME = Computed(
    FieldType(str, is_optional=True), lambda _usage, _now: None, Meta("name of the job", "train", rank=75, min_width=12)
)
"""The name of the job. Samples do not contain it; commands that can request jobs read it."""

KIND = Kind(
    Usage,
    noun="usage sample",
    plural="usage samples",
    key="job_id",
    default_columns=("job_id", "name", "cpu", "memory", "memory_usage", "received", "sent", "gpu", "gpu_memory"),
    wide_columns=("cores", "gpu_memory_usage"),
    computed={
        "name": NAME,
        "cores": _number_field(
            lambda usage: usage.cores, Meta("processors", "3.5", header="CPUS", formatter=lambda value: f"{value:g}")
        ),
        "memory": _number_field(
            lambda usage: usage.memory,
            Meta("memory in percent", "9", header="MEM", rank=80, formatter=percentage, measure=PERCENT),
        ),
        "memory_usage": _text_field(
            lambda usage: usage.memory_usage, Meta("memory used", "1.4MB/15.0GB", header="MEM USAGE", rank=30)
        ),
        "gpu": _gpu_field(lambda usage: usage.gpu, "utilization of each GPU in percent", "GPU", 85, "gpu_utilization"),
        "gpu_memory": _gpu_field(lambda usage: usage.gpu_memory, "memory of each GPU in percent", "GPU MEM", 70),
        "gpu_memory_usage": _text_field(
            lambda usage: usage.gpu_memory_usage,
            Meta("used memory of all GPUs", "1.4GB/22.8GB", header="GPU MEM USAGE", rank=25),
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


def _percent_field(meaning: str, example: str, header: str, rank: int, *aliases: str) -> Meta:
    return Meta(meaning, example, header=header, rank=rank, formatter=percentage, measure=PERCENT, aliases=aliases)


def _rate_field(meaning: str, example: str, header: str, rank: int) -> Meta:
    return Meta(meaning, example, header=header, rank=rank, formatter=rate, measure=Measure("bps"))


@record
class UsageSummary(Record):
    """Means and maxima of a job's usage: percentages, of all GPUs together, and bits per second."""

    job_id: Annotated[str, Meta("id of the job", "6a01d697aff1cd33e8f33a64", rank=ALWAYS_SHOWN)]
    samples: Annotated[int, Meta("number of samples, one per second", "60", rank=45)]
    cpu: Annotated[int | float | None, _percent_field("mean CPU usage in percent", "87", "CPU", 90)]
    cpu_max: Annotated[int | float | None, _percent_field("maximum CPU usage in percent", "99", "CPU MAX", 65)]
    memory: Annotated[int | float | None, _percent_field("mean memory in percent", "9", "MEM", 80, "mem")]
    memory_max: Annotated[int | float | None, _percent_field("maximum memory in percent", "12", "MEM MAX", 60)]
    gpu: Annotated[
        int | float | None, _percent_field("mean utilization of all GPUs in percent", "3", "GPU", 95, "gpu_utilization")
    ]
    gpu_max: Annotated[int | float | None, _percent_field("maximum of any GPU in percent", "8", "GPU MAX", 85)]
    gpu_memory: Annotated[int | float | None, _percent_field("mean memory of all GPUs in percent", "40", "GPU MEM", 70)]
    gpu_memory_max: Annotated[
        int | float | None, _percent_field("maximum memory of any GPU in percent", "77", "GPU MEM MAX", 55)
    ]
    received: Annotated[int | float | None, _rate_field("mean received per second", "2048", "NET IN", 40)]
    received_max: Annotated[int | float | None, _rate_field("maximum received per second", "4096", "NET IN MAX", 30)]
    sent: Annotated[int | float | None, _rate_field("mean sent per second", "1024", "NET OUT", 40)]
    sent_max: Annotated[int | float | None, _rate_field("maximum sent per second", "2048", "NET OUT MAX", 30)]


def _one(read: Callable[[Usage], float | None]) -> Callable[[Usage], Sequence[float]]:
    def values(usage: Usage) -> Sequence[float]:
        found = read(usage)
        return () if found is None else (found,)

    return values


_MEASURED: dict[str, Callable[[Usage], Sequence[float]]] = {
    "cpu": _one(lambda usage: usage.cpu_usage_pct),
    "memory": _one(lambda usage: usage.memory),
    "gpu": lambda usage: usage.gpu,
    "gpu_memory": lambda usage: usage.gpu_memory,
    "received": _one(lambda usage: usage.rx_bps),
    "sent": _one(lambda usage: usage.tx_bps),
}
"""Reads the values of each figure from a sample; of GPUs there are several."""


class UsageMeter:
    """Computes means and maxima of the samples of one job, without storing them."""

    def __init__(self, job_id: str) -> None:
        """Start without a sample."""
        self.samples = 0
        self._job_id = job_id
        self._sums = dict.fromkeys(_MEASURED, 0.0)
        self._counts = dict.fromkeys(_MEASURED, 0)
        self._maxima: dict[str, float] = {}

    def add(self, usage: Usage) -> None:
        """Add a sample."""
        self.samples += 1
        for name, read in _MEASURED.items():
            values = read(usage)
            if values:
                self._sums[name] += sum(values) / len(values)
                self._counts[name] += 1
                self._maxima[name] = max(self._maxima.get(name, values[0]), *values)

    def summary(self) -> UsageSummary:
        """Return the means and maxima; None for a figure that no sample contained."""
        found: dict[str, float | None] = {}
        for name, count in self._counts.items():
            found[name] = round(self._sums[name] / count, 2) if count else None
            found[f"{name}_max"] = round(self._maxima[name], 2) if count else None
        return UsageSummary(self._job_id, self.samples, **found)


SUMMARY_KIND = Kind(
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
