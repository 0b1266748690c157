"""What became of the labels of a job, or of a schedule."""

from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Record
from hfjobs_cli.models.kinds import Kind


def _formatted(labels: dict[str, str]) -> str | None:
    """Format labels as `--label` takes them, the name among them: `env=prod,name=train`."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabelChange(Record):
    """The labels of a job or schedule before and after a change."""

    id: Annotated[str, About("id of the job or schedule", "6a01d697aff1cd33e8f33a64", rank=NEVER_LEAVES)]
    name: Annotated[str | None, About("name after the change", "train", rank=70, least=16)]
    before: Annotated[
        dict[str, str],
        About("labels before the change", "map[team:ml]", header="LABELS BEFORE", spell=_formatted, least=13),
    ]
    after: Annotated[
        dict[str, str],
        About(
            "labels after the change",
            "map[name:train team:ml]",
            header="LABELS AFTER",
            spell=_formatted,
            rank=80,
            least=12,
        ),
    ]


KIND = Kind(
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
