"""Text for terminals and shells: escape it, measure it in character cells, cut, wrap, color and quote it."""

import re
import shlex
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby

from hfjobs_cli.text.redaction import MASK

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Invisible letters of Hangul, for which terminals count two cells or none."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Escape characters that could move the cursor, change colors or reorder text: `\n`, `\x1b`, `\u202e`.

    Everything that Unicode does not call printable is escaped: C0, C1, DEL, line and paragraph separators,
    bidirectional overrides, zero-width characters, lone surrogates; and invisible letters. A backslash stays as it is.
    """
    if text.isprintable() and (text.isascii() or _FILLERS.isdisjoint(text)):
        return text
    return "".join(char if char.isprintable() and char not in _FILLERS else _escape(char) for char in text)


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or char.encode("unicode_escape").decode("ascii")


_COLOR = re.compile(r"\x1b\[[0-9;:]*m")
_RESETS = frozenset(("\x1b[m", "\x1b[0m"))

MAX_COLORS = 16
"""How many color codes in a row are carried to the next line; output with more is not text."""


def last_state(line: str) -> str:
    r"""Return the final state of a line that was redrawn after each `\r`, as progress bars do."""
    if "\r" not in line:
        return line
    return line.rstrip("\r").rpartition("\r")[2]


def without_colors(line: str) -> str:
    """Return a line without color codes."""
    return _COLOR.sub("", line) if "\x1b" in line else line


def escaped_line(line: str, *, color: bool) -> str:
    """Return a line with control characters escaped, except tabs. Color codes are kept with `color`, else removed."""
    if line.isascii() and line.isprintable():
        return line
    if not color:
        return _escaped_but_tabs(without_colors(line))
    shown, place = [], 0
    for code in _COLOR.finditer(line):
        shown += [_escaped_but_tabs(line[place : code.start()]), code[0]]
        place = code.end()
    return "".join([*shown, _escaped_but_tabs(line[place:])])


def colors_left_on(line: str, before: str = "") -> str:
    """Return the color codes in force after a line; `before` are those in force before it."""
    if "\x1b" not in line:
        return before
    codes = _COLOR.findall(before + line)
    for place in range(len(codes) - 1, -1, -1):
        if codes[place] in _RESETS:
            return "".join(codes[place + 1 :][-MAX_COLORS:])
    return "".join(codes[-MAX_COLORS:])


def _escaped_but_tabs(text: str) -> str:
    """Return text with all escaped that `printable` escapes, except tabs."""
    return "\t".join(map(printable, text.split("\t")))


GAP = 2
"""Blanks between two columns."""

HELP_COLUMNS = 80
"""The width of help, everywhere."""

MAX_PADDED = 250
"""The widest column where nothing is cut; a longer cell sticks out. A script can be 200 KB."""


def cell_width(text: str) -> int:
    """Return how many character cells `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 2 ms, and most output is plain ASCII

    return cell_len(text)


_LEAST_TAIL = 6
"""The shortest end of a text, in cells, that is worth showing after its beginning."""


def cut(text: str, width: int, ellipsis: str) -> str:
    """Return `text`, cut and marked with `ellipsis` if it is wider than `width`."""
    if cell_width(text) <= width:
        return text
    room = max(0, width - len(ellipsis))
    if text.isascii():
        return text[:room].rstrip() + ellipsis[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, room).rstrip() + ellipsis[:width]


def cut_middle(text: str, width: int, ellipsis: str) -> str:
    """Return `text`, cut in its middle if it is wider than `width`, to keep both ends."""
    if cell_width(text) <= width:
        return text
    tail = (width - len(ellipsis)) // 2
    if tail < _LEAST_TAIL:
        return cut(text, width, ellipsis)
    end = text[-tail:]
    while cell_width(end) > tail:
        end = end[1:]
    end = end.lstrip()
    return cut(text, width - cell_width(end), ellipsis) + end


_LONG = 50_000
"""Longer lines, in characters, are wrapped at fixed widths, and read only as far as they are shown."""


def block(lines: Iterable[str], room: int, most: int | None, ellipsis: str) -> list[str]:
    """Wrap lines to `room` cells. Of more than `most` return the first ones, and a line that counts the others."""
    found: list[str] = []
    left_out = 0
    for line in lines:
        head = line if most is None or len(line) <= _LONG else line[: room * (most + 2)]
        found += _wrapped(head, room)
        left_out += (len(line) - len(head)) // room
    if most is None or len(found) + left_out <= most + 1:  # the line with the count takes as much space as one line
        return found
    return [*found[:most], f"{ellipsis} {len(found) - most + left_out:,} more lines"]


def _wrapped(text: str, room: int) -> list[str]:
    """Wrap one line. Its indentation is kept, but no blanks at the beginning of the lines that follow.

    If any character takes two cells, lines are cut as if all did.
    """
    width = max(20, room if text.isascii() or cell_width(text) == len(text) else room // 2)
    if len(text) > _LONG:  # textwrap copies what is left of a word for each line
        return [text[at : at + width] for at in range(0, len(text), width)]
    lines = textwrap.wrap(text, width, break_on_hyphens=False, drop_whitespace=False)
    return [each.strip() if number else each.rstrip() for number, each in enumerate(lines)] or [""]


def padding(cell: int, column: int) -> str:
    """Return the blanks between a cell of width `cell` and the next column."""
    return " " * (max(0, column - cell) + GAP)


def help_row(head: str, text: str) -> str:
    """Return a row of help: `head`, then `text` wrapped to 80 columns with a hanging indent."""
    below = " " * len(head)
    return textwrap.fill(
        text, HELP_COLUMNS, initial_indent=head, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )


_YELLOW = "color(136)"
"""Replaces yellow, which cannot be read on a white terminal; this color can be read on white and on black."""


def join_pieces(pieces: Iterable[tuple[str, str | None]], *, color: bool) -> str:
    """Join pieces of text; with `color` each is in its style, named as in rich."""
    return "".join(styled(text, style) if color and style is not None else text for text, style in pieces)


def styled(text: str, style: str) -> str:
    """Return a text in a style, named as in rich. Line breaks are not styled."""
    before, after = _codes(style)
    return "\n".join(f"{before}{line}{after}" if line else "" for line in text.split("\n"))


@cache
def _codes(style: str) -> tuple[str, str]:
    """Return the escape codes that begin and end a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    parsed = Style.parse(style.replace("yellow", _YELLOW))
    before, _, after = parsed.render("\0", color_system=ColorSystem.EIGHT_BIT).partition("\0")
    return before, after


_LEFT_ALONE = frozenset('"$`\\!')
"""Characters that are special between double quotes."""

