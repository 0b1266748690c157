"""Untrusted text made harmless, and the token kept out of what is shown."""

LEAST_TOKEN = 8
"""How short a token may be."""

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


def redacted(text: str, token: str | None, shown: str = "<TOKEN>") -> str:
    """Return `text` without the token. What is shorter than 8 characters is no token, and may be a part of any word."""
    return text.replace(token, shown) if token and len(token) >= LEAST_TOKEN else text
