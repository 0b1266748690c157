"""Errors with their exit codes, and hints for usage errors."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from difflib import get_close_matches
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
        """Make a member with its meaning."""
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
    """The command line or a setting is invalid. Raised before any request, except for templates that fail later."""

    exit_code = ExitCode.USAGE


class RequestRefused(HfJobsError):
    """The Hub responded with a 4xx status that has no class of its own, for instance 400 or 402."""


class NotRunning(RequestRefused):
    """The job is not running, which the request needs. The Hub may respond with 406 then."""


class Conflict(RequestRefused):
    """The Hub responded with 409: the request conflicts with the current state."""


class BadResponse(HfJobsError):
    """The response is not as the Jobs API documents it. The request may have been carried out."""

    is_ambiguous = True


class NotFound(HfJobsError):
    """The Hub responded with 404."""

    exit_code = ExitCode.NOT_FOUND


class NotLoggedIn(HfJobsError):
    """No token, or the Hub rejected it (401)."""

    exit_code = ExitCode.NOT_ALLOWED


class NotAllowed(HfJobsError):
    """The token is valid but lacks the permission (403)."""

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
        """`is_ambiguous` means that the server may have received the request and carried it out.

        `retry_after_secs` is the server's Retry-After.
        """
        super().__init__(message, hint)
        self.is_ambiguous = is_ambiguous
        self.retry_after_secs = retry_after_secs


class LimitReached(HfJobsError):
    """The process cannot start more threads, or open more files or connections."""


class Interrupted(HfJobsError):
    """Ctrl-C interrupted something, and the user must know its state."""

    exit_code = ExitCode.INTERRUPTED


class OutputFailed(HfJobsError):
    """stdout cannot be written, for example because the disk is full, or the output cannot be rendered."""


class ReaderGone(HfJobsError):
    """The reader of stdout closed it (`| head`): not a failure."""

    exit_code = ExitCode.DONE


def system_limit_of(error: BaseException) -> LimitReached | None:
    """Return the limit of the system that caused an error, None if it has another cause.

    This opens no file and imports no module, `socket` for one, as the process may open no more files.
    """
    cause: BaseException | None = error
    while cause is not None:
        is_limit = isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE)
        # A host lookup that cannot open its files fails with another error.
        if is_limit or (type(cause).__name__ == "gaierror" and not _may_open_files()):
            return LimitReached(
                f"cannot open more than {max_descriptors()} files and connections at once",
                hint="follow fewer jobs at once, or raise the limit: ulimit -n 4096",
            )
        cause = cause.__cause__ or cause.__context__
    return None


def max_descriptors() -> int:
    """Return how many files and connections this process may have open; a million if there is no limit."""
    most = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else -1
    return most if most >= 0 else 1_000_000


def _may_open_files() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True


_MAX_LISTED = 200
"""The longest list of choices in a hint, in characters; with the rest of the hint, three lines of a terminal."""


def empty_option(option: str) -> UsageError:
    """Return the error for an option without a value."""
    return UsageError(f"{option} is empty", hint=f"remove {option}, or give it a value")


def conflict(option: str, other: str, *, hint: str = "remove one of them") -> UsageError:
    """Return the error for two options that exclude each other."""
    return UsageError(f"{option} cannot be used with {other}", hint=hint)


def either(words: Iterable[str]) -> str:
    """Join words for a hint that says to use one of them: `a or b`, `one of a, b, c`."""
    names = list(words)
    return " or ".join(names) if len(names) < 3 else f"one of {', '.join(names)}"


def one_of(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a `word` that is not among `choices`: the closest of them, or a list if none is close."""
    names = list(choices)
    near = did_you_mean(word, names)
    if near is not None:
        return near
    shown = names
    while len(", ".join(shown)) > _MAX_LISTED:
        shown = shown[:-1]
    more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return f"use one of {', '.join(shown)}{more}"


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return a hint with the choice that `word` may be a typing mistake of; None if no choice is close."""
    near = get_close_matches(word.lower(), list(choices), n=1)
    return f"did you mean '{near[0]}'?" if near else None
