"""`hfjobs scheduled labels`."""

from typing import Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan, change_labels
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._schedules import schedules_to_change
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.models.kinds import kind_of
from hfjobs_cli.query.labels import label_changes


def labels(
    session: Session,
    schedules: schedule_options.Schedules,
    *,
    label: options.NewLabels = None,
    name: options.NewName = None,
    remove: options.RemovedLabels = None,
    replace: options.ReplaceLabels = False,
    clear: options.ClearLabels = False,
    dry_run: options.DryRun = False,
    yes: schedule_options.Yes = False,
    output: Annotated[options.Output, "label_change"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Change the labels and the name of schedules.

    Their next jobs will have the new labels. Given labels are added or updated; all others stay, unless --replace
    removes them. The Hub replaces all labels at once, so the current ones are read just before. The labels before and
    after are printed.

    If a selector such as @latest matches several schedules, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs scheduled labels 69c4179671691dc46f166314 --label team=ml -l env=prod
      hfjobs scheduled labels @name=refresh-index --name refresh-cards
      hfjobs scheduled labels 69c4179671691dc46f166314 --replace --label team=ml
      hfjobs scheduled ps -q --label team=ml | hfjobs scheduled labels - --remove env --dry-run
    """
    changes = label_changes(label or (), name, remove or (), replace=replace, clear=clear)
    listing = Listing(session, output, indent=4)
    plan = Plan(session, kind_of("schedule"), "change the labels of", "changed", asks=not (yes or dry_run))
    references = schedules_to_change(session, schedules, namespace, plan)
    if references is None:
        return ExitCode.FAILURE
    client = session.client
    return change_labels(
        session,
        listing,
        references,
        changes,
        read=lambda reference: client.inspect_schedule(reference).job_spec,
        write=lambda reference, labels: client.label_schedule(reference, labels).job_spec.labels,
        dry_run=dry_run,
    )
