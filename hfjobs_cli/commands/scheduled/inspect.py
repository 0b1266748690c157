"""`hfjobs scheduled inspect`."""

from typing import Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._resolve import LAST_RUN, named_schedules
from hfjobs_cli.errors import ExitCode, HfJobsError
from hfjobs_cli.formats.renderer import RENDERERS


def inspect(
    session: Session,
    schedules: schedule_options.Schedules,
    *,
    sort: options.Sort = None,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Show all details of schedules, as a JSON array.

    The objects are those of 'scheduled ps --format json'. Schedules are fetched in parallel and shown in the order
    given; if some do not exist, the others are still shown. --format command prints the command line that creates a
    schedule again.

    \b
    Examples:
      hfjobs scheduled inspect 69c4179671691dc46f166314
      hfjobs scheduled inspect alice/69c4179671691dc46f166314
      hfjobs scheduled inspect @name=refresh-index --format '{{.next_run}}'
      hfjobs scheduled inspect --format command @name=refresh-index
      hfjobs scheduled ps -a -q | hfjobs scheduled inspect -
    """
    listing = Listing(session, output, default=RENDERERS["json"], sort=sort, indent=4)
    references = named_schedules(session, schedules, namespace)

    results = session.client.inspect_schedules(references)
    if any(map(listing.shows, LAST_RUN)):
        known = iter(session.client.with_last_runs([each for each in results if not isinstance(each, HfJobsError)]))
        results = [each if isinstance(each, HfJobsError) else next(known) for each in results]
    listing.show_results(results)
    return ExitCode.DONE
