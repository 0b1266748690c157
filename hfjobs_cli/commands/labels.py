"""`hfjobs labels`."""

from typing import Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan, change_labels
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._select import jobs_to_change
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.models.kinds import kind_of
from hfjobs_cli.query.labels import label_changes


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
    yes: options.Yes = False,
    output: Annotated[options.Output, "label_change"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Change the labels and the name of jobs.

    Given labels are added or updated; all others stay, unless --replace removes them. The Hub replaces all labels of a
    job at once, so the current ones are read just before. The labels before and after are printed.

    If a selector such as @latest matches several jobs, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs labels 6a01d697aff1cd33e8f33a64 --label team=ml -l env=prod
      hfjobs labels 6a01d697aff1cd33e8f33a64 --name train-v2
      hfjobs labels @latest --yes --remove env
      hfjobs labels 6a01d697aff1cd33e8f33a64 --replace --label team=ml
      hfjobs ps --name train-v2 -q | hfjobs labels - --label sweep=3 --dry-run
    """
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
