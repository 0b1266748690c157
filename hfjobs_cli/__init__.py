"""List, inspect and duplicate Hugging Face Jobs.

The names below are loaded on first use, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hfjobs_cli.api.client import JobsClient, Page
    from hfjobs_cli.errors import (
        BadResponse,
        ExitCode,
        HfJobsError,
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

_HOMES = {
    "hfjobs_cli.api.client": ("JobsClient", "Page"),
    "hfjobs_cli.errors": (
        "BadResponse",
        "ExitCode",
        "HfJobsError",
        "NotAllowed",
        "NotFound",
        "NotLoggedIn",
        "RequestRefused",
        "Unavailable",
        "UsageError",
    ),
    "hfjobs_cli.models": (
        "JobCreator",
        "JobDurations",
        "JobInfo",
        "JobInitiator",
        "JobNetwork",
        "JobOwner",
        "JobStatus",
        "JobVolume",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BadResponse",
    "ExitCode",
    "HfJobsError",
    "JobCreator",
    "JobDurations",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobStatus",
    "JobVolume",
    "JobsClient",
    "NotAllowed",
    "NotFound",
    "NotLoggedIn",
    "Page",
    "RequestRefused",
    "Unavailable",
    "UsageError",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
