"""What is about to be done to records that filters chose: shown, and asked whether it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.query.columns import choose_columns
from hfjobs_cli.renderers.registry import RENDERERS

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.records.kind import Kind


class Plan(NamedTuple):
    """What is to be done, in words: `verb` is `cancel`, `done` is `canceled`. `kind` is that of what it is done to."""

    session: Session
    kind: Kind
    verb: str
    done: str

    def check_it_can_ask(self) -> None:
        """Make sure that somebody is there to say that it is meant. Raises UsageError, before any request."""
        if not self.session.can_ask:
            raise UsageError(
                f"nobody is here to say that the {self.kind.plural} that match are to be {self.done}",
                hint=f"--yes does it without asking, --dry-run shows which {self.kind.plural} they are",
            )

    def is_meant(self, records: Sequence[Any]) -> bool:
        """Show all that will be hit, ask, and tell whether the answer is yes. What is not shown is not to be hit."""
        columns = choose_columns(
            self.kind, None, wide=False, also=["initiator"] if "initiator" in self.kind.cells else []
        )
        RENDERERS["table"].render(records, self.session.view(self.kind, columns, on_stderr=True))
        is_meant = self.session.confirm(f"{self.verb.capitalize()} {self._count(records)}?")
        if not is_meant:
            self.session.remark(f"nothing was {self.done}")
        return is_meant

    def tell_of(self, records: Sequence[Any]) -> None:
        """Say, after a dry run, what would be done."""
        self.session.remark(f"would {self.verb} {self._count(records)}; nothing was {self.done}")

    def _count(self, records: Sequence[Any]) -> str:
        return f"{len(records)} {self.kind.plural if len(records) != 1 else self.kind.noun}"
