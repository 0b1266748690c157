"""Changing the labels of jobs, or of schedules, and showing what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hfjobs_cli.commands.shared.several import done_to_each
from hfjobs_cli.errors import ExitCode, HfJobsError
from hfjobs_cli.records.label_change import LabelChange

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.query.labels import LabelChanges
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.records.spec import Described


def change_labels(
    session: Session,
    listing: Listing,
    references: Sequence[JobReference],
    changes: LabelChanges,
    read: Callable[[JobReference], Described],
    write: Callable[[JobReference, Mapping[str, str]], Mapping[str, str] | None],
    *,
    dry_run: bool,
) -> ExitCode:
    """Change the labels of each, and show what was there and what is there now; a dry run writes nothing.

    The Hub replaces all labels at once, so those there are read just before.
    """

    def change(reference: JobReference) -> LabelChange:
        there = read(reference)
        _check_none_is_lost(there, changes, reference)
        before = dict(there.labels or {})
        after = changes.applied(before)
        written = after if dry_run else dict(write(reference, after) or {})
        return LabelChange(reference.id, written.get("name"), before, written)

    listing.show(done_to_each(session, references, change, "labelled"))
    if dry_run:
        session.remark("nothing was changed (--dry-run)")
    return ExitCode.DONE


def _check_none_is_lost(there: Described, changes: LabelChanges, reference: JobReference) -> None:
    """Raise HfJobsError if labels were to stay that cannot be sent back as they are."""
    if changes.clear or changes.replace:
        return
    odd = there.odd_labels
    if odd is None:
        raise HfJobsError(
            f"the Hub does not say which labels {reference} has, and those would be lost",
            hint="--replace sets the given ones alone, --clear removes all",
        )
    lost = [key for key in odd if changes.keeps(key)]
    if lost:
        raise HfJobsError(
            f"labels of {reference} would be lost, as their values are no texts: {', '.join(lost)}",
            hint="set them with --label KEY=VALUE, take them away with --remove KEY, or all others with --replace",
        )
