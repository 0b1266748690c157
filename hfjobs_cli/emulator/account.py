"""The account: a user and an organization, the hardware that they can use, and what their jobs cost.

Source of the hardware: the Hub's documentation of Jobs (`hf jobs hardware`, pricing), 2026.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.emulator.api_types import ApiError, Document, parse_time, wire_time

USER: Document = {
    "id": "60107b385ac3e86b3ea4fc34",
    "name": "davanstrien",
    "avatarUrl": "https://huggingface.co/avatars/davanstrien.svg",
    "type": "user",
}
ORGANIZATION: Document = {
    "id": "65a1f0c2d9b7e43c5f0a1b2d",
    "name": "aurora-lab",
    "avatarUrl": "https://huggingface.co/avatars/aurora-lab.svg",
    "type": "org",
}
CREATOR: Document = {key: USER[key] for key in ("id", "name")}

_OWNERS = {owner["name"]: owner for owner in (USER, ORGANIZATION)}


def owner_of(namespace: str) -> Document:
    """Return the user or organization with a namespace. Raises ApiError."""
    if namespace not in _OWNERS:
        raise ApiError(404, "Namespace not found")
    return _OWNERS[namespace]


def whoami() -> Document:
    """Return the answer to `GET /api/whoami-v2`."""
    token = {"displayName": "emulator", "role": "write", "createdAt": "2026-05-01T08:00:00.000Z"}
    return {
        **USER,
        "fullname": USER["name"],
        "isPro": True,
        "orgs": [{**ORGANIZATION, "fullname": "Aurora Lab", "roleInOrg": "write"}],
        "auth": {"type": "access_token", "accessToken": token},
    }


class Flavor(NamedTuple):
    """One kind of machine. `memory` and `storage` are in GB, `price` in US dollars per hour."""

    title: str
    cores: int
    memory: int
    storage: int
    price: float
    accelerators: int = 0
    model: str = ""
    vram: int = 0


FLAVORS = {
    "cpu-basic": Flavor("CPU Basic", 2, 16, 50, 0.01),
    "cpu-upgrade": Flavor("CPU Upgrade", 8, 32, 50, 0.03),
    "cpu-performance": Flavor("CPU Performance", 32, 256, 1024, 1.90),
    "cpu-xl": Flavor("CPU XL", 16, 124, 1000, 1.00),
    "t4-small": Flavor("Nvidia T4 - small", 4, 15, 50, 0.40, 1, "T4", 16),
    "t4-medium": Flavor("Nvidia T4 - medium", 8, 30, 100, 0.60, 1, "T4", 16),
    "a10g-small": Flavor("Nvidia A10G - small", 4, 15, 110, 1.00, 1, "A10G", 24),
    "a10g-large": Flavor("Nvidia A10G - large", 12, 46, 200, 1.50, 1, "A10G", 24),
    "a10g-largex2": Flavor("2x Nvidia A10G - large", 24, 92, 1000, 3.00, 2, "A10G", 48),
    "a10g-largex4": Flavor("4x Nvidia A10G - large", 48, 184, 2000, 5.00, 4, "A10G", 96),
    "a100-large": Flavor("Nvidia A100 - large", 12, 142, 1000, 2.50, 1, "A100", 80),
    "a100x4": Flavor("4x Nvidia A100", 48, 568, 4000, 10.00, 4, "A100", 320),
    "a100x8": Flavor("8x Nvidia A100", 96, 1136, 8000, 20.00, 8, "A100", 640),
    "h200": Flavor("Nvidia H200", 23, 256, 3000, 5.00, 1, "H200", 141),
    "h200x2": Flavor("2x Nvidia H200", 46, 512, 6000, 10.00, 2, "H200", 282),
    "h200x4": Flavor("4x Nvidia H200", 92, 1024, 12000, 20.00, 4, "H200", 564),
    "h200x8": Flavor("8x Nvidia H200", 184, 2048, 24000, 40.00, 8, "H200", 1128),
    "rtx-pro-6000": Flavor("Nvidia RTX PRO 6000", 23, 256, 475, 2.75, 1, "RTX PRO 6000", 96),
    "rtx-pro-6000x2": Flavor("2x Nvidia RTX PRO 6000", 46, 512, 950, 5.50, 2, "RTX PRO 6000", 192),
    "rtx-pro-6000x4": Flavor("4x Nvidia RTX PRO 6000", 92, 1024, 1900, 11.00, 4, "RTX PRO 6000", 384),
    "rtx-pro-6000x8": Flavor("8x Nvidia RTX PRO 6000", 184, 2048, 3800, 22.00, 8, "RTX PRO 6000", 768),
    "l4x1": Flavor("1x Nvidia L4", 8, 30, 400, 0.80, 1, "L4", 24),
    "l4x4": Flavor("4x Nvidia L4", 48, 186, 3200, 3.80, 4, "L4", 96),
    "l40sx1": Flavor("1x Nvidia L40S", 8, 62, 380, 1.80, 1, "L40S", 48),
    "l40sx4": Flavor("4x Nvidia L40S", 48, 382, 3200, 8.30, 4, "L40S", 192),
    "l40sx8": Flavor("8x Nvidia L40S", 192, 1534, 6500, 23.50, 8, "L40S", 384),
}

UNLISTED = ("sprx8", "zero-a10g", "inf2x6")
"""Flavors that the Hub's schema accepts and its documentation does not mention."""


