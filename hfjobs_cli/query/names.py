"""What can be an id or a namespace, and so may enter a URL."""

import re

from hfjobs_cli.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")


def is_name(text: str) -> bool:
    """Tell whether `text` can be an id or a namespace, and so may enter a URL."""
    return bool(_NAME.fullmatch(text) and text.strip("."))


def is_id(text: str) -> bool:
    """Tell whether `text` can be the id of something that the Hub has made: a name that is no option.

    The Hub's have 24 hexadecimal digits, but its schema says just that they are strings.
    """
    return is_name(text) and text[0].isalnum()


def check_name(text: str, what: str) -> str:
    """Return `text` if it can be an id or a namespace. Raises UsageError."""
    if not is_name(text):
        raise UsageError(
            f"'{text}' cannot be a {what}",
            hint="ids and namespaces are made of letters, digits, '-', '_' and '.'",
        )
    return text
