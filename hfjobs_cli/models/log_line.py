"""A line that a job wrote. Facts: `GET /api/jobs/{namespace}/{id}/logs`, whose events name no job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Record
from hfjobs_cli.models.kinds import Kind


@dataclass(frozen=True, slots=True)
class LogLine(Record):
    """One line of output, as the Hub keeps it: without the line break, with all that it does to a terminal."""

    job_id: Annotated[str, About("id of the job", "6a01d697aff1cd33e8f33a64", name="job", header="JOB ID")]
    timestamp: Annotated[
        datetime | None, About("time of the line", "2026-05-12T14:58:25.162000+00:00", name="time", rank=80)
    ]
    data: Annotated[
        str, About("text of the line", "epoch 3: loss 0.17", name="line", rank=NEVER_LEAVES, has_commas=True)
    ]


KIND = Kind(
    LogLine,
    noun="line",
    plural="lines",
    key="job_id",
    default_columns=("job", "time", "line"),
    other_names={"id": "job", "date": "time", "message": "line", "text": "line", "log": "line"},
    filters="-f 'line=*Error*'",
    templates="""\
{{.timestamp}} {{.data}}                            values of fields
{{.job_id}} {{.data | json}}                        functions
{{or .timestamp "-"}}                               what may be null""",
)
