"""The options about the connection, which may stand before and after every command that asks the Hub."""

from typing import Annotated, ClassVar

import typer

from hfjobs_cli.cli import sections
from hfjobs_cli.cli.trailing_options import of_script
from hfjobs_cli.config import Overrides
from hfjobs_cli.immutable import value

WITH_VALUE = ("--token", "--endpoint")
"""Those of the options that are followed by a value."""


@value
class Connection:
    """Connection options: Hub, token, demo, debug."""

    section: ClassVar[str] = sections.CONNECTION

    token: Annotated[
        str | None,
        of_script(typer.Option("--token", metavar="TOKEN", help="Access token; prefer HF_TOKEN or 'hf auth login'.")),
    ] = None
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="URL of the Hub.", show_default=False)
    ] = None
    demo: Annotated[
        bool,
        of_script(typer.Option("--demo", help="Use sample jobs on this machine; no account needed.")),
    ] = False
    debug: Annotated[bool, typer.Option("--debug", help="Log each request to stderr, never the token.")] = False

    @property
    def overrides(self) -> Overrides:
        """Return the options as overrides of the settings."""
        return Overrides(self.token, self.endpoint, self.demo, self.debug)
