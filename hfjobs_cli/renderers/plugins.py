"""Formats that installed packages add, through the entry point group `hfjobs.renderers`.

Looking for them reads the metadata of every installed package (15 ms for a hundred), so it is done only if need be.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from hfjobs_cli.errors import HfJobsError, OutputFailed
from hfjobs_cli.renderers.renderer import Renderer
from hfjobs_cli.renderers.view import View

GROUP = "hfjobs.renderers"


class PluginFailed(HfJobsError):
    """A package adds a format that cannot be used."""


@cache
def _found() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        if entry not in found.setdefault(entry.name.lower(), []):  # one that is found twice on the path
            found[entry.name.lower()].append(entry)
    return found


def names() -> list[str]:
    """Return the names of the formats that packages add."""
    return sorted(_found())


def package_of(name: str) -> str:
    """Return the package, or packages, that add a format."""
    return " and ".join(sorted({entry.dist.name if entry.dist else entry.value for entry in _found()[name]}))


def load(name: str) -> Renderer:
    """Return the format of a package. Raises PluginFailed if it cannot be loaded, or more than one package adds it."""
    entries = _found()[name]
    if len(entries) > 1:
        raise PluginFailed(f"format '{name}' is added by {package_of(name)}", hint="uninstall one of them")
    try:
        renderer = entries[0].load()
    except Exception as error:  # whatever a package does when it is imported
        raise PluginFailed(*_words(name, "cannot be loaded", error)) from error
    if not isinstance(renderer, Renderer):
        raise PluginFailed(
            f"format '{name}' of {package_of(name)} is not a Renderer, but {type(renderer).__name__}",
            hint=f"'{entries[0].value}' should name a hfjobs_cli.Renderer",
        )

    def render(records: Iterable[Any], view: View) -> None:
        try:
            renderer.render(records, view)
        except HfJobsError:
            raise
        except Exception as error:
            raise OutputFailed(*_words(name, "failed", error)) from error

    return renderer._replace(name=name, render=render)


def _words(name: str, what: str, error: Exception) -> tuple[str, str]:
    """Return message and hint of an error in a package."""
    return (
        f"format '{name}' of {package_of(name)} {what}: {type(error).__name__}: {error}",
        f"update or uninstall {package_of(name)}, or choose another format",
    )