_PLAIN = r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*"
"""Words that need no quotes in any shell. zsh takes `=ls` for the path of `ls`."""


def quoted(words: Iterable[str]) -> str:
    """Quote words for a shell, as people do: `echo "it's"`, where `shlex.join` has four more quotes."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if "'" in word and _LEFT_ALONE.isdisjoint(word):
        return f'"{word}"'
    # A masked secret is shown without quotes around its asterisks: the command cannot be run anyway.
    is_plain = MASK in word and shlex.quote(word.replace(MASK, "x")) == word.replace(MASK, "x")
    return word if is_plain else shlex.quote(word)


def quoted_for_shell(word: str, holds: Callable[[str], bool] = lambda _text: True) -> str:
    """Quote a word for every POSIX shell, with no control characters in it for a terminal to obey.

    Those, and characters that the output cannot encode (`holds`), become `"$(printf '\\033')"`, as not all shells know
    `$'\\033'`. A line break stays as it is, because `$(...)` drops the last one.
    """

    def is_shown(char: str) -> bool:
        return char == "\n" or (printable(char) == char and holds(char))

    pieces = [(shown, "".join(chars)) for shown, chars in groupby(word, is_shown)]
    return "".join((_literal if shown else _printed)(piece) for shown, piece in pieces) or "''"


def _literal(text: str) -> str:
    if re.fullmatch(_PLAIN, text):
        return text
    # As shlex.quote does it, which leaves more words without quotes.
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _printed(text: str) -> str:
    """Return a command substitution that prints the bytes of a text."""
    octal = "".join(f"\\{byte:03o}" for byte in text.encode("utf-8"))
    return f"\"$(printf '{octal}')\""
