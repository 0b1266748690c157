"""Confirm and apply changes to jobs and schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.commands._select import done_to_each
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError
from hfjobs_cli.formats.registry import RENDERERS
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.models.label_change import LabelChange
from hfjobs_cli.query.columns import choose_columns

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.models.kinds import Kind
    from hfjobs_cli.models.spec import Described
    from hfjobs_cli.query.labels import LabelChanges
    from hfjobs_cli.query.references import JobReference


class Plan(NamedTuple):
    """An action in words: `verb` is `cancel`, `done` is `canceled`, `kind` is the kind of its records.

    `could_hit` tells of a record whether it changes anything there; of jobs only those in `stages` if these are given.
    Nothing is asked unless it `asks`.
    """

    session: Session
    kind: Kind
    verb: str
    done: str
    could_hit: Callable[[Any], bool] = lambda _record: True
    stages: tuple[str, ...] | None = None
    asks: bool = True

    def check_it_can_ask(self) -> None:
        """Check that confirmation is possible. Raises UsageError, before any request."""
        if not self.session.can_ask:
            raise UsageError(
                f"refusing to {self.verb} the matching {self.kind.plural} without confirmation: stdin "
                "is not a terminal",
                hint=f"pass --yes, or --dry-run to see which {self.kind.plural} match",
            )

    def is_meant(self, records: Sequence[Any]) -> bool:
        """Show all affected records, ask for confirmation, and return the answer."""
        self._show(records)
        return self._confirm(self._count(records))

    def is_meant_by(self, text: str, meant: Any, fitting: Sequence[Any], lines: Sequence[str], *, more: bool) -> bool:
        """Show the matches of a selector, of which one is `meant`, ask for confirmation, and return the answer.

        `lines` tell of those that are `fitting`; there may be `more`. Raises UsageError if nobody can answer.
        """
        count = f"{'more than ' if more else ''}{len(fitting)} {self.kind.plural}"
        if not self.session.can_ask:
            raise UsageError(
                f"'{text}' matches {count}; refusing to {self.verb} {meant.id} without confirmation",
                hint=f"use the id of the {self.kind.noun}, or pass --yes",
                details=(*lines, *["  and more"] * more),
            )
        self._show(fitting)
        self.session.note(f"'{text}' matches {count}; the newest is {meant.id}")
        return self._confirm(meant.id)

    def _show(self, records: Sequence[Any]) -> None:
        columns = choose_columns(
            self.kind, None, wide=False, also=["initiator"] if "initiator" in self.kind.cells else []
        )
        RENDERERS["table"].render(records, self.session.view(self.kind, columns, on_stderr=True))

    def _confirm(self, what: str) -> bool:
        is_meant = self.session.confirm(f"{self.verb.capitalize()} {what}?")
        if not is_meant:
            self.session.note(f"nothing was {self.done}")
        return is_meant

    def show_dry_run(self, listing: Listing, records: Sequence[Any]) -> None:
        """Show the records that would be affected and what would be done. Without records there is no table."""
        if records or listing.renderer is not RENDERERS["table"]:
            listing.show(records)
        self.session.note(f"would {self.verb} {self._count(records)}; nothing was {self.done}")

    def _count(self, records: Sequence[Any]) -> str:
        return f"{len(records)} {self.kind.plural if len(records) != 1 else self.kind.noun}"


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
    """Change the labels of each, and show the labels before and after; a dry run writes nothing.

    The Hub replaces all labels at once, so those there are read just before.
    """

    def change(reference: JobReference) -> LabelChange:
        there = read(reference)
        _check_none_is_lost(there, changes, reference)
        before = dict(there.labels or {})
        after = changes.applied(before)
        written = after if dry_run else dict(write(reference, after) or {})
        return LabelChange(reference.id, written.get("name"), before, written)

    listing.show(RecordStream(done_to_each(session, references, change, "labelled")))
    if dry_run:
        session.note("nothing was changed (--dry-run)")
    return ExitCode.DONE


def _check_none_is_lost(there: Described, changes: LabelChanges, reference: JobReference) -> None:
    """Raise HfJobsError if labels were to stay that cannot be sent back as they are."""
    if changes.clear or changes.replace:
        return
    odd = there.unexpected_labels
    if odd is None:
        raise HfJobsError(
            f"cannot read the labels of {reference}; they would be lost",
            hint="use --replace to set only the given labels, or --clear to remove all",
        )
    lost = [key for key in odd if changes.keeps(key)]
    if lost:
        raise HfJobsError(
            f"labels of {reference} would be lost, because their values are not strings: {', '.join(lost)}",
            hint="set them with --label KEY=VALUE, or remove them with --remove KEY or --replace",
        )
