"""Styles of text on a terminal, as gh spells them: `red`, `green+b`, `white+b:blue`."""

from __future__ import annotations

from hfjobs_cli.errors import one_of

RESET = "\x1b[0m"

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "default")
_ATTRIBUTES = {"b": "1", "d": "2", "u": "4", "B": "5", "i": "7", "s": "9", "h": ""}


def code(style: str) -> str:
    """Return the escape sequence that begins a style: foreground, and perhaps `:` and a background.

    Each is a name or a number up to 255, and perhaps `+` and attributes: `b`old, `d`im, `u`nderlined, `B`linking,
    `i`nverse, `s`truck through, `h`igh intensity. The empty style and `off` are none. Raises ValueError.
    """
    if style in ("", "off"):
        return ""
    if style == "reset":
        return RESET
    foreground, _, background = style.partition(":")
    codes = ["0", *_codes(foreground, 30), *_codes(background, 40)]
    return f"\x1b[{';'.join(codes)}m"


def _codes(text: str, base: int) -> list[str]:
    name, _, attributes = text.partition("+")
    unknown = "".join(letter for letter in attributes if letter not in _ATTRIBUTES)
    if unknown:
        raise ValueError(f"unknown attribute '{unknown}' in '{text}', {one_of(unknown, _ATTRIBUTES)}")
    codes = [number for letter, number in _ATTRIBUTES.items() if number and letter in attributes]
    if name.isascii() and name.isdecimal() and int(name) < 256:
        return [*codes, str(base + 8), "5", name]
    if not name:
        return codes
    if name not in _NAMES:
        raise ValueError(f"unknown color '{name}', {one_of(name, _NAMES)}")
    place = 9 if name == "default" else _NAMES.index(name)
    return [*codes, str(base + place + 60 * ("h" in attributes and place < 9))]
