"""`LogLine`: a line of the output of a job. Source: `GET /api/jobs/{namespace}/{id}/logs`, whose events name no job."""

from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, Meta, Record, record


@record
class LogLine(Record):
    """A line of output as the Hub stores it: without the line break, with escape sequences."""

    job_id: Annotated[str, Meta("id of the job", "6a01d697aff1cd33e8f33a64", name="job", header="JOB ID")]
    timestamp: Annotated[
        datetime | None, Meta("time of the line", "2026-05-12T14:58:25.162000+00:00", name="time", rank=80)
    ]
    data: Annotated[
        str, Meta("text of the line", "epoch 3: loss 0.17", name="line", rank=ALWAYS_SHOWN, has_commas=True)
    ]


LOG_LINE = Kind(
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
