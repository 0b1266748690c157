"""Words of the command line: quoting for a shell, lists in options, and near matches."""

from collections.abc import Iterable

from hfjobs_cli.errors import UsageError

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
