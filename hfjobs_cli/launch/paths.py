"""Paths of this machine as they are typed."""

from pathlib import Path


def typed_path(text: str) -> Path:
    """Return a path with `~` expanded, as it is if there is no such user."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
