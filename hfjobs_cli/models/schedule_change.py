"""What `scheduled apply` does with a schedule."""

from dataclasses import dataclass
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Record
from hfjobs_cli.models.kinds import Kind

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScheduleChange(Record):
    """What is done so that a schedule is as the files say. `id` is null for one that is yet to be created."""

    name: Annotated[str | None, About("name of the schedule", "nightly", rank=NEVER_LEAVES, least=16, keeps_end=True)]
    actions: Annotated[
        list[str],
        About(
            "what is done; empty = unchanged",
            "[reschedule relabel]",
            header="ACTION",
            spell=_actions,
            rank=NEVER_LEAVES,
            aliases=("action",),
            words=(*ACTIONS, UNCHANGED),
        ),
    ]
    id: Annotated[str | None, About("id of the schedule", "69c4179671691dc46f166314", header="SCHEDULE ID", rank=60)]
    changes: Annotated[
        list[str],
        About("what differs", "[flavor: cpu-basic -> t4-small]", spell=lambda each: "; ".join(each) or None, least=20),
    ]


KIND = Kind(
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
