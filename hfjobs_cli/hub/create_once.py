"""Create a job or schedule exactly once: if the outcome is ambiguous, look up what was created."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from hfjobs_cli.errors import BadResponse, HfJobsError, Interrupted, Unavailable
from hfjobs_cli.hub.concurrency import BackgroundCall
from hfjobs_cli.hub.retry import CLOCKS_DIFFER_SECS, LOOKUP_PAUSES_SECS
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.decode import describe
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.text.values import is_id, is_name, span

if TYPE_CHECKING:
    from hfjobs_cli.hub.responses import HubResponse
    from hfjobs_cli.models.job import JobOwner
    from hfjobs_cli.models.schedule import JobSpec, ScheduledJob

logger = logging.getLogger(__name__)


Created = TypeVar("Created", "JobInfo", "ScheduledJob")

_RESOURCE_GROUP = r"[0-9a-f]{24}"
"""A namespace that is the id of a resource group, whose jobs belong to an organization."""

_DEFAULT_REGISTRY = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")


class SpecLike(Protocol):
    """What a job runs: the attributes that a new job and an existing one share."""

    @property
    def docker_image(self) -> str | None: ...
    @property
    def space_id(self) -> str | None: ...
    @property
    def command(self) -> Sequence[str] | None: ...
    @property
    def arguments(self) -> Sequence[str] | None: ...
    @property
    def environment(self) -> Mapping[str, str] | None: ...
    @property
    def flavor(self) -> str | None: ...
    @property
    def labels(self) -> Mapping[str, str] | None: ...


@value
class RequestMatcher(Generic[Created]):
    """Recognizes what was requested.

    `matches` returns whether a record in a listing was made from the request. For the record in the response,
    `mismatch` says why it cannot be the requested one, None if it can, and `changed_fields` names fields that differ
    from the request.
    """

    matches: Callable[[Created], bool]
    mismatch: Callable[[Created], str | None]
    changed_fields: Callable[[Created], Sequence[str]]


def why_different(found: JobInfo | JobSpec, asked: SpecLike) -> str | None:
    """Say which of image and command shows that a job was not made from `asked`; None if they agree."""
    if asked.space_id is not None:
        is_different = found.space_id is not None and found.space_id.casefold() != asked.space_id.casefold()
    else:
        is_different = found.image is not None and _image(found.image) != _image(asked.docker_image or "")
    if is_different:
        return f"whose image is {describe(found.image)}"
    line = [*(asked.command or ()), *(asked.arguments or ())]
    if line and found.command is not None and [*found.command, *(found.arguments or ())] != line:
        return "which runs another command"
    return None


def changed_fields(found: JobInfo | JobSpec, asked: SpecLike) -> list[str]:
    """Return the fields that a job has and that differ from what was requested."""
    changed = [] if found.flavor in (None, asked.flavor) else ["flavor"]
    for name in ("environment", "labels"):
        has: Mapping[str, str] | None = getattr(found, name)
        sent: Mapping[str, str] = getattr(asked, name) or {}
        if has is not None and not sent.items() <= has.items():
            changed.append(name)
    return changed


def why_wrong_owner(owner: JobOwner, namespace: str) -> str | None:
    """Say that a job belongs to another namespace than the requested one; None if it may belong to that."""
    if (owner.name or "").casefold() == namespace.casefold() or re.fullmatch(_RESOURCE_GROUP, namespace):
        return None
    return f"which belongs to {describe(owner.name)}"


def why_not_new(made: JobInfo | ScheduledJob, noun: str, promised: str | None) -> str | None:
    """Say why a response is not a new record, None if it is one; `promised` is a field every new record has."""
    if not is_id(made.id):
        return f"{describe(made.id)} is not a valid {noun} id"
    return None if promised and is_name(made.owner.name or "") else f"'{made.id}' may not be a {noun}"


def _image(text: str) -> str:
    """Return the name of an image without the default registry, and with its tag."""
    name = text.casefold()
    for registry in _DEFAULT_REGISTRY:
        name = name.removeprefix(registry)
    name = name.removeprefix("library/").partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


RESPONSE_AFTER_INTERRUPT_SECS = 5.0
"""How long to wait for the response after an interrupt, if the new job is to be canceled."""

NOT_SENT = ("created_by", "initiator")
"""Fields that the Hub sets by itself."""


@value
class CreateContext:
    """What `CreateOnce` needs from the program.

    `made` is called with each new record before anything else happens, `warn` with a line about anything unexpected.
    Within `cut_short` a second interrupt is raised too. `clock` is this machine's.
    """

    made: Callable[[JobInfo | ScheduledJob], None]
    warn: Callable[[str], None]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]
    cut_short: Callable[[], AbstractContextManager[None]]


@value
class CreateOnce(Generic[Created]):
    """How one job or schedule is created: `send` sends the request once, and `read` reads the response.

    If the outcome is ambiguous, `newest` lists the newest records of the namespace, with the server's time, and
    `matcher` recognizes the new one; `found_by` says how, for the message. `ambiguous_error` returns the message and
    hint of the error if the outcome stays ambiguous, given a reason. `known` are ids that existed before, so none of
    them is the new one. If it `waits_for_id`, an interrupt is raised only after the new id is known.
    """

    send: Callable[[], HubResponse]
    read: Callable[[HubResponse], Created]
    newest: Callable[[], tuple[list[Created], datetime | None]]
    matcher: RequestMatcher[Created]
    ambiguous_error: Callable[[str], tuple[str, str]]
    known: Collection[str] = ()
    found_by: str = "its initiator"
    noun: str = "job"
    waits_for_id: bool = False

    def run(self, context: CreateContext) -> Created:
        """Create it and return it.

        Raises what `send` raises if certainly nothing was created, else Unavailable with `is_ambiguous`. A
        KeyboardInterrupt becomes Interrupted, unless the new id is known by then. Any other exception is reported as
        an ambiguous outcome, too.
        """
        attempt = _Attempt(self, context)
        try:
            new = attempt.result()
            context.made(new)
        except HfJobsError:
            raise
        except KeyboardInterrupt:
            if self.waits_for_id and attempt.wait_for_id():
                raise
            raise Interrupted(*self.ambiguous_error(attempt.with_findings("interrupted"))) from None
        except Exception as error:  # such as MemoryError
            raise Unavailable(
                *self.ambiguous_error(attempt.with_findings(_described(error))), is_ambiguous=True
            ) from error
        except BaseException as error:
            for line in self.ambiguous_error(attempt.with_findings(_described(error))):
                context.warn(line)
            raise
        return new


class _Attempt(Generic[Created]):
    """One request that creates something, and what is known about its outcome. `new` is the record in the response."""

    request: CreateOnce[Created]
    new: Created | None

    def __init__(self, request: CreateOnce[Created], context: CreateContext) -> None:
        """Prepare the request, without sending it."""
        self.request = request
        self.context = context
        self.started = time.monotonic()
        self.new = None
        self.candidates: Sequence[str] = ()
        self._sent = BackgroundCall(request.send)

    def result(self) -> Created:
        """Send the request and return the new record: that of the response, or else the one that a lookup finds."""
        self._sent.start()
        return self._outcome(self._sent.result)

    def with_findings(self, reason: str) -> str:
        """Return a reason for an error, with what is known about the outcome."""
        if self.new is not None:
            reason += f"; the response is about {self.request.noun} {self.new.id}"
        return reason + (f"; candidates: {' '.join(self.candidates)}" if self.candidates else "")

    def wait_for_id(self) -> bool:
        """After an interrupt, wait until the new id is known and report it. Return False if it stays unknown.

        A second interrupt ends the wait.
        """
        if not self._sent.has_started:
            return True
        noun = self.request.noun
        try:
            with self.context.cut_short():
                self.context.warn(f"interrupted while creating the {noun}; waiting for its id to cancel it")
                self.context.made(self._outcome(self._response_after_interrupt))
        except HfJobsError as error:
            return not error.is_ambiguous  # else nothing was created
        except KeyboardInterrupt:
            return False
        return True

    def _response_after_interrupt(self) -> HubResponse:
        try:
            return self._sent.result(RESPONSE_AFTER_INTERRUPT_SECS)
        except TimeoutError:
            raise Unavailable("interrupted before the response arrived", is_ambiguous=True) from None

    def _outcome(self, response: Callable[[], HubResponse]) -> Created:
        """Return the record in a response, or look it up if the response is lost, unreadable or about another."""
        try:
            return self._checked(response())
        except HfJobsError as error:
            if not error.is_ambiguous:
                raise
            return self._look_up(error)
        except Exception as error:  # the response could not be read, for any reason
            return self._look_up(BadResponse(f"cannot read the response: {_described(error)}"))

    def _checked(self, response: HubResponse) -> Created:
        """Return the record in a response. Raises BadResponse if it is not the requested one."""
        request = self.request
        new = self.new = request.read(response)
        mismatch = (
            "which already existed before the request" if new.id in request.known else request.matcher.mismatch(new)
        )
        if mismatch is not None:
            raise self._problem(response, mismatch)
        changed_fields = request.matcher.changed_fields(new)
        if changed_fields or self._has_unexpected_time(new, response):
            self._compare(response, new, changed_fields)
        return new

    def _has_unexpected_time(self, new: Created, response: HubResponse) -> bool:
        """Return whether a record may be older than the request, by the server's clock or this machine's.

        A cached response has an old `Date`. If that differs from this machine's clock, either of the two may be wrong.
        """
        if new.created_at is None:
            return False
        now = self.context.clock()
        if response.sent_at is None:
            return self._age(new, now) > CLOCKS_DIFFER_SECS
        if abs((now - response.sent_at).total_seconds()) > CLOCKS_DIFFER_SECS:
            return True
        return self._age(new, response.sent_at) > CLOCKS_DIFFER_SECS

    def _compare(self, response: HubResponse, new: Created, changed_fields: Sequence[str]) -> None:
        """Compare the record in a response with the newest ones, and warn about differences that remain.

        Clocks prove nothing. A record that looks old existed before only if its own times say so, or if there is a
        newer one that matches the request. Raises BadResponse then.
        """
        clock = response.sent_at
        try:
            newest, seen_at = self.request.newest()
            clock = seen_at or clock
            is_older = self._is_older(new, newest)
            is_other_there = bool(changed_fields) and any(
                each.id != new.id and self._is_candidate(each, clock) for each in newest
            )
        except HfJobsError as error:
            if clock is not None and self._age(new, clock) > CLOCKS_DIFFER_SECS:
                raise self._problem(response, "which may have existed before the request") from error
            is_older = is_other_there = False
        if is_older:
            raise self._problem(response, "which already existed before the request")
        if is_other_there:
            raise self._problem(response, f"which differs from what was sent: {', '.join(changed_fields)}")
        age = 0.0 if clock is None else self._age(new, clock)
        if age > CLOCKS_DIFFER_SECS:
            self.context.warn(
                f"by the Hub's clock, {self.request.noun} {new.id} was created {span(age)} before the "
                "request; it matches the request, so it is taken for the new one"
            )
        if sent := [name for name in changed_fields if name not in NOT_SENT]:
            self.context.warn(f"{self.request.noun} {new.id} differs from what was sent: {', '.join(sent)}")

    def _is_older(self, new: Created, newest: Sequence[Created]) -> bool:
        """Return whether a record existed before the request, by times of a single clock.

        It did if its own times show that it has existed for longer than the time since the request, or if it is older
        than another record that matches by more than that.
        """
        limit = time.monotonic() - self.started + CLOCKS_DIFFER_SECS
        if _existed_secs(new) > limit:
            return True
        for each in newest:
            if each.id == new.id:
                is_older = _existed_secs(each) > limit
            elif each.created_at is None or new.created_at is None:
                is_older = False
            else:
                is_older = (each.created_at - new.created_at).total_seconds() > limit and self.request.matcher.matches(
                    each
                )
            if is_older:
                return True
        return False

    def _look_up(self, reason: HfJobsError) -> Created:
        """Look up what was created, several times, and return it if there is exactly one candidate.

        The first candidate may be an equal one that somebody else has just created.
        """
        logger.debug("* the answer was lost; looking for what was created")
        found: dict[str, Created] = {}
        is_sure = False
        for pause in LOOKUP_PAUSES_SECS:
            self.context.sleep(pause)
            try:
                newest, seen_at = self.request.newest()
                found |= {each.id: each for each in newest if self._is_candidate(each, seen_at)}
            except HfJobsError:
                is_sure = False  # why the response was lost says more than this second failure
                break
            is_sure = True
            self.candidates = list(found)
        if len(found) == 1 and is_sure:
            (only,) = found.values()
            self.context.warn(
                f"{reason.message}; found the new {self.request.noun} by {self.request.found_by} (it "
                "cannot be told apart from an identical one that was created at the same time)"
            )
            return only
        candidates = f"; candidates: {' '.join(found)}" if found else ""
        raise Unavailable(*self.request.ambiguous_error(reason.message + candidates), is_ambiguous=True) from reason

    def _is_candidate(self, each: Created, seen_at: datetime | None) -> bool:
        """Return whether a record in a listing, which the server sent at `seen_at`, may be the new one."""
        if each.created_at is None or each.id in self.request.known or not is_id(each.id):
            return False
        return self._age(each, seen_at or self.context.clock()) <= 0 and self.request.matcher.matches(each)

    def _age(self, each: Created, now: datetime) -> float:
        """Return how many seconds before the request a record was created at least; `now` is the time of that clock.

        A `Date` has whole seconds, rounded down, and at least as much time has passed here since the request as there.
        """
        began = now - timedelta(seconds=time.monotonic() - self.started)
        return 0.0 if each.created_at is None else (began - each.created_at).total_seconds()

    def _problem(self, response: HubResponse, what: str) -> BadResponse:
        new = self.new
        return response.problem(f"it is about {self.request.noun} '{new.id if new else ''}', {what}")


def _existed_secs(each: JobInfo | ScheduledJob) -> float:
    """Return for how many seconds a record has existed at least, by its own times."""
    if isinstance(each, JobInfo):
        moments = [each.started_at, each.finished_at]
        least = (each.durations and each.durations.total_secs) or 0.0
    else:
        last = each.status.last_job
        moments = [None if last is None else last.at]
        least = 0.0
    created = each.created_at
    return max([least, *((moment - created).total_seconds() for moment in moments if moment and created)])


def _described(error: BaseException) -> str:
    """Describe an unexpected exception."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))
