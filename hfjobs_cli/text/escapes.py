"""Untrusted text made harmless, and the token kept out of what is shown."""

from collections.abc import Collection

LEAST_SECRET = 4
"""How short a secret may be to be looked for; a shorter one is a part of any word."""

LEAST_TOKEN = 8
"""How short a token may be, and one line of a secret of several."""

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


def without_secrets(text: str, secrets: Collection[str], shown: str = "***") -> str:
    """Return `text` without the secrets, also as JSON spells them, with other blanks, or one of several lines alone."""
    if not secrets:
        return text
    import json  # help does without

    spellings: set[str] = set()
    for secret in secrets:
        spellings |= {secret, " ".join(secret.split()), json.dumps(secret)[1:-1]}
        spellings |= {line for each in secret.splitlines() if len(line := each.strip()) >= LEAST_TOKEN}
    for spelling in sorted(spellings, key=len, reverse=True):  # one may be a part of another
        if len(spelling) >= LEAST_SECRET:
            text = text.replace(spelling, shown)
    return text
