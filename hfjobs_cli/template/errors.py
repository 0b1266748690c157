"""The one error of the engine: what is wrong with a template, and where."""

from __future__ import annotations

from collections.abc import Collection

from hfjobs_cli.errors import UsageError
from hfjobs_cli.text import cell_width, nearest, printable

EXCERPT_WIDTH = 76
"""How much of a long line is shown around the place that is wrong, in characters."""


class TemplateError(UsageError):
    """A template that cannot be parsed, or cannot be rendered with the data it was given.

    `line` and `column` count from 1, in characters. `details` is that line of the template, and a caret below the
    place that is wrong.
    """

    def __init__(self, message: str, source: str, at: int, hint: str | None = None) -> None:
        """`at` is the offset in `source` of what is wrong."""
        at = min(at, len(source))
        start = source.rfind("\n", 0, at) + 1
        self.reason = message
        self.line = source.count("\n", 0, at) + 1
        self.column = at - start + 1
        place = f"column {self.column}" if "\n" not in source else f"line {self.line}, column {self.column}"
        details = _excerpt(source[start:].partition("\n")[0], at - start)
        super().__init__(f"template, {place}: {message}", hint, details)

    def about(self, thing: str) -> TemplateError:
        """Say for which thing it could not be rendered."""
        self.message = f"{thing}: {self.message}"
        self.args = (self.message,)
        return self


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a hint for a name that is none of those known: the nearest of them, and where they are listed."""
    near = name.lower() if name.lower() in known else nearest(name, known)
    return (f"did you mean '{near}'? " if near else "") + "'--format help' lists fields and functions"


def _excerpt(line: str, at: int) -> tuple[str, str]:
    """Return `line`, cut to what stands around `at`, and a line with a caret below that place."""
    first = max(0, min(at - EXCERPT_WIDTH // 2, len(line) - EXCERPT_WIDTH))
    before = ("..." if first else "") + line[first:at]
    after = line[at : first + EXCERPT_WIDTH] + ("..." if len(line) > first + EXCERPT_WIDTH else "")
    return f"  {before}{after}", f"  {' ' * cell_width(printable(before))}^"
