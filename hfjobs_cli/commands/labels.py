"""`hfjobs labels`."""

from typing import Annotated

from hfjobs_cli.cli import change_options, choice_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode


def labels(
    session: Session,
    jobs: options.Jobs,
    *,
    label: change_options.NewLabels = None,
    name: change_options.NewName = None,
    remove: change_options.RemovedLabels = None,
    replace: change_options.ReplaceLabels = False,
    clear: change_options.ClearLabels = False,
    dry_run: options.DryRun = False,
    yes: choice_options.Yes = False,
    output: Annotated[options.Output, "label_change"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Change the labels and the name of jobs.

    Labels that are given are added, or get a new value; all others stay, unless --replace drops them. The Hub replaces
    all labels of a job at once, so those there are read just before. What was there and what is there now is printed.
    Where a description, as @latest, fits several jobs, these are shown first, and asked for, unless with --yes.

    \b
    Examples:
      hfjobs labels 6a01d697aff1cd33e8f33a64 --label team=ml -l env=prod
      hfjobs labels 6a01d697aff1cd33e8f33a64 --name train-v2
      hfjobs labels @latest --yes --remove env
      hfjobs labels 6a01d697aff1cd33e8f33a64 --replace --label team=ml
      hfjobs ps --name train-v2 -q | hfjobs labels - --label sweep=3 --dry-run
    """
    from hfjobs_cli.commands.shared.labelling import change_labels
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.plan import Plan
    from hfjobs_cli.commands.shared.several import jobs_to_change
    from hfjobs_cli.query.labels import label_changes
    from hfjobs_cli.records.kind import kind_of

    changes = label_changes(label or (), name, remove or (), replace=replace, clear=clear)
    listing = Listing(session, output, indent=4)
    plan = Plan(session, kind_of("job"), "change the labels of", "changed", asks=not (yes or dry_run))
    references = jobs_to_change(session, jobs, namespace, plan)
    if references is None:
        return ExitCode.FAILURE
    client = session.client
    return change_labels(
        session,
        listing,
        references,
        changes,
        read=client.inspect_job,
        write=lambda reference, labels: client.label_job(reference, labels).labels,
        dry_run=dry_run,
    )
