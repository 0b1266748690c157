"""A schedule by which jobs are run. Facts: the Hub's OpenAPI document, `GET /api/scheduled-jobs/{namespace}`."""

from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.records.declared import About
from hfjobs_cli.records.record import Record


@dataclass(frozen=True, slots=True)
class ScheduledJob(Record):
    """What a job's initiator of the type `scheduled-job` is: what is run, and how it is called."""

    id: Annotated[str, About("its id", "69c4179671691dc46f166314")]
    labels: Annotated[dict[str, str] | None, About("labels of its jobs", "map[name:nightly]", key="jobSpec.labels")]

    @property
    def name(self) -> str | None:
        """Its name, which its jobs bear too."""
        return (self.labels or {}).get("name")
