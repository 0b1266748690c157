"""What differs or changes: differences between jobs, changes of labels, and what `scheduled apply` does."""

from typing import Annotated

from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, Meta, Record, record

LAUNCH, ORIGIN, OUTCOME, TIMES = "launch", "origin", "outcome", "times"
"""The parts of a comparison. Times always differ between jobs, and origins mostly do."""


FILES = "files."
"""Prefix of the fields of packed files; the name of the file follows."""


@record
class Difference(Record):
    """A field that differs between two jobs, with both values; null = no value. Secrets are masked as `***`."""

    field: Annotated[str, Meta("field that differs", "environment.LR", rank=ALWAYS_SHOWN)]
    a: Annotated[
        str | None, Meta("value in the first job", "0.1", rank=90, min_width=8, styles=STAGE_STYLES, has_commas=True)
    ]
    b: Annotated[
        str | None, Meta("value in the second job", "0.2", rank=90, min_width=8, styles=STAGE_STYLES, has_commas=True)
    ]
    part: Annotated[str, Meta("launch, origin, outcome or times", "launch", rank=30)]
    job_a: Annotated[str, Meta("id of the first job", "6a01d697aff1cd33e8f33a64")]
    job_b: Annotated[str, Meta("id of the second job", "6a01c8c2aff1cd33e8f339d4")]

    @classmethod
    def none_in(cls, part: str, job_a: str, job_b: str) -> "Difference":
        """Return the placeholder row for a part without differences, for people."""
        return cls(part, None, None, part, job_a, job_b)

    @property
    def is_none(self) -> bool:
        """Return whether this is the placeholder for a part without differences."""
        return self.field == self.part and self.a is None and self.b is None


DIFFERENCE = Kind(
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


def _label_list(labels: dict[str, str]) -> str | None:
    """Format labels as `--label` takes them, the name among them: `env=prod,name=train`."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or None


@record
class LabelChange(Record):
    """The labels of a job or schedule before and after a change."""

    id: Annotated[str, Meta("id of the job or schedule", "6a01d697aff1cd33e8f33a64", rank=ALWAYS_SHOWN)]
    name: Annotated[str | None, Meta("name after the change", "train", rank=70, min_width=16)]
    before: Annotated[
        dict[str, str],
        Meta("labels before the change", "map[team:ml]", header="LABELS BEFORE", formatter=_label_list, min_width=13),
    ]
    after: Annotated[
        dict[str, str],
        Meta(
            "labels after the change",
            "map[name:train team:ml]",
            header="LABELS AFTER",
            formatter=_label_list,
            rank=80,
            min_width=12,
        ),
    ]


LABEL_CHANGE = Kind(
    LabelChange,
    noun="change of labels",
    plural="changes of labels",
    key="id",
    default_columns=("id", "before", "after"),
    other_names={"was": "before", "is": "after", "labels": "after"},
    filters="-f 'after=team=ml'",
    templates="""\
{{.id}} {{.after.name}}                             values of fields
{{range $key, $value := .after}}{{$key}} {{end}}    objects""",
)


CREATE, RESCHEDULE, RELABEL, SUSPEND, RESUME, REPLACE, DELETE = ACTIONS = (
    "create",
    "reschedule",
    "relabel",
    "suspend",
    "resume",
    "replace",
    "delete",
)
UNCHANGED = "unchanged"


def _actions(actions: list[str]) -> str:
    return ", ".join(actions) or UNCHANGED


@record
class ScheduleChange(Record):
    """What `scheduled apply` does with a schedule. `id` is null for a schedule that does not exist yet."""

    name: Annotated[
        str | None, Meta("name of the schedule", "nightly", rank=ALWAYS_SHOWN, min_width=16, cuts_middle=True)
    ]
    actions: Annotated[
        list[str],
        Meta(
            "what is done; empty = unchanged",
            "[reschedule relabel]",
            header="ACTION",
            formatter=_actions,
            rank=ALWAYS_SHOWN,
            aliases=("action",),
            known_values=(*ACTIONS, UNCHANGED),
        ),
    ]
    id: Annotated[str | None, Meta("id of the schedule", "69c4179671691dc46f166314", header="SCHEDULE ID", rank=60)]
    changes: Annotated[
        list[str],
        Meta(
            "what differs",
            "[flavor: cpu-basic -> t4-small]",
            formatter=lambda each: "; ".join(each) or None,
            min_width=20,
        ),
    ]


SCHEDULE_CHANGE = Kind(
    ScheduleChange,
    noun="change of schedules",
    plural="changes of schedules",
    key="id",
    default_columns=("name", "actions", "id", "changes"),
    filters="-f 'actions=*replace*'",
    templates="""\
{{.name}} {{join .actions ", "}}                    values of fields
{{range .changes}}{{.}}{{"\\n"}}{{end}}             lists""",
)
