"""Create something that costs money once: after a lost answer, look for what was created."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from hfjobs_cli.errors import BadResponse, HfJobsError, Interrupted, Unavailable
from hfjobs_cli.hub.concurrency import Later
from hfjobs_cli.hub.headers import CLOCKS_DIFFER_SECS
from hfjobs_cli.models.decode import describe
from hfjobs_cli.query.references import is_id, is_name
from hfjobs_cli.text.times import span

if TYPE_CHECKING:
    from hfjobs_cli.hub.responses import Answer
    from hfjobs_cli.models.job import JobInfo, JobOwner
    from hfjobs_cli.models.schedule import JobSpec, ScheduledJob


Made = TypeVar("Made", "JobInfo", "ScheduledJob")

_RESOURCE_GROUP = re.compile(r"[0-9a-f]{24}")
"""A namespace that is the id of a resource group, whose jobs belong to an organization."""

_DEFAULT_REGISTRY = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")

_CRON_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Spec(Protocol):
    """What says what is to be run: a new job, or one that exists."""

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


@dataclass(frozen=True)
class Identity(Generic[Made]):
    """What was asked for, told from all else.

    `is_it` tells whether something in a listing is made from what was sent. Of an answer, `other` says why it cannot
    be about what was asked for, None if it can, and `changed` returns the fields that are not as they were sent.
    """

    is_it: Callable[[Made], bool]
    other: Callable[[Made], str | None]
    changed: Callable[[Made], Sequence[str]]


def contradiction(found: JobInfo | JobSpec, asked: Spec) -> str | None:
    """Say what shows that a job was not made from `asked`, its image or its command; None if nothing does."""
    if asked.space_id is not None:
        is_other = found.space_id is not None and found.space_id.casefold() != asked.space_id.casefold()
    else:
        is_other = found.image is not None and _image(found.image) != _image(asked.docker_image or "")
    if is_other:
        return f"whose image is {describe(found.image)}"
    line = [*(asked.command or ()), *(asked.arguments or ())]
    if line and found.command is not None and [*found.command, *(found.arguments or ())] != line:
        return "which runs another command"
    return None


def changes(found: JobInfo | JobSpec, asked: Spec) -> list[str]:
    """Return the fields of a job that are told, and not as they were asked for."""
    changed = [] if found.flavor in (None, asked.flavor) else ["flavor"]
    for name in ("environment", "labels"):
        told: Mapping[str, str] | None = getattr(found, name)
        sent: Mapping[str, str] = getattr(asked, name) or {}
        if told is not None and not sent.items() <= told.items():
            changed.append(name)
    return changed


def other_owner(owner: JobOwner, namespace: str) -> str | None:
    """Say that a job does not belong to the namespace where it was asked for; None if it may."""
    if (owner.name or "").casefold() == namespace.casefold() or _RESOURCE_GROUP.fullmatch(namespace):
        return None
    return f"which belongs to {describe(owner.name)}"


def no_new_one(made: JobInfo | ScheduledJob, noun: str, promised: str | None) -> str | None:
    """Say why an answer holds nothing new, of which `promised` is always told; None if it does."""
    if not is_id(made.id):
        return f"{describe(made.id)} cannot be the id of a {noun}"
    return None if promised and is_name(made.owner.name or "") else f"'{made.id}' may be no {noun}"


def same_schedule(one: str | None, other: str | None) -> bool:
    """Tell whether two cron expressions are spelled alike, but for blanks and names like `@daily`."""
    return _cron(one) == _cron(other)


def _cron(text: str | None) -> str:
    spelled = " ".join((text or "").split())
    return _CRON_ALIASES.get(spelled, spelled)


def _image(text: str) -> str:
    """Return the full name of an image, without what goes without saying."""
    name = text.casefold()
    for registry in _DEFAULT_REGISTRY:
        name = name.removeprefix(registry)
    name = name.removeprefix("library/").partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


RECOVERY_PAUSES_SECS = (0.0, 1.0, 3.0)
"""When to look for a job whose answer was lost: it, and others like it, may still be in the making."""

ANSWER_AFTER_INTERRUPT_SECS = 5.0
"""How long an answer is waited for after an interrupt, if what it is about is to be canceled."""

NOT_SENT = ("created_by", "initiator")
"""Fields of which the Hub says by itself what they are."""


@dataclass(frozen=True)
class Process:
    """What creating needs of the process.

    `made` is told of what exists before anything else happens, `warn` of what was odd. Within `cut_short` an interrupt
    may come although there was one before. `clock` is that of this machine.
    """

    made: Callable[[JobInfo | ScheduledJob], None]
    warn: Callable[[str], None]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]
    cut_short: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Creation(Generic[Made]):
    """How one job, or schedule, is created. `send` asks for it, once, and `read` returns what the answer holds.

    `newest` returns the newest ones where it will be, and the moment of the answer by the server's clock; `asked` tells
    which of them is what was asked for, which is seen by its `mark`. `in_doubt` returns message and hint of the error
    after which nobody knows whether it was created, from a reason. `known` are ids of what was there before, which is
    not it, even if an answer says so. If it `settles`, an interrupt does not end it before it is known what was made.
    """

    send: Callable[[], Answer]
    read: Callable[[Answer], Made]
    newest: Callable[[], tuple[list[Made], datetime | None]]
    asked: Identity[Made]
    in_doubt: Callable[[str], tuple[str, str]]
    known: Collection[str] = ()
    mark: str = "its initiator"
    noun: str = "job"
    settles: bool = False

    def run(self, process: Process) -> Made:
        """Create it and return it.

        Raises what `send` raises if it is certain that nothing was created, and Unavailable with `maybe_done` if it is
        not. A KeyboardInterrupt becomes Interrupted, unless what was made is known by then. Whatever else happens, the
        doubt is told.
        """
        attempt = _Attempt(self, process)
        try:
            new = attempt.result()
            process.made(new)
        except HfJobsError:
            raise
        except KeyboardInterrupt:
            if self.settles and attempt.settle():
                raise
            raise Interrupted(*self.in_doubt(attempt.so_far("interrupted"))) from None
        except Exception as error:  # it is out of memory, say
            raise Unavailable(*self.in_doubt(attempt.so_far(_described(error))), maybe_done=True) from error
        except BaseException as error:
            for line in self.in_doubt(attempt.so_far(_described(error))):
                process.warn(line)
            raise
        return new


@dataclass
class _Attempt(Generic[Made]):
    """One request that creates something, and what is known of it. `new` is what its answer says was made."""

    creation: Creation[Made]
    process: Process
    started: float = field(default_factory=time.monotonic)
    new: Made | None = None
    candidates: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Send nothing yet."""
        self._sent = Later(self.creation.send)

    def result(self) -> Made:
        """Send the request, and return what it made: what is answered, or else what is found."""
        self._sent.begin()
        return self._made(self._sent.result)

    def so_far(self, reason: str) -> str:
        """Return a reason with what is known of what was made."""
        if self.new is not None:
            reason += f"; the answer is about {self.creation.noun} {self.new.id}"
        return reason + (f"; candidates: {' '.join(self.candidates)}" if self.candidates else "")

    def settle(self) -> bool:
        """After an interrupt wait until it is known what was made, and tell of it. Return False if it stays unknown.

        Another interrupt ends the waiting.
        """
        if not self._sent.has_begun:
            return True
        noun = self.creation.noun
        try:
            with self.process.cut_short():
                self.process.warn(f"interrupted while the {noun} was being created; waiting for its id, to cancel it")
                self.process.made(self._made(self._late_answer))
        except HfJobsError as error:
            return not error.maybe_done  # else nothing was created
        except KeyboardInterrupt:
            return False
        return True

    def _late_answer(self) -> Answer:
        try:
            return self._sent.result(ANSWER_AFTER_INTERRUPT_SECS)
        except TimeoutError:
            raise Unavailable("interrupted before an answer came", maybe_done=True) from None

    def _made(self, answer: Callable[[], Answer]) -> Made:
        try:
            return self._believed(answer())
        except HfJobsError as error:
            if not error.maybe_done:
                raise
            return self._found(error)
        except Exception as error:  # whatever it is that keeps the answer from being read
            return self._found(BadResponse(f"the answer could not be read: {_described(error)}"))

    def _believed(self, answer: Answer) -> Made:
        """Return what an answer says was made. Raises BadResponse if that is not what was asked for."""
        creation = self.creation
        new = self.new = creation.read(answer)
        other = "which was there before the request" if new.id in creation.known else creation.asked.other(new)
        if other is not None:
            raise self._problem(answer, other)
        changed = creation.asked.changed(new)
        if changed or self._has_odd_time(new, answer):
            self._compare(answer, new, changed)
        return new

    def _has_odd_time(self, new: Made, answer: Answer) -> bool:
        """Tell whether something may be older than the request, by the clock of the server or by the one here.

        An answer that something in between has kept brings its old `Date` along. If that is none of now by the clock
        here, it is not known which of the two is wrong.
        """
        if new.created_at is None:
            return False
        now = self.process.clock()
        if answer.sent_at is None:
            return self._age(new, now) > CLOCKS_DIFFER_SECS
        if abs((now - answer.sent_at).total_seconds()) > CLOCKS_DIFFER_SECS:
            return True
        return self._age(new, answer.sent_at) > CLOCKS_DIFFER_SECS

    def _compare(self, answer: Answer, new: Made, changed: Sequence[str]) -> None:
        """Compare what an answer is about with what there is by now, and warn of what stays odd.

        Clocks prove nothing, so a new one that looks old is one that was there before only if it says so itself, or if
        there is a newer one that is what was asked for. Raises BadResponse then.
        """
        clock = answer.sent_at
        try:
            there, seen_at = self.creation.newest()
            clock = seen_at or clock
            was_there = self._was_there(new, there)
            is_other = bool(changed) and any(each.id != new.id and self._may_be(each, clock) for each in there)
        except HfJobsError as error:
            if clock is not None and self._age(new, clock) > CLOCKS_DIFFER_SECS:
                raise self._problem(answer, "which may have been there before the request") from error
            was_there = is_other = False
        if was_there:
            raise self._problem(answer, "which was there before the request")
        if is_other:
            raise self._problem(answer, f"which differs from what was sent: {', '.join(changed)}")
        age = 0.0 if clock is None else self._age(new, clock)
        if age > CLOCKS_DIFFER_SECS:
            self.process.warn(
                f"{self.creation.noun} {new.id} was created {span(age)} before the request by the Hub's clock, but it"
                " is what was asked for, so it is taken for the new one"
            )
        if sent := [name for name in changed if name not in NOT_SENT]:
            self.process.warn(f"{self.creation.noun} {new.id} differs from what was sent: {', '.join(sent)}")

    def _was_there(self, new: Made, there: Sequence[Made]) -> bool:
        """Tell whether something was there before the request, from the times of one clock.

        It was if it has existed for longer, by what it says itself, or is older than another by more than has passed
        since, and that other is what was asked for.
        """
        limit = time.monotonic() - self.started + CLOCKS_DIFFER_SECS
        if _existed_secs(new) > limit:
            return True
        for each in there:
            if each.id == new.id:
                was_there = _existed_secs(each) > limit
            elif each.created_at is None or new.created_at is None:
                was_there = False
            else:
                was_there = (each.created_at - new.created_at).total_seconds() > limit and self.creation.asked.is_it(
                    each
                )
            if was_there:
                return True
        return False

    def _found(self, reason: HfJobsError) -> Made:
        """Return the only one that may be it, of all that come while it is looked for.

        The first that is found may be an equal one that somebody else has just made.
        """
        found: dict[str, Made] = {}
        is_sure = False
        for pause in RECOVERY_PAUSES_SECS:
            self.process.sleep(pause)
            try:
                there, seen_at = self.creation.newest()
                found |= {each.id: each for each in there if self._may_be(each, seen_at)}
            except HfJobsError:
                is_sure = False  # why the answer was lost tells more than this second failure
                break
            is_sure = True
            self.candidates = list(found)
        if len(found) == 1 and is_sure:
            (only,) = found.values()
            self.process.warn(
                f"{reason.message}; the new {self.creation.noun} was found by {self.creation.mark}"
                " (an equal one made at the same time cannot be told apart)"
            )
            return only
        candidates = f"; candidates: {' '.join(found)}" if found else ""
        raise Unavailable(*self.creation.in_doubt(reason.message + candidates), maybe_done=True) from reason

    def _may_be(self, each: Made, seen_at: datetime | None) -> bool:
        """Tell whether something in a listing, which the server sent at `seen_at`, may be what was made."""
        if each.created_at is None or each.id in self.creation.known or not is_id(each.id):
            return False
        return self._age(each, seen_at or self.process.clock()) <= 0 and self.creation.asked.is_it(each)

    def _age(self, each: Made, now: datetime) -> float:
        """Return how many seconds before the request something was made by a clock that says `now`, or less.

        A `Date` comes in whole seconds, rounded down, and what has passed here since the request is no less than what
        has passed there.
        """
        began = now - timedelta(seconds=time.monotonic() - self.started)
        return 0.0 if each.created_at is None else (began - each.created_at).total_seconds()

    def _problem(self, answer: Answer, what: str) -> BadResponse:
        new = self.new
        return answer.problem(f"it is about {self.creation.noun} '{new.id if new else ''}', {what}")


def _existed_secs(each: JobInfo | ScheduledJob) -> float:
    """Return for how long something has existed at least, by what it says of itself."""
    from hfjobs_cli.models.job import JobInfo

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
    """Name an error that nobody expected."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))
