"""The user of the token, and what was billed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.fields import About, Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Organization(Record):
    """An organization that a user belongs to. The name is its namespace."""

    name: Annotated[str, About("name of the organization", "aurora-lab")]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class User(Record):
    """The user of a token. The name is their namespace."""

    name: Annotated[str, About("name of the user", "alice")]
    orgs: Annotated[list[Organization], About("organizations of the user", "[aurora-lab]")]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class JobCharge(Record):
    """What was billed for one job. One that has no `completed_at` was under way when it was last counted."""

    job_id: Annotated[str | None, About("the job", "6a01d697aff1cd33e8f33a64")]
    hardware_flavor: Annotated[str | None, About("its flavor", "a10g-small")]
    total_minutes: Annotated[int | float | None, About("minutes billed", "60")]
    total_cost_micro_usd: Annotated[int | float | None, About("millionths of a US dollar", "1000000")]
    started_at: Annotated[datetime | None, About("start time", "2026-05-11T13:18:02+00:00")]
    completed_at: Annotated[datetime | None, About("end time", "2026-05-11T14:17:32+00:00")] = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class JobsUsage(Record):
    """What was billed in the present period to the token's user."""

    charges: Annotated[list[JobCharge], About("of each job", "[...]", key="usage.jobDetails")]
