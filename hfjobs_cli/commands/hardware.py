"""`hfjobs hardware`."""

from typing import Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.query.conditions import all_match, no_match_hints, parse_conditions


def hardware(
    session: Session,
    *,
    filter_: options.Filter = None,
    sort: options.Sort = None,
    output: Annotated[options.Output, "hardware"],
) -> ExitCode:
    """List hardware flavors and prices.

    Each row is a flavor, for 'hfjobs run --flavor NAME'. Prices are in US dollars; VRAM is the total of all
    accelerators. No token is needed.

    \b
    Examples:
      hfjobs hardware
      hfjobs hardware --sort price
      hfjobs hardware -f 'accelerator=*A100*' --sort -vram
      hfjobs hardware --format '{{.name}} {{.price}}'
      hfjobs hardware -q -f 'name=cpu-*'
    """
    now = session.clock()
    wanted = parse_conditions(output.kind, filter_ or (), now)
    listing = Listing(session, output, sort=sort)

    flavors = session.client.list_hardware()
    found = [flavor for flavor in flavors if all_match(wanted, flavor, now)]

    listing.show(found)
    if not found:
        session.note(f"no {output.kind.plural} match" if flavors else f"the Hub lists no {output.kind.plural}")
        for hint in no_match_hints(wanted):
            session.note(hint)
    return ExitCode.DONE
