"""Formats that installed packages add, through the entry point group `hfjobs.renderers`.

Looking for them reads the metadata of every installed package (15 ms for a hundred), so it is done only if need be.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, NamedTuple

from hfjobs_cli.errors import HfJobsError, OutputFailed
from hfjobs_cli.formats.renderer import Renderer, View

GROUP = "hfjobs.renderers"


class PluginFailed(HfJobsError):
    """A package adds a format that cannot be used."""


class _Found(NamedTuple):
    """The formats of packages by name, and errors of packages whose entry points cannot be read."""

    formats: dict[str, list[EntryPoint]]
    unreadable: list[str]


@cache
def _looked_for() -> _Found:
    found = _Found({}, [])
    seen: set[str] = set()
    for package in distributions():
        try:
            entries = list(package.entry_points.select(group=GROUP))
        except Exception as error:  # any package may hold anything
            found.unreadable.append(f"cannot read the entry points of package {_name(package)}: {_said(error)}")
            continue
        if entries and (name := _name(package)) not in seen:
            seen.add(name)  # of a package that is there twice the first counts, as for whoever imports it
            for entry in entries:
                found.formats.setdefault(entry.name.lower(), []).append(entry)
    return found


def _name(package: Distribution) -> str:
    try:
        return package.metadata["Name"] or "?"
    except Exception:
        return "?"


def _found() -> dict[str, list[EntryPoint]]:
    return _looked_for().formats


def unreadable() -> list[str]:
    """Return an error line for each package whose entry points cannot be read."""
    return _looked_for().unreadable


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
        raise PluginFailed(
            f"format '{name}' is added by several packages: {package_of(name)}", hint="uninstall one of them"
        )
    try:
        renderer = entries[0].load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a package does when it is imported, sys.exit too
        raise PluginFailed(*_words(name, "cannot be loaded", error)) from error
    if not isinstance(renderer, Renderer):
        raise PluginFailed(
            f"format '{name}' of {package_of(name)} is a {type(renderer).__name__}, not a Renderer",
            hint=f"'{entries[0].value}' must be a hfjobs_cli.Renderer",
        )

    def render(records: Iterable[Any], view: View) -> None:
        try:
            renderer.render(records, view)
        except (HfJobsError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise OutputFailed(*_words(name, "failed", error)) from error

    return renderer._replace(name=name, render=render)


def _said(error: BaseException) -> str:
    """Return the message of a package's exception, whose `str` may fail."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _words(name: str, what: str, error: BaseException) -> tuple[str, str]:
    """Return message and hint of an error in a package."""
    return (
        f"format '{name}' of {package_of(name)} {what}: {_said(error)}",
        f"update or uninstall {package_of(name)}, or choose another format",
    )
