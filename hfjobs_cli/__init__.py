"""Run Hugging Face Jobs and look after them.

The names below are loaded on first use, so that importing the package costs next to nothing.
"""

import sys
from importlib import import_module

__version__ = "0.3.0"

TYPE_CHECKING = False  # as type checkers understand it too; importing typing takes 3 ms, and they come first of all
if TYPE_CHECKING:
    from hfjobs_cli.errors import (
        BadResponse,
        ExitCode,
        HfJobsError,
        Interrupted,
        NotAllowed,
        NotFound,
        NotLoggedIn,
        RequestRefused,
        Unavailable,
        UsageError,
    )
    from hfjobs_cli.formats.renderer import Renderer, View
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.transport import Transport
    from hfjobs_cli.models.hardware import Accelerator, Hardware
    from hfjobs_cli.models.job import JobCreator, JobDurations, JobInfo, JobInitiator, JobOwner, JobStatus
    from hfjobs_cli.models.schedule import JobSpec, LastRun, ScheduledJob, ScheduleStatus
    from hfjobs_cli.models.spec import JobNetwork, JobVolume
    from hfjobs_cli.query.filters import Page
    from hfjobs_cli.query.references import JobReference

__all__ = [
    "Accelerator",
    "BadResponse",
    "ExitCode",
    "Hardware",
    "HfJobsError",
    "Interrupted",
    "JobCreator",
    "JobDurations",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobReference",
    "JobSpec",
    "JobStatus",
    "JobVolume",
    "JobsClient",
    "LastRun",
    "NotAllowed",
    "NotFound",
    "NotLoggedIn",
    "Page",
    "Renderer",
    "RequestRefused",
    "ScheduleStatus",
    "ScheduledJob",
    "Transport",
    "Unavailable",
    "UsageError",
    "View",
]

_HOMES = (
    "errors",
    "formats.renderer",
    "query.references",
    "models.spec",
    "models.job",
    "models.schedule",
    "models.hardware",
    "query.filters",
    "hub.transport",
    "hub.client",
)
"""Where public names are looked for, the cheapest to import first."""


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _OldNames:
    """Finds modules by their names until 0.2. The work is in `renamed_modules`, which nothing else loads."""

    @staticmethod
    def find_spec(fullname: str, _path: object = None, _target: object = None, /) -> object:
        """Return how to load a module that nothing else has found, None if it is none of ours."""
        if not fullname.startswith(f"{__name__}."):
            return None
        from hfjobs_cli.renamed_modules import find_renamed

        return find_renamed(fullname)


sys.meta_path.append(_OldNames)  # type: ignore[arg-type]
