"""A node of a tree of jobs: a job, or what started one. A tree is a list of nodes in pre-order."""

from datetime import datetime
from typing import Annotated, Any

from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, Meta, Record, record
from hfjobs_cli.text.values import span

JOB = "job"
"""The type of a node that is a job."""

GONE = "gone"
"""The note on a job or schedule that no longer exists."""

UNREAD = "not read"
"""The note on a job that was not requested, because there are too many."""

CIRCLE = "circle"
"""The note on a job whose parent is one of its descendants."""


@record
class TreeNode(Record):
    """A node of a tree: a job or an initiator. Its descendants follow; children are one `generation` below."""

    id: Annotated[
        str, Meta("id of a job, of others their type and id", "scheduled-job:69c4179671691dc46f166314", rank=100)
    ]
    type: Annotated[str, Meta("job, or the type of an initiator", "job")]
    name: Annotated[str | None, Meta("its name", "refresh-index", rank=70, min_width=16, cuts_middle=True)]
    namespace: Annotated[str | None, Meta("the owner of a job", "alice", rank=55)]
    status: Annotated[
        str | None,
        Meta(
            "status of a job",
            "COMPLETED",
            rank=ALWAYS_SHOWN,
            styles=STAGE_STYLES,
            cell_value=lambda node: node.status or (f"({node.note})" if node.note else None),
        ),
    ]
    note: Annotated[str | None, Meta("gone, not read, circle, or null", "gone")]
    created_at: Annotated[datetime | None, Meta("creation time", "2026-05-11T13:16:07+00:00", name="created", rank=60)]
    running_secs: Annotated[
        int | float | None, Meta("running time so far", "403", name="runtime", formatter=span, rank=50)
    ]
    flavor: Annotated[str | None, Meta("the hardware", "a10g-small", rank=40)]
    parent: Annotated[str | None, Meta("id of the parent", "6a01d697aff1cd33e8f33a64")]
    link: Annotated[
        str | None,
        Meta(
            "kind of link: run, duplicate or override",
            "duplicate",
            rank=30,
            cell_value=lambda node: None if node.link == "run" else node.link,
        ),
    ]
    generation: Annotated[int, Meta("number of generations below the root", "1")]
    is_asked: Annotated[bool, Meta("whether it is the requested one", "true", name="asked")]

    @property
    def is_job(self) -> bool:
        """Return whether it is a job whose details are known."""
        return self.type == JOB and self.note not in (GONE, UNREAD)


def _tree_schema(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a tree, given the schema of a node."""
    texts = {"from": "id of the parent", "to": "id of the child", "kind": "run, duplicate or override"}
    edge = {name: {"description": meaning, "type": "string"} for name, meaning in texts.items()}
    properties = {
        "root": {"description": "id of the root", "type": "string"},
        "nodes": {"description": "the root and its descendants", "type": "array", "items": node},
        "edges": {
            "description": "links from parents to children",
            "type": "array",
            "items": {
                "type": "object",
                "properties": edge,
                "required": list(edge),
                "additionalProperties": False,
            },
        },
    }
    return {
        "description": "A tree of jobs and of what started them. A line of jsonl is one of its nodes.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


KIND = Kind(
    TreeNode,
    noun="relative",
    plural="relatives",
    key="id",
    default_columns=("id", "name", "status", "created", "runtime", "link"),
    wide_columns=("flavor",),
    other_names={"age": "created", "stage": "status", "kind": "link", "owner": "namespace", "hardware": "flavor"},
    json_item=_tree_schema,
    filters="-f 'status=error' -f 'name=*train*'",
    templates="""\
{{.id}} {{.status}}                       values of fields
{{or .parent "-"}} {{or .link "-"}}       what may be null
{{if eq .type "job"}}{{.name}}{{end}}     jobs alone
{{if .is_asked}}{{.generation}}{{end}}    how far below the root it is""",
)
