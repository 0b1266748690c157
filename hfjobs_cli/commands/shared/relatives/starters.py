"""What starts jobs, named on the command line: a schedule or a webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hfjobs_cli.errors import NotFound, UsageError
from hfjobs_cli.provenance.lineage import RUN, STARTERS, Parent
from hfjobs_cli.query.names import check_name
from hfjobs_cli.records.vocabulary import INITIATOR_TYPES
from hfjobs_cli.text.words import one_of

if TYPE_CHECKING:
    from hfjobs_cli.commands.shared.relatives.sources import Source

_ID = re.compile(r"[0-9a-f]{24}")


def starter(source: Source, text: str, namespace: str | None) -> Parent | None:
    """Return the schedule or the webhook that a text names, None if it names a job. Raises UsageError or NotFound."""
    type_, colon, who = text.partition(":")
    if not colon or "//" in who:
        return None
    if type_ == "duplicated-job":
        raise UsageError(f"'{text}' is a job", hint=f"hfjobs tree {who}")
    if type_ in INITIATOR_TYPES and type_ not in STARTERS:
        raise UsageError(f"what {text} starts is no family", hint=f"hfjobs tree -a --initiator {text}")
    if type_ not in STARTERS:
        raise UsageError(f"'{text}' has no tree", hint="name a job, scheduled-job:ID-OR-NAME or webhook:ID")
    is_named = type_ == "scheduled-job" and not _ID.fullmatch(who)
    return Parent(type_, _schedule(source, who, namespace) if is_named else check_name(who, f"{type_} id"), RUN)


def _schedule(source: Source, name: str, namespace: str | None) -> str:
    """Return the id of the schedule of a name. Raises NotFound, or UsageError if there are several."""
    names = source.schedule_names(namespace)
    if names is None:
        raise UsageError(f"the name '{name}' of a schedule cannot be looked up", hint="give its id, scheduled-job:ID")
    found = [identifier for identifier, each in names.items() if name in (each, identifier)]
    if not found:
        known = sorted({each for each in names.values() if each})
        hint = one_of(name, known) if known else "there are no schedules in this namespace"
        raise NotFound(f"no schedule is named '{name}'", hint=hint)
    if len(found) > 1:
        raise UsageError(f"{len(found)} schedules are named '{name}'", hint=f"give an id, one of {', '.join(found)}")
    return found[0]
