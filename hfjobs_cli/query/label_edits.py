"""Labels of new jobs, and changes of labels. Limits: the Hub's OpenAPI document, `CreateJob.labels`."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hfjobs_cli.errors import UsageError, conflict, empty_option

MAX_LENGTH = 100
"""The longest key, and the longest value."""

_KEY = r"[A-Za-z0-9._-]+"
_VALUE = r"[A-Za-z0-9._-]*"
_ALLOWED = f"at most {MAX_LENGTH} letters, digits and . _ -"


def new_labels(values: Iterable[str], name: str | None = None) -> dict[str, str]:
    """Parse `--label KEY=VALUE`, or `KEY` for an empty value, and `--name`, which is the label `name`.

    The last value of a key counts. Raises UsageError for a label that the Hub would refuse.
    """
    labels: dict[str, str] = {}
    for item in values:
        key, _, value = item.partition("=")
        _check_key(key, item)
        if not _fits(_VALUE, value):
            raise UsageError(f"invalid value in label '{item}'", hint=f"use {_ALLOWED}{_instead(value)}")
        labels[key] = value
    if name is None:
        return labels
    if not name:
        raise empty_option("--name")
    if "name" in labels:
        raise conflict(f"--name {name}", f"--label name={labels['name']}")
    if not _fits(_VALUE, name):
        raise UsageError(f"invalid job name '{name}'", hint=f"use {_ALLOWED}{_instead(name)}")
    return {**labels, "name": name}


class LabelChanges(NamedTuple):
    """Changes of labels: set the `given` ones, remove `removed` ones, or all others with `clear` or `replace`."""

    given: Mapping[str, str]
    removed: frozenset[str]
    replace: bool
    clear: bool

    def keeps(self, key: str) -> bool:
        """Return whether the label with this key is unchanged."""
        return not (self.clear or self.replace or key in self.given or key in self.removed)

    def applied(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels after the changes."""
        if self.clear:
            return {}
        after = {**({} if self.replace else labels), **self.given}
        return {key: value for key, value in after.items() if key not in self.removed}


def label_changes(
    label: Iterable[str], name: str | None, remove: Iterable[str], *, replace: bool, clear: bool
) -> LabelChanges:
    """Parse the options that change labels. Raises UsageError if they conflict."""
    given = new_labels(label, name)
    removed = frozenset(_check_key(key, key) for key in remove)
    if clear and (given or removed or replace):
        raise UsageError("--clear removes all labels and cannot be used with other changes", hint="use --clear alone")
    if replace and removed:
        raise conflict("--replace", "--remove: it removes all other labels")
    if removed & set(given):
        both = ", ".join(sorted(removed & set(given)))
        raise UsageError(f"label '{both}' is both set and removed", hint="remove one of them")
    if not (given or removed or clear):
        raise UsageError("no label changes given", hint="use --label KEY=VALUE, --name NAME, --remove KEY or --clear")
    return LabelChanges(given, removed, replace, clear)


def _check_key(key: str, shown: str) -> str:
    """Return `key` if it is valid. Raises UsageError with `shown`, the label as given."""
    if not _fits(_KEY, key):
        raise UsageError(
            f"label '{shown}' is not KEY=VALUE" if not key else f"invalid label key '{key}'",
            hint=f"use a key of {_ALLOWED}{_instead(key)}",
        )
    return key


def is_label(key: str, value: str) -> bool:
    """Return whether the Hub accepts a label."""
    return _fits(_KEY, key) and _fits(_VALUE, value)


def _fits(pattern: str, text: str) -> bool:
    return bool(re.fullmatch(pattern, text)) and len(text) <= MAX_LENGTH


def _instead(text: str) -> str:
    """Return a valid text close to an invalid one, as the end of a hint."""
    near = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")[:MAX_LENGTH]
    return f", for example '{near}'" if near and near != text else ""
