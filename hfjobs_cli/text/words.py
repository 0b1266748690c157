"""Words of the command line: quoting for a shell, lists in options, and near matches."""

from collections.abc import Iterable

from hfjobs_cli.errors import empty_option


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
