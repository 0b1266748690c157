"""What programs print, which may hold all that a terminal obeys, made fit for a pipe or for a terminal."""

import re

from hfjobs_cli.text.escapes import printable

_COLOR = re.compile(r"\x1b\[[0-9;:]*m")
_RESETS = frozenset(("\x1b[m", "\x1b[0m"))

MAX_COLORS = 16
"""How many codes in a row are carried to the next line; a text that needs more is no text."""


def last_state(line: str) -> str:
    r"""Return what is left to be seen of a line that was drawn over again and again, each time after a `\r`."""
    if "\r" not in line:
        return line
    return line.rstrip("\r").rpartition("\r")[2]


def without_colors(line: str) -> str:
    """Return a line without the codes for colours."""
    return _COLOR.sub("", line) if "\x1b" in line else line


def harmless(line: str, *, color: bool) -> str:
    """Return a line with all that commands a terminal spelled out, but for colours, which are left out if not wanted.

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
    """Return the codes for colours that are in force after a line, `before` being those before it."""
    if "\x1b" not in line:
        return before
    codes = _COLOR.findall(before + line)
    for place in range(len(codes) - 1, -1, -1):
        if codes[place] in _RESETS:
            return "".join(codes[place + 1 :][-MAX_COLORS:])
    return "".join(codes[-MAX_COLORS:])


def _tabs(text: str) -> str:
    return "\t".join(map(printable, text.split("\t")))
