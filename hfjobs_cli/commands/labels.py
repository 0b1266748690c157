"""`hfjobs labels`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands.shared.several import done_to_each, named_jobs
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.query.labels import check_key, new_labels

if TYPE_CHECKING:
    from hfjobs_cli.query.references import JobReference


def labels(
    session: Session,
    jobs: options.Jobs,
    *,
    label: options.NewLabels = None,
    name: options.NewName = None,
    remove: options.RemovedLabels = None,
    replace: options.ReplaceLabels = False,
    clear: options.ClearLabels = False,
    dry_run: options.DryRun = False,
    output: Annotated[options.Output, "label_change"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Change the labels and the name of jobs.

    Labels that are given are added, or get a new value; all others stay, unless --replace drops them. The Hub replaces
    all labels of a job at once, so those there are read just before. What was there and what is there now is printed.

    \b
    Examples:
      hfjobs labels 6a01d697aff1cd33e8f33a64 --label team=ml -l env=prod
      hfjobs labels 6a01d697aff1cd33e8f33a64 --name train-v2
      hfjobs labels @latest --remove env
      hfjobs labels 6a01d697aff1cd33e8f33a64 --replace --label team=ml
      hfjobs ps --name train-v2 -q | hfjobs labels - --label sweep=3 --dry-run
    """
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.records.label_change import LabelChange

    given = new_labels(label or (), name)
    removed = {check_key(key, key) for key in remove or ()}
    _check(given, removed, replace=replace, clear=clear)
    listing = Listing(session, output, indent=4)
    references = named_jobs(session, jobs, namespace)

    def change(reference: JobReference) -> LabelChange:
        before = session.client.inspect_job(reference).labels or {}
        after = {**({} if replace else before), **given}
        after = {} if clear else {key: value for key, value in after.items() if key not in removed}
        if not dry_run:
            after = session.client.label_job(reference, after).labels or {}
        return LabelChange(reference.id, before, after)

    listing.show(done_to_each(session, references, change, "labelled"))
    if dry_run:
        session.remark("no labels were changed")
    return ExitCode.DONE


def _check(given: Mapping[str, str], removed: set[str], *, replace: bool, clear: bool) -> None:
    """Make sure that the options say one thing. Raises UsageError."""
    if clear and (given or removed or replace):
        raise UsageError("--clear removes all labels, so nothing else can be done to them", hint="give it alone")
    if replace and removed:
        raise UsageError("--replace drops all other labels, so there is nothing to --remove", hint="give one of them")
    if removed & set(given):
        both = ", ".join(sorted(removed & set(given)))
        raise UsageError(f"'{both}' is to be set and removed", hint="do one of the two")
    if not (given or removed or clear):
        raise UsageError(
            "no change of labels is given", hint="--label KEY=VALUE or --name NAME sets one, --remove KEY or --clear"
        )
