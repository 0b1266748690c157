"""Change the labels of a job or a schedule: the options, and what is read before it is written."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import OwnOptions
from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.immutable import value
from hfjobs_cli.models.label_change import LabelChange
from hfjobs_cli.query.labels import LabelChanges, label_changes

if TYPE_CHECKING:
    from hfjobs_cli.models.spec import SpecFields
    from hfjobs_cli.query.references import JobReference


@value
class LabelOptions(OwnOptions):
    """What changes about labels and name."""

    label: options.NewLabels = None
    name: options.NewName = None
    remove: options.RemovedLabels = None
    replace: options.ReplaceLabels = False
    clear: options.ClearLabels = False

    def checked(self, _session: Session, _words: list[str]) -> LabelChanges:
        """Return the changes. Raises UsageError if they contradict each other."""
        return label_changes(self.label or (), self.name, self.remove or (), replace=self.replace, clear=self.clear)


def planned(reference: "JobReference", found: "SpecFields", changes: LabelChanges) -> LabelChange:
    """Return what changes about the labels that were `found`. Raises HfJobsError if labels would be lost."""
    _check_none_is_lost(reference, found, changes)
    before = dict(found.labels or {})
    after = changes.applied(before)
    return LabelChange(reference.id, after.get("name"), before, after)


def written(planned: LabelChange, labels: Mapping[str, str] | None) -> LabelChange:
    """Return the change as the Hub made it: with the `labels` in its response."""
    after = dict(labels or {})
    return replace(planned, name=after.get("name"), after=after)


def _check_none_is_lost(reference: "JobReference", found: "SpecFields", changes: LabelChanges) -> None:
    """Raise HfJobsError if labels are to stay that cannot be sent back as they are."""
    if changes.clear or changes.replace:
        return
    unexpected = found.unexpected_labels
    if unexpected is None:
        raise HfJobsError(
            f"cannot read the labels of {reference}; they would be lost",
            hint="use --replace to set only the given labels, or --clear to remove all",
        )
    lost = [key for key in unexpected if changes.keeps(key)]
    if lost:
        raise HfJobsError(
            f"labels of {reference} would be lost, because their values are not strings: {', '.join(lost)}",
            hint="set them with --label KEY=VALUE, or remove them with --remove KEY or --replace",
        )
