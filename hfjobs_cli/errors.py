"""What can go wrong, each with the exit code it ends the program with."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of `hfjobs`, the only place they are listed."""

    DONE = 0, "success, also if no job matched"
    FAILURE = 1, "failure: refused, or an unexpected response"
    USAGE = 2, "wrong usage, or a bad template; no job was created"
    NOT_FOUND = 3, "no such job or namespace"
    NOT_ALLOWED = 4, "not logged in, or not allowed (401, 403)"
    UNAVAILABLE = 5, "unavailable: network, timeout, 429 and 5xx after retries"
    JOB_FAILED = 10, "a job that was followed or waited for failed"
    JOB_CANCELED = 11, "none of them failed, but one was canceled or deleted"
    TIMED_OUT = 12, "timed out waiting for jobs to finish"
    INTERRUPTED = 130, "interrupted by Ctrl-C or a signal"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        """Make a member that is an int and knows its meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class HfJobsError(Exception):
    """Base of all errors that end in one line on stderr, and perhaps a `hint:` line below it.

    `details` are lines that are shown between the two, as they are.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE
    is_ambiguous = False
    """Whether the outcome is ambiguous: the request may have been carried out all the same."""

    def __init__(self, message: str, hint: str | None = None, details: tuple[str, ...] = ()) -> None:
        """`message` says what failed and on which thing; `hint` is the next step for the reader."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageError(HfJobsError):
    """The command line or a setting makes no sense. Raised before any request, but for templates that fail later."""

    exit_code = ExitCode.USAGE


class RequestRefused(HfJobsError):
    """The Hub answered with a 4xx that has no class of its own, for instance 400 or 402."""


class NotRunning(RequestRefused):
    """The job does not run, so there is nothing to be seen or changed of it. The Hub may answer 406 then."""


class Conflict(RequestRefused):
    """The Hub responded with 409: the request conflicts with the current state."""


class BadResponse(HfJobsError):
    """The Hub answered, but not with what the Jobs API promises: whether it did what was asked is not known."""

    is_ambiguous = True


class NotFound(HfJobsError):
    """The Hub answered 404."""

    exit_code = ExitCode.NOT_FOUND


class NotLoggedIn(HfJobsError):
    """There is no token, or the Hub rejected it (401)."""

    exit_code = ExitCode.NOT_ALLOWED


class NotAllowed(HfJobsError):
    """The token is good but may not do this (403)."""

    exit_code = ExitCode.NOT_ALLOWED


class Unavailable(HfJobsError):
    """No usable response: network failure, timeout, 429 or 5xx after retries."""

    exit_code = ExitCode.UNAVAILABLE

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        is_ambiguous: bool = False,
        retry_after_secs: float | None = None,
    ) -> None:
        """`is_ambiguous` says that the server may have received the request and carried it out.

        `retry_after_secs` is the server's Retry-After.
        """
        super().__init__(message, hint)
        self.is_ambiguous = is_ambiguous
        self.retry_after_secs = retry_after_secs


class LimitReached(HfJobsError):
    """The system lets this process start no more threads, or open no more files and connections."""


class Interrupted(HfJobsError):
    """Ctrl-C interrupted something that the user must know about."""

    exit_code = ExitCode.INTERRUPTED


class OutputFailed(HfJobsError):
    """stdout cannot be written, for example because the disk is full, or the output cannot be rendered."""


class ReaderGone(HfJobsError):
    """The reader of stdout closed it (`| head`): not a failure."""

    exit_code = ExitCode.DONE
