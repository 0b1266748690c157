"""The Jobs API as methods that return frozen values, one for each endpoint."""

from hfjobs_cli.api.billing import Billing
from hfjobs_cli.api.hardware import Flavors
from hfjobs_cli.api.job_streams import JobStreams
from hfjobs_cli.api.scheduling import Scheduling


class JobsClient(JobStreams, Scheduling, Flavors, Billing):
    """The Jobs API of one Hub for one token. Methods may be called from several threads.

    A `namespace` of None is the token's user. All methods raise NotLoggedIn, NotAllowed, NotFound, RequestRefused,
    Unavailable or BadResponse, and UsageError for a name that cannot be one.
    """
