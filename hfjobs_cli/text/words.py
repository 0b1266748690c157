"""Words of the command line: quoting for a shell, lists in options, and near matches."""

import re
import shlex
from collections.abc import Callable, Iterable
from itertools import groupby

from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.escapes import printable
from hfjobs_cli.text.redaction import MASK

_MAX_LISTED = 200
"""The longest list of choices in a hint, in characters; with what stands around it, three lines of a terminal."""


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


def without_negation(item: str) -> tuple[bool, str]:
    """Return whether an item of a list is an exclusion (`!item`), and return it without the sign."""
    return (True, item[1:]) if item.startswith("!") else (False, item)


def empty_option(option: str) -> UsageError:
    """Return the error for an option without a value."""
    return UsageError(f"{option} is empty", hint=f"remove {option}, or give it a value")


def conflict(option: str, other: str, *, hint: str = "remove one of them") -> UsageError:
    """Return the error for two options that exclude each other."""
    return UsageError(f"{option} cannot be used with {other}", hint=hint)


def one_of(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a `word` that is none of `choices`: the nearest of them, or a list if none is near."""
    names = list(choices)
    near = did_you_mean(word, names)
    if near is not None:
        return near
    shown = names
    while len(", ".join(shown)) > _MAX_LISTED:
        shown = shown[:-1]
    more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return f"use one of {', '.join(shown)}{more}"


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return a hint that names the one of `choices` that `word` may be a typing mistake of, None if there is none."""
    from difflib import get_close_matches  # 2 ms, for mistakes only

    near = get_close_matches(word.lower(), list(choices), n=1)
    return f"did you mean '{near[0]}'?" if near else None


_LEFT_ALONE = frozenset('"$`\\!')
"""What is more than itself between double quotes."""

_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*")
"""Words that need no quotes in any shell. zsh takes `=ls` for the path of `ls`."""


def quoted(words: Iterable[str]) -> str:
    """Return words so that a shell would read them back: `echo "it's"`, where `shlex.join` has four more quotes."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if "'" in word and _LEFT_ALONE.isdisjoint(word):
        return f'"{word}"'
    # What stands for a secret is no pattern, and nobody can run it.
    is_plain = MASK in word and shlex.quote(word.replace(MASK, "x")) == word.replace(MASK, "x")
    return word if is_plain else shlex.quote(word)


def quoted_for_shell(word: str, holds: Callable[[str], bool] = lambda _text: True) -> str:
    """Return a word that every POSIX shell reads back, and that no terminal obeys.

    Characters that would move the cursor, and those that the output does not hold, are printed by the shell itself,
    `"$(printf '\\033')"`: `$'\\033'` is not known to all of them. A line break stays one, as `$(...)` drops the last.
    """

    def is_shown(char: str) -> bool:
        return char == "\n" or (printable(char) == char and holds(char))

    pieces = [(shown, "".join(chars)) for shown, chars in groupby(word, is_shown)]
    return "".join((_literal if shown else _printed)(piece) for shown, piece in pieces) or "''"


def _literal(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    # As shlex does it, which leaves too much without quotes.
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _printed(text: str) -> str:
    """Return what has a shell print the bytes of a text."""
    octal = "".join(f"\\{byte:03o}" for byte in text.encode("utf-8"))
    return f"\"$(printf '{octal}')\""
