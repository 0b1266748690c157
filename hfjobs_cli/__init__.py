"""List, inspect and duplicate Hugging Face Jobs.

The names below are loaded on first use, so that importing the package costs next to nothing.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as type checkers understand it too; importing typing takes 3 ms, and they come first of all
if TYPE_CHECKING:
    from hfjobs_cli.api.client import JobsClient, Page
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
    from hfjobs_cli.models import (
        JobCreator,
        JobDurations,
        JobInfo,
        JobInitiator,
        JobNetwork,
        JobOwner,
        JobStatus,
        JobVolume,
    )
    from hfjobs_cli.references import JobReference

__all__ = [
    "BadResponse",
    "ExitCode",
    "HfJobsError",
    "Interrupted",
    "JobCreator",
    "JobDurations",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobReference",
    "JobStatus",
    "JobVolume",
    "JobsClient",
    "NotAllowed",
    "NotFound",
    "NotLoggedIn",
    "Page",
    "RequestRefused",
    "Transport",
    "Unavailable",
    "UsageError",
]


_HOMES = ("errors", "models", "references", "api.transport", "api.client")
"""Where public names are looked for, the cheapest to import first."""


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name in __all__:
        from importlib import import_module

        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
