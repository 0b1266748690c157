"""Records as JSON text: every field by its name, times as ISO 8601 text."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.view import View


def encoder(view: View, indent: int | None = None) -> Callable[[Any], str]:
    """Return the function that writes a record, or a list of them, as JSON in characters that the output can hold.

    On a terminal they do no harm. Parts of a record are taken apart where the encoder meets them: for 20,000 jobs
    `dataclasses.asdict`, which copies every text first, takes 2.2 s more.
    """
    encode = json.JSONEncoder(ensure_ascii=not view.is_unicode, indent=indent, default=_plain).encode
    return (lambda value: _harmless(encode(value))) if view.for_eyes else encode


def _plain(value: datetime | Record) -> object:
    return value.isoformat() if isinstance(value, datetime) else value.values()


def _harmless(text: str) -> str:
    """Return the same JSON with escapes for what a terminal may take as a command or as an order to turn text round."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
