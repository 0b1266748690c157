"""The account of a token: its user, and what the Hub charges for the user's jobs.

Facts about the payload: the Hub's OpenAPI document, `GET /api/whoami-v2` and `GET /api/settings/billing/usage/jobs`.
"""

from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.record import Meta, Record, record


@record
class Organization(Record):
    """An organization of a user. Its name is a namespace."""

    name: Annotated[str, Meta("name of the organization", "aurora-lab")]


@record
class User(Record):
    """The user of a token. The name is a namespace."""

    name: Annotated[str, Meta("name of the user", "alice")]
    orgs: Annotated[list[Organization], Meta("organizations of the user", "[aurora-lab]")]


@record
class JobCharge(Record):
    """The charge for one job. Without `completed_at` the job was still running when it was last counted."""

    job_id: Annotated[str | None, Meta("the job", "6a01d697aff1cd33e8f33a64")]
    hardware_flavor: Annotated[str | None, Meta("its flavor", "a10g-small")]
    total_minutes: Annotated[int | float | None, Meta("minutes billed", "60")]
    total_cost_micro_usd: Annotated[int | float | None, Meta("millionths of a US dollar", "1000000")]
    started_at: Annotated[datetime | None, Meta("start time", "2026-05-11T13:18:02+00:00")]
    completed_at: Annotated[datetime | None, Meta("end time", "2026-05-11T14:17:32+00:00")] = None


@record
class JobsUsage(Record):
    """The charges to the token's user in the current billing period."""

    charges: Annotated[list[JobCharge], Meta("of each job", "[...]", key="usage.jobDetails")]
