"""A new job, created and told of, and followed unless that is not wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.commands.shared.creating import ID_AND_URL
from hfjobs_cli.commands.shared.launching import checked, create, show_plan
from hfjobs_cli.commands.shared.listing import Listing
from hfjobs_cli.errors import ExitCode

if TYPE_CHECKING:
    from hfjobs_cli.cli.new_job import Following
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.launch.typed import Surroundings, Typed
    from hfjobs_cli.launch.uv import UvLaunch


def start(
    session: Session,
    launch: UvLaunch,
    typed: Typed,
    following: Following,
    output: Output,
    around: Surroundings,
) -> ExitCode:
    """Do with a described job what the options say, and return how that went."""
    listing = Listing(session, output, default=ID_AND_URL, indent=4)
    launch = replace(launch, job=checked(session, launch.job, typed, launch.namespace, around))
    if following.dry_run:
        show_plan(session, launch, output)
        return ExitCode.DONE
    job = create(session, launch)
    listing.show([job])
    return ExitCode.DONE
