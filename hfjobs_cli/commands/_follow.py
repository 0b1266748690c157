"""Show the logs of jobs: of several at once, as lines come, or one log after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from queue import Empty, Queue
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.cli.lazy_services import estimated_cost
from hfjobs_cli.commands._action_results import ending, outcome
from hfjobs_cli.commands._create_several import still_running
from hfjobs_cli.commands._listing import ID_AND_URL, new_view, show_created
from hfjobs_cli.errors import ExitCode, HfJobsError, LimitReached, OutputFailed, ReaderGone
from hfjobs_cli.formats.log_text import LogText
from hfjobs_cli.formats.renderer import QUIET, RecordStream, Renderer
from hfjobs_cli.hub.concurrency import MAX_FOLLOWED, WAIT_SLICE_SECS, start_thread
from hfjobs_cli.hub.log_follower import LogFollower, Notice, WaitingForHardware
from hfjobs_cli.hub.log_lines import HEADER, Line, is_header
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.log_line import LOG_LINE, LogLine
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import parse_time, span

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.hub.log_follower import LogItem
    from hfjobs_cli.models.job import JobInfo

    _Items = Queue["tuple[int, LogItem | _FollowFailed | BaseException | None]"]

MAX_QUEUED = 4
"""How many items of one follower may wait in the queue."""

TEXT = Renderer("text", lambda _lines, _view: None, streams=True)
"""The default format of log lines, which is written in blocks and not record by record, for speed."""


@value
class LogOptions:
    """Options for logs: follow, tail, since, timestamps.

    With `follow` lines are shown until the jobs finish, else the existing ones. With `timestamps` each line of the text
    format starts with its time; `listing` may have another format. Without `lines` only notices are shown.
    """

    follow: bool = True
    tail: int | None = None
    since: datetime | None = None
    timestamps: bool = False
    listing: Listing | None = None
    lines: bool = True


class LogWriter:
    """Writes the logs of several jobs to stdout; notices and errors go to stderr.

    `jobs` are their last known states, and `errors` those that ended the reading of a log. `last_at` is the time of the
    last line of each job, as the Hub sent it.
    """

    def __init__(
        self, session: Session, jobs: Sequence[JobInfo], references: Sequence[JobReference], options: LogOptions
    ) -> None:
        """Show nothing yet."""
        self._session = session
        self._options = options
        self._followers = [
            LogFollower(
                session.client,
                job,
                reference,
                follow=options.follow,
                tail=options.tail,
                timeout_secs=session.settings.timeout_secs,
                pause=session.sleep_while_read if options.lines else session.sleep,
            )
            for job, reference in zip(jobs, references, strict=True)
        ]
        self._names = _names_of(jobs)
        self._text = LogText(new_view(session, LOG_LINE, ()), self._names, timestamps=options.timestamps)
        self._reported_waiting: dict[int, str | None] = {}
        self._failed: set[int] = set()
        self.errors: list[HfJobsError] = []
        self.last_at: dict[int, str] = {}

    @property
    def jobs(self) -> list[JobInfo]:
        """The last known states of the jobs."""
        return [follower.job for follower in self._followers]

    @property
    def names(self) -> list[str]:
        """The name of each job in notices: the prefix of its lines if there are several jobs, else its id."""
        return self._names if len(self._names) > 1 else [follower.job.id for follower in self._followers]

    @property
    def has_gap(self) -> bool:
        """Whether the Hub dropped log lines of a job before they were read."""
        return any(follower.has_gap for follower in self._followers)

    @property
    def without_output(self) -> list[JobInfo]:
        """The jobs without output so far, whose logs were read without errors."""
        failed = self._failed
        return [each.job for at, each in enumerate(self._followers) if not each.count and at not in failed]

    def run(self) -> None:
        """Show all. Raises KeyboardInterrupt, and what writing raises."""
        listing = self._options.listing
        if not self._options.lines:
            for _ in self._lines():
                self._session.flush()
        elif listing is not None and listing.renderer is not TEXT:
            listing.show(RecordStream(self._records()))
        elif listing is not None and listing.is_sorted:
            places = {job.id: place for place, job in enumerate(self.jobs)}
            for line in listing.ordered(self._records()):
                moment = None if line.timestamp is None else line.timestamp.isoformat()
                self._text.write(places[line.job_id], [(moment, line.data)])
        else:
            for place, lines in self._lines():
                self._text.write(place, lines)
                self._session.flush()

    def _records(self) -> Iterator[LogLine]:
        for place, lines in self._lines():
            identifier = self.jobs[place].id
            for line in lines:
                yield LogLine(identifier, _moment(line), line[1])
            self._session.flush()

    def _lines(self) -> Iterator[tuple[int, Sequence[Line]]]:
        """Yield log lines with the index of their job, and report everything else."""
        for place, item in _multiplexed(self._followers, in_order=not self._options.follow):
            if isinstance(item, _FollowFailed):
                self.errors.append(item.error)
                self._failed.add(place)
                self._end_waiting(place)
            elif isinstance(item, Notice):
                self._end_waiting(place)
                self._session.warning(f"{self._label(place)}{item.text}")
            elif isinstance(item, WaitingForHardware):
                self._note_waiting(place, item.job)
            else:
                yield from self._without_headers(place, item)

    def _without_headers(self, place: int, lines: list[Line]) -> Iterator[tuple[int, Sequence[Line]]]:
        """Yield the lines of the job itself, and report header lines between them."""
        since = self._options.since
        if since is not None:
            lines = [line for line in lines if (moment := _moment(line)) is None or moment >= since]
        if lines and lines[-1][0]:
            self.last_at[place] = lines[-1][0]
        if HEADER not in "\n".join([text for _, text in lines]):
            if lines:
                yield place, lines
            return
        begun = 0
        for at, line in enumerate(lines):
            if is_header(line):
                if at > begun:
                    yield place, lines[begun:at]
                begun = at + 1
                self._note(place, f"{self._label(place)}{line[1]}")
        if begun < len(lines):
            yield place, lines[begun:]

    def _label(self, place: int) -> str:
        return f"{self._names[place]}: " if len(self._names) > 1 else ""

    def _note(self, place: int, text: str) -> None:
        self._end_waiting(place)
        self._session.note(text)

    def _end_waiting(self, place: int) -> None:
        """Something else follows on the screen: the next line replaces none, and that a job waits is reported anew."""
        self._text.interrupted()
        self._reported_waiting.pop(place, None)

    def _note_waiting(self, place: int, job: JobInfo) -> None:
        """Report why a job is waiting: on a terminal with the time, elsewhere once for each reason."""
        why = f": {self._session.redacted(job.status.message)}" if job.status.message else ""
        reason = f"{self._label(place)}scheduling{why}"
        if self._reported_waiting.get(place, "") != reason:
            self._note(place, f"{reason}{self._waited(job)}")
            self._reported_waiting[place] = reason
        elif len(self._followers) == 1:
            self._text.interrupted()
            self._session.progress(f"{reason}{self._waited(job)}")

    def _waited(self, job: JobInfo) -> str:
        waited = job.waited_secs(self._session.clock())
        return "" if waited is None else f" (for {span(waited)})"


def _names_of(jobs: Sequence[JobInfo]) -> list[str]:
    """Return what each of several jobs is called: by its name if no other has it, else by its id."""
    names = [job.name or job.id for job in jobs]
    return [job.id if names.count(name) > 1 else name for job, name in zip(jobs, names, strict=True)]


def _moment(line: Line) -> datetime | None:
    with suppress(ValueError, OverflowError):
        return parse_time(line[0]) if line[0] else None
    return None


def follow_new(session: Session, jobs: Sequence[JobInfo], listing: Listing) -> ExitCode:
    """Follow the logs of new jobs until they finish, and return the exit code.

    With a format, the `listing` shows the finished jobs instead of their logs; with -q their ids were shown before.
    """
    shows_logs = listing.renderer is ID_AND_URL
    writer = LogWriter(session, jobs, [JobReference.of(job, None) for job in jobs], LogOptions(lines=shows_logs))
    try:
        writer.run()
    except (OutputFailed, ReaderGone) as error:
        session.notice(still_running(jobs))
        raise OutputFailed(error.message, error.hint, error.details) from None
    except LimitReached:
        session.notice(still_running(jobs))
        raise
    for job in () if session.is_quiet else writer.jobs:
        session.note(ending(session, job, estimated_cost(session, job) if job.has_ended else None))
    session.failures += writer.errors
    if not shows_logs and listing.renderer is not QUIET:
        show_created(session, listing, writer.jobs)
    if writer.errors and (active := [job for job in writer.jobs if not job.has_ended]):
        session.notice(still_running(active))
    return outcome(writer.jobs)


class _FollowFailed(NamedTuple):
    """A follower has ended with an error."""

    error: HfJobsError


def _multiplexed(followers: Sequence[LogFollower], *, in_order: bool) -> Iterator[tuple[int, LogItem | _FollowFailed]]:
    """Yield the items of followers, each with the index of its follower: as they arrive, or one log after the other.

    An error ends one follower and is yielded. ReaderGone and LimitReached end all, and are raised.
    """
    if len(followers) == 1:
        for item in _followed(followers[0]):
            yield 0, item
    elif in_order:
        yield from _one_after_the_other(followers)
    else:
        yield from _as_they_come(followers)


def _followed(follower: LogFollower) -> Iterator[LogItem | _FollowFailed]:
    """Yield the items of a follower, and the error that ends it. Raises what ends all."""
    try:
        yield from follower.items()
    except (ReaderGone, LimitReached):
        raise
    except HfJobsError as error:
        yield _FollowFailed(error)


def _as_they_come(followers: Sequence[LogFollower]) -> Iterator[tuple[int, LogItem | _FollowFailed]]:
    """Yield items as they arrive, by one queue for all followers."""
    queued: _Items = Queue(MAX_QUEUED)
    for place, follower in enumerate(followers):
        _start_follower(place, follower, queued)
    left = len(followers)
    while left:
        place, item = _next_item(queued)
        if item is None:
            left -= 1
        else:
            yield place, item


def _one_after_the_other(followers: Sequence[LogFollower]) -> Iterator[tuple[int, LogItem | _FollowFailed]]:
    """Yield all items of a follower, then those of the next one. Some of the next ones start already."""
    queues: list[_Items] = []
    for place in range(len(followers)):
        for at in range(len(queues), min(place + MAX_FOLLOWED, len(followers))):
            queues.append(Queue(MAX_QUEUED))
            _start_follower(at, followers[at], queues[at])
        while (item := _next_item(queues[place])[1]) is not None:
            yield place, item


def _start_follower(place: int, follower: LogFollower, queued: _Items) -> None:
    """Put the items of a follower into a queue, in a thread, and in the end None or the exception that ended it."""

    def work() -> None:
        try:
            for item in _followed(follower):
                queued.put((place, item))
        except BaseException as error:
            queued.put((place, error))
        else:
            queued.put((place, None))

    start_thread(work)


def _next_item(queued: _Items) -> tuple[int, LogItem | _FollowFailed | None]:
    """Wait for the next item of a queue. Raises the exception that ended a follower."""
    while True:
        try:
            place, item = queued.get(timeout=WAIT_SLICE_SECS)
        except Empty:
            continue
        if isinstance(item, BaseException):
            raise item
        return place, item
