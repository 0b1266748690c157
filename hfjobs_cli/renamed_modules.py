"""Old names of modules from 0.2, for one release, with a DeprecationWarning."""

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

RENAMED = {
    "api.client": "hub.client",
    "api.transport": "hub.transport",
    "query.scan": "query.filters",
    "records.hardware": "models.hardware",
    "records.job": "models.job",
    "records.schedule": "models.schedule",
    "records.spec": "models.spec",
    "renderers.renderer": "formats.renderer",
    "renderers.view": "formats.renderer",
}
"""The modules of public names, by their old names. All public names are also in `hfjobs_cli`."""

_PACKAGES = {name.partition(".")[0] for name in RENAMED} - {"query"}


class _OldName(Loader):
    """Loads the renamed module for an old name."""

    def exec_module(self, module: ModuleType) -> None:
        """Replace `module` by the renamed one. Removed packages stay empty."""
        old = module.__name__.partition(".")[2]
        if old in RENAMED:
            new = f"hfjobs_cli.{RENAMED[old]}"
            warnings.warn(
                f"{module.__name__} is now {new}; import its names from hfjobs_cli", DeprecationWarning, stacklevel=2
            )
            sys.modules[module.__name__] = import_module(new)


def find_renamed(fullname: str) -> ModuleSpec | None:
    """Return the spec of a module by its old name; None if the name is unknown."""
    old = fullname.removeprefix("hfjobs_cli.")
    if old in RENAMED or old in _PACKAGES:
        return ModuleSpec(fullname, _OldName(), is_package=old in _PACKAGES)
    return None
