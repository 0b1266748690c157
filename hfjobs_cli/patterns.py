"""`--filter`: a field of a job, and the glob patterns that it is compared with."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property

from hfjobs_cli.cells import command_cell, image_cell, initiator_cell, initiator_type_cell
from hfjobs_cli.errors import UsageError
from hfjobs_cli.models import JobInfo
from hfjobs_cli.text import one_of
from hfjobs_cli.vocabulary import FILTER_FIELDS, NO_INITIATOR

_NEGATED_SET = re.compile(r"\[\^(?=.+\])")


@dataclass(frozen=True)
class FieldPattern:
    """One `--filter`: a field, glob patterns any of which may fit, and whether what fits is wanted or unwanted."""

    field: str
    globs: tuple[str, ...]
    negated: bool = False

    @cached_property
    def _fits_one(self) -> Callable[[str], object]:
        return re.compile("|".join(map(translate, self.globs))).match

    @property
    def is_exact(self) -> bool:
        """Tell whether it names one value."""
        return len(self.globs) == 1 and not any(char in self.globs[0] for char in "*?[")

    def fits(self, job: JobInfo) -> bool:
        """Tell whether the field has such a value, leaving `negated` aside."""
        return any(self._fits_one(value) for value in _VALUES[self.field](job) if value is not None)


_VALUES: dict[str, Callable[[JobInfo], Iterable[str | None]]] = {
    "id": lambda job: (job.id,),
    "name": lambda job: (job.name,),
    "image": lambda job: (image_cell(job),),
    "command": lambda job: (command_cell(job),),
    "flavor": lambda job: (job.flavor,),
    "owner": lambda job: (job.owner.name,),
    "initiator": lambda job: (initiator_cell(job) or NO_INITIATOR, initiator_type_cell(job)),
    "label": lambda job: (text for key, value in (job.labels or {}).items() for text in (f"{key}={value}", key)),
}
"""The values a field of a job has, spelled as in a table; None is none. The status is left to the Hub."""


def parse_pattern(item: str) -> FieldPattern:
    """Read one `--filter`: `FIELD=GLOB` or `FIELD!=GLOB`, with commas several globs, but for commands.

    Raises UsageError.
    """
    key, equals, text = item.partition("=")
    field = key.removesuffix("!").lower()
    if not equals or not field:
        raise UsageError(
            f"filter '{item}' is not FIELD=PATTERN or FIELD!=PATTERN",
            hint="for example -f 'command=*train*' -f 'label=team=ml' -f 'status!=completed'",
        )
    if field not in FILTER_FIELDS:
        raise UsageError(f"unknown field '{field}' in filter '{item}'", hint=_field_hint(field))
    # `==` is what selectors of other tools have, and shells and Go write [^a] for what Python's patterns know as [!a].
    text = _NEGATED_SET.sub("[!", text.removeprefix("="))
    globs = tuple(filter(None, [text] if field == "command" else text.split(",")))
    if not globs:
        raise UsageError(f"filter '{item}' has no pattern", hint=f"jobs without it are found by {field}!=*")
    return FieldPattern(field, globs, negated=key.endswith("!"))


def _field_hint(field: str) -> str:
    if field in ("created", "since", "until"):
        return "use --since and --until"
    return one_of({"stage": "status", "hardware": "flavor"}.get(field, field), FILTER_FIELDS)
