"""Words as a shell takes them, and as they are read with ease."""

import shlex
from collections.abc import Iterable

from hfjobs_cli.text.secrets import MASK

_LEFT_ALONE = frozenset('"$`\\!')
"""What is more than itself between double quotes."""


def quoted(words: Iterable[str]) -> str:
    """Return words so that a shell would read them back: `echo "it's"`, where `shlex.join` has four more quotes."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if "'" in word and _LEFT_ALONE.isdisjoint(word):
        return f'"{word}"'
    # What stands for a secret is no pattern, and nobody can run it.
    is_plain = MASK in word and shlex.quote(word.replace(MASK, "x")) == word.replace(MASK, "x")
    return word if is_plain else shlex.quote(word)
