"""Run Hugging Face Jobs and look after them.

The names below are loaded on first use, so that importing the package costs next to nothing.
"""

__version__ = "0.2.0"

TYPE_CHECKING = False  # as type checkers understand it too; importing typing takes 3 ms, and they come first of all
if TYPE_CHECKING:
    from hfjobs_cli.api.client import JobsClient
    from hfjobs_cli.api.transport import Transport
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
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.query.scan import Page
    from hfjobs_cli.records.hardware import Accelerator, Hardware
    from hfjobs_cli.records.job import JobCreator, JobDurations, JobInfo, JobInitiator, JobOwner, JobStatus
    from hfjobs_cli.records.schedule import JobSpec, LastRun, ScheduledJob, ScheduleStatus
    from hfjobs_cli.records.spec import JobNetwork, JobVolume
    from hfjobs_cli.renderers.renderer import Renderer
    from hfjobs_cli.renderers.view import View

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
    "renderers.renderer",
    "query.references",
    "records.spec",
    "records.job",
    "records.schedule",
    "records.hardware",
    "query.scan",
    "renderers.view",
    "api.transport",
    "api.client",
)
"""Where public names are looked for, the cheapest to import first."""


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name in __all__:
        from importlib import import_module

        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
