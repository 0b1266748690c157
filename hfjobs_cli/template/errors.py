"""Template errors, with their position."""

from __future__ import annotations

from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.terminal_text import cell_width, printable

EXCERPT_WIDTH = 76
"""How much of a long line is shown around the error, in characters."""


class TemplateError(UsageError):
    """A template that cannot be parsed, or cannot be rendered with the given data.

    `column` counts from 1, in characters. `details` is the line of the template with the error, and a caret below it.
    """

    def __init__(self, message: str, source: str, at: int, hint: str | None = None) -> None:
        """`at` is the offset of the error in `source`."""
        at = min(at, len(source))
        start = source.rfind("\n", 0, at) + 1
        self.column = at - start + 1
        place = f"column {self.column}"
        if "\n" in source:
            place = f"line {source.count(chr(10), 0, at) + 1}, {place}"
        details = _excerpt(source[start:].partition("\n")[0], at - start)
        super().__init__(f"template, {place}: {message}", hint, details)


class UnknownName(TemplateError):
    """A function, or a field of the data, that does not exist."""


def _excerpt(line: str, at: int) -> tuple[str, str]:
    """Return `line`, cut to what surrounds `at`, and a line with a caret below that."""
    first = max(0, min(at - EXCERPT_WIDTH // 2, len(line) - EXCERPT_WIDTH))
    before = ("..." if first else "") + line[first:at]
    after = line[at : first + EXCERPT_WIDTH] + ("..." if len(line) > first + EXCERPT_WIDTH else "")
    return f"  {before}{after}", f"  {' ' * cell_width(printable(before))}^"
