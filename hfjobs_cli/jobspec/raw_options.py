"""Options of a new job as they were typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TextIO

from hfjobs_cli.errors import UsageError
from hfjobs_cli.immutable import value


@value
class Typed:
    """Raw options of a new job. None or False means not given.

    Help lists the options in this order. One that is read by the table of properties alone need not be here.
    """

    env: list[str] | None = None
    env_file: str | None = None
    secrets: list[str] | None = None
    secrets_file: str | None = None
    name: str | None = None
    no_name: bool = False
    label: list[str] | None = None
    volume: list[str] | None = None
    flavor: str | None = None
    any_flavor: bool = False
    arch: str | None = None
    timeout: str | None = None
    max_cost: float | None = None
    attempts: int | None = None
    expose: list[int] | None = None
    expose_public: list[int] | None = None
    ssh: bool = False
    network_group: str | None = None
    network_alias: list[str] | None = None
    resource_group_id: str | None = None


@value
class UvTyped:
    """Raw options of `uv run`. None or False means not given."""

    image: str | None = None
    with_: list[str] | None = None
    python: str | None = None
    bucket: bool = False
    trust_script: bool = False


MAX_STDIN_MIB = 16
"""How much is read from stdin, which may have no end."""


@value
class LocalEnvironment:
    """Local sources of values: environment variables, with the token as HF_TOKEN, and stdin.

    With `secrets_may_miss` a secret that is not set has no value instead of being an error. `warnings` are for stderr.
    """

    environ: Mapping[str, str]
    stdin: TextIO
    secrets_may_miss: bool = False
    warnings: list[str] = field(default_factory=list)
    _read: dict[str, str] = field(default_factory=dict)

    def read_stdin(self, reader: str) -> str:
        """Return all of stdin, for the first that wants it and each time it does. Raises UsageError for another."""
        if reader not in self._read:
            self.take_stdin(reader)
            try:
                text = self.stdin.read(MAX_STDIN_MIB * 1024 * 1024 + 1)
            except (OSError, UnicodeError) as error:
                raise UsageError(f"cannot read stdin for {reader}: {error}") from None
            if len(text) > MAX_STDIN_MIB * 1024 * 1024:
                raise UsageError(f"stdin is too large for {reader}: more than {MAX_STDIN_MIB} MiB")
            self._read[reader] = text
        return self._read[reader]

    def take_stdin(self, reader: str) -> None:
        """Make sure that nothing else reads stdin. Raises UsageError."""
        if self._read:
            raise UsageError(
                f"{next(iter(self._read))} and {reader} cannot both read stdin", hint="use a file for one of them"
            )
        self._read[reader] = ""


def typed_path(text: str) -> Path:
    """Return a path with `~` expanded, as it is if there is no such user."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
