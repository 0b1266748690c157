"""Escape untrusted text, and clean the output of programs for a pipe or a terminal."""

import re

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters of Hangul that show nothing, of which some terminals think that they take two cells, others none."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Show what could move the cursor, change colors or reorder text as escapes: `\n`, `\x1b`, `\u202e`.

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
"""How many codes in a row are carried to the next line; a text that needs more is no text."""


def last_state(line: str) -> str:
    r"""Return the final state of a line that was redrawn after each `\r`, as progress bars do."""
    if "\r" not in line:
        return line
    return line.rstrip("\r").rpartition("\r")[2]


def without_colors(line: str) -> str:
    """Return a line without the codes for colors."""
    return _COLOR.sub("", line) if "\x1b" in line else line


def harmless(line: str, *, color: bool) -> str:
    """Return a line with all that commands a terminal spelled out, but for colors, which are left out if not wanted.

    A tab stays.
    """
    if line.isascii() and line.isprintable():
        return line
    if not color:
        return _tabs(without_colors(line))
    shown, place = [], 0
    for code in _COLOR.finditer(line):
        shown += [_tabs(line[place : code.start()]), code[0]]
        place = code.end()
    return "".join([*shown, _tabs(line[place:])])


def colors_left_on(line: str, before: str = "") -> str:
    """Return the codes for colors that are in force after a line, `before` being those before it."""
    if "\x1b" not in line:
        return before
    codes = _COLOR.findall(before + line)
    for place in range(len(codes) - 1, -1, -1):
        if codes[place] in _RESETS:
            return "".join(codes[place + 1 :][-MAX_COLORS:])
    return "".join(codes[-MAX_COLORS:])


def _tabs(text: str) -> str:
    return "\t".join(map(printable, text.split("\t")))