def hardware() -> list[Document]:
    """Return the answer to `GET /api/jobs/hardware`."""
    return [
        {
            "name": name,
            "prettyName": flavor.title,
            "cpu": f"{flavor.cores} vCPU",
            "ram": f"{flavor.memory} GB",
            "ephemeralStorage": f"{flavor.storage} GB",
            "accelerator": _accelerator(flavor),
            "unitCostMicroUSD": micro_usd_a_minute(name),
            "unitCostUSD": round(flavor.price / 60, 6),
            "unitLabel": "minute",
        }
        for name, flavor in FLAVORS.items()
    ]


def _accelerator(flavor: Flavor) -> Document | None:
    if not flavor.accelerators:
        return None
    return {
        "type": "gpu",
        "model": flavor.model,
        "quantity": str(flavor.accelerators),
        "vram": f"{flavor.vram} GB",
        "manufacturer": "Nvidia",
    }


def micro_usd_a_minute(name: str) -> int:
    """Return the price of a flavor per minute in millionths of a US dollar, 0 if it has none."""
    return round(FLAVORS[name].price * 1_000_000 / 60) if name in FLAVORS else 0


def jobs_usage(jobs: Iterable[Document], now: datetime) -> Document:
    """Return the answer to `GET /api/settings/billing/usage/jobs`. A period is a calendar month."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    details = [_detail(job, now) for job in jobs if "startedAt" in job and parse_time(job["startedAt"]) >= start]
    return {
        "usage": {
            "usedMicroUsd": sum(each["totalCostMicroUsd"] for each in details),
            "totalMinutes": sum(each["totalMinutes"] for each in details),
            "periodStart": wire_time(start),
            "periodEnd": wire_time(end),
            "jobDetails": details,
        },
        "hasAccess": True,
    }


def _detail(job: Document, now: datetime) -> Document:
    finished = job.get("finishedAt")
    seconds = ((parse_time(finished) if finished else now) - parse_time(job["startedAt"])).total_seconds()
    minutes = max(0, math.ceil(seconds / 60))
    return {
        "jobId": job["id"],
        "hardwareFlavor": job["flavor"],
        "totalMinutes": minutes,
        "totalCostMicroUsd": minutes * micro_usd_a_minute(job["flavor"]),
        "startedAt": job["startedAt"],
        **({"completedAt": finished} if finished else {}),
    }


def built_in_environment(job: Document) -> dict[str, str]:
    """Return the variables that the Hub sets for a job: its hardware there, and the host of its network group.

    All members of a group run on this machine. Their aliases do not resolve: a machine cannot resolve names for a
    single job.
    """
    name = job["flavor"]
    flavor = FLAVORS.get(name, FLAVORS["cpu-basic"])
    return {
        "JOB_ID": job["id"],
        "ACCELERATOR": name if flavor.accelerators or name in UNLISTED else "none",
        "CPU_CORES": str(flavor.cores),
        "MEMORY": f"{flavor.memory}Gi",
        **_network(job),
    }


def _network(job: Document) -> dict[str, str]:
    network = job.get("network")
    if network is None:
        return {}
    return {"HF_NETWORK_GROUP_HOSTNAME": "localhost", "HF_NETWORK_GROUP_PREFIX": f"{network['group']}-"}
