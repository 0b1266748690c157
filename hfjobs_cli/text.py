"""Words in and out: untrusted text made harmless, lists read from options, the nearest of several names."""

from collections.abc import Iterable

from hfjobs_cli.errors import UsageError

GAP = 2
"""Blanks between two columns."""

MAX_PADDED = 250
"""How wide a column is made where nothing is cut; a longer cell just takes more. A script can be 200 KB."""

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters of Hangul that show nothing, of which some terminals think that they take two cells, others none."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Show what could move the cursor, change colours or reorder text as escapes: `\n`, `\x1b`, `\u202e`.

    Everything that Unicode does not call printable is escaped: C0, C1, DEL, line and paragraph separators,
    bidirectional overrides, zero-width characters, lone surrogates; and invisible letters. A backslash stays as it is.
    """
    if text.isprintable() and (text.isascii() or _FILLERS.isdisjoint(text)):
        return text
    return "".join(char if char.isprintable() and char not in _FILLERS else _escape(char) for char in text)


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or char.encode("unicode_escape").decode("ascii")


def redacted(text: str, token: str | None) -> str:
    """Return `text` without the token. What is shorter than 8 characters is no token, and may be a part of any word."""
    return text.replace(token, "<TOKEN>") if token and len(token) >= 8 else text


def split_values(values: Iterable[str], option: str) -> list[str]:
    """Flatten an option that takes commas and repetition: `["a,b", "c"]` is `["a", "b", "c"]`.

    Raises UsageError for a value without any item: an empty variable in a script must not mean "everything".
    """
    items: list[str] = []
    for value in values:
        found = [item.strip() for item in value.split(",") if item.strip()]
        if not found:
            raise empty_option(option)
        items += found
    return items


def empty_option(option: str) -> UsageError:
    """Return the error for an option without a value."""
    return UsageError(f"{option} is empty", hint=f"leave {option} out, or give it a value")


def one_of(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a `word` that is none of `choices`: the nearest of them, and all of them."""
    names = list(choices)
    near = did_you_mean(word, names)
    return (f"{near} " if near else "") + f"one of {', '.join(names)}"


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return a hint that names the one of `choices` that `word` may be a typing mistake of, None if there is none."""
    from difflib import get_close_matches  # 2 ms, for mistakes only

    near = get_close_matches(word.lower(), list(choices), n=1)
    return f"did you mean '{near[0]}'?" if near else None


def cell_width(text: str) -> int:
    """Return how many character cells `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 2 ms, and most output is plain ASCII

    return cell_len(text)


def padding(cell: int, column: int) -> str:
    """Return the blanks between a cell of some width and the next column."""
    return " " * (max(0, column - cell) + GAP)
