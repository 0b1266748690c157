"""`JobsClient`: the Jobs API, one method per endpoint."""

from hfjobs_cli.hub.account import Billing, Flavors
from hfjobs_cli.hub.jobs import JobStreams
from hfjobs_cli.hub.schedules import Scheduling


class JobsClient(JobStreams, Scheduling, Flavors, Billing):
    """The Jobs API of one Hub for one token. Methods may be called from several threads.

    A `namespace` of None is the token's user. All methods raise NotLoggedIn, NotAllowed, NotFound, RequestRefused,
    Unavailable or BadResponse, and UsageError for a name that cannot be one.
    """
