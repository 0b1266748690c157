"""One thing in which two jobs differ."""

from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Record
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.kinds import Kind

LAUNCH, ORIGIN, OUTCOME, TIMES = "launch", "origin", "outcome", "times"
"""What a difference may be about. Of other jobs the last, and mostly the second, are never the same."""


FILES = "files."
"""What the field is called of a file that travels with a job, before the name of the file."""


@dataclass(frozen=True, slots=True)
class Difference(Record):
    """What one job has in a field and what another has; null where it has nothing. Secrets are shown as `***`."""

    field: Annotated[str, About("field that differs", "environment.LR", rank=NEVER_LEAVES)]
    a: Annotated[
        str | None, About("value in the first job", "0.1", rank=90, least=8, styles=STAGE_STYLES, has_commas=True)
    ]
    b: Annotated[
        str | None, About("value in the second job", "0.2", rank=90, least=8, styles=STAGE_STYLES, has_commas=True)
    ]
    part: Annotated[str, About("launch, origin, outcome or times", "launch", rank=30)]
    job_a: Annotated[str, About("id of the first job", "6a01d697aff1cd33e8f33a64")]
    job_b: Annotated[str, About("id of the second job", "6a01c8c2aff1cd33e8f339d4")]

    @classmethod
    def none_in(cls, part: str, job_a: str, job_b: str) -> "Difference":
        """Return the placeholder row for a part without differences, for people."""
        return cls(part, None, None, part, job_a, job_b)

    @property
    def is_none(self) -> bool:
        """Return whether this is the placeholder for a part without differences."""
        return self.field == self.part and self.a is None and self.b is None


KIND = Kind(
    Difference,
    noun="difference",
    plural="differences",
    key="field",
    default_columns=("field", "a", "b"),
    wide_columns=("part",),
    other_names={"name": "field", "old": "a", "new": "b", "left": "a", "right": "b", "before": "a", "after": "b"},
    filters="-f 'part=launch' -f 'field=environment.*'",
    templates="""\
{{.field}}: {{or .a "-"}} -> {{or .b "-"}}    fields, which may be null
{{if eq .part "launch"}}{{.field}}{{end}}     what was asked for alone""",
)
