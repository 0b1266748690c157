"""`hfjobs stats`."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.registry import kind_of
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import done_to_each, not_running, refused
from hfjobs_cli.commands._listing import Listing, is_by_filters, job_filter, scan
from hfjobs_cli.commands._resolve import named_jobs
from hfjobs_cli.commands._watch import NO_MARK, is_in_place, live_renderer, table_in_place
from hfjobs_cli.errors import ExitCode, HfJobsError, Interrupted, LimitReached, NotRunning, UsageError
from hfjobs_cli.formats.renderer import QUIET, RENDERERS, RecordStream
from hfjobs_cli.hub.concurrency import MAX_FOLLOWED, WAIT_SLICE_SECS, start_thread
from hfjobs_cli.hub.metrics import NoMetrics, UsageFollower, usage_now
from hfjobs_cli.models.job import KIND
from hfjobs_cli.models.usage import STALE_SECS, Usage, UsageMeter, UsageSummary
from hfjobs_cli.query.conditions import all_match, parse_conditions, split_filters
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import parse_duration, span

if TYPE_CHECKING:
    from hfjobs_cli.models.usage import Usage
    from hfjobs_cli.terminal import Size


def stats(
    session: Session,
    jobs: options.ChosenActiveJobs = None,
    *,
    choice: Annotated[options.Choice, "job"],
    follow: single_command_options.FollowUsage = False,
    for_: single_command_options.SampleFor = None,
    sort: options.Sort = None,
    output: Annotated[options.Output, "usage"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Show resource usage of running jobs: CPU, memory, network, GPUs.

    All running jobs are shown, unless jobs are named or selected by filters; they are queried in parallel.

    With -f on a terminal the table is updated in place until the jobs finish, or until q or Ctrl-C. - marks a job that
    has finished, ? a job without recent metrics. If there is no room for each of several GPUs, their minimum and
    maximum are shown: 8x 3-97%. A filter for a field of usage, as --filter 'gpu<5', selects samples; other filters
    select jobs.

    With --for, usage is sampled for that long, then the mean and the maximum of each figure are shown, also as fields:
    gpu and gpu_max. So -f 'gpu<5', which is --filter there, finds jobs whose GPUs are idle, not those that pause for a
    second.

    \b
    Examples:
      hfjobs stats
      hfjobs stats 6a01d697aff1cd33e8f33a64 alice/6a01c8c2aff1cd33e8f339d4
      hfjobs stats -f --sort -gpu
      hfjobs stats --for 1m -f 'gpu<5' -f 'runtime>10m' -q | hfjobs cancel -
      hfjobs stats -f --label sweep=3 | jq '.gpus[].utilization'
      hfjobs stats --format '{{.job_id}} {{.cpu_usage_pct}}'
    """
    if for_ is not None:
        # Nothing is followed with --for, so -f is --filter, as in other commands.
        filters = [word for word in jobs or () if follow and any(sign in word for sign in "<>=")]
        if follow and not filters:
            raise UsageError("--for cannot be used with --follow", hint="-f is --follow here; write --filter 'gpu<5'")
        jobs = [word for word in jobs or () if word not in filters]
        choice = replace(choice, filter_=[*(choice.filter_ or ()), *filters])
        follow = False
        seconds = parse_duration(for_, "--for")
        output = replace(output, kind=kind_of("usage_summary"))
    names: dict[str, str | None] = {}
    references: list[JobReference] = []

    def name_of(usage: Usage, _now: object) -> str | None:
        """Return the name of a job, with a request if the job was given by its id."""
        if usage.job_id not in names:
            reference = next(each for each in references if each.id == usage.job_id)
            names[usage.job_id] = None
            with suppress(HfJobsError):  # the name is optional
                names[usage.job_id] = session.client.inspect_job(reference).name
        return names[usage.job_id]

    output = replace(output, kind=output.kind.with_reads({"name": name_of}))
    listing = Listing(session, output, default=live_renderer(session) if follow else RENDERERS["table"], sort=sort)
    in_place = follow and is_in_place(session, listing, "--follow", lambda each: each.streams)
    now = session.clock()
    filters, of_samples = split_filters(choice.filter_ or (), KIND, output.kind)
    wanted = parse_conditions(output.kind, of_samples, now)
    if wanted and in_place:
        raise UsageError(
            f"--filter '{of_samples[0]}' is about samples, and a table in place has the last of each job",
            hint="remove --follow, or add --format jsonl",
        )
    references += _chosen(session, jobs, replace(choice, filter_=filters or None), namespace, names)
    if follow and len(references) > MAX_FOLLOWED:
        raise UsageError(
            f"cannot follow {len(references)} jobs at once, at most {MAX_FOLLOWED}",
            hint=f"select fewer jobs, for example with --limit {MAX_FOLLOWED}",
        )
    if for_ is not None:
        sampling = Sampling(session, references, seconds, are_named=bool(jobs))
        found = [each for each in sampling.summaries() if all_match(wanted, each, now)]
        if sampling.is_interrupted and listing.renderer is QUIET:
            raise Interrupted("interrupted before the end of --for: no ids are printed")  # 'cancel -' may read them
        listing.show(found)
        if sampling.is_interrupted:
            raise Interrupted("interrupted: the figures are of less time than --for")
    elif not follow:
        samples = _samples(session, references, are_named=bool(jobs))
        listing.show(RecordStream(each for each in samples if all_match(wanted, each, now)))
    elif in_place and references:
        _follow_in_place(session, references, listing)
    else:
        listing.show(RecordStream(each for each in _followed(session, references) if all_match(wanted, each, now)))
    return ExitCode.DONE


def _chosen(
    session: Session,
    jobs: list[str] | None,
    choice: options.Choice,
    namespace: str | None,
    names: dict[str, str | None],
) -> list[JobReference]:
    """Return the named jobs, or the running jobs that match the filters, whose names are added to `names`."""
    if jobs and not is_by_filters(jobs, choice):
        return list(dict.fromkeys(named_jobs(session, jobs, namespace, ("RUNNING",))))
    match = " match" if choice.are_given else ""
    if not (choice.all_ or choice.status):
        choice = replace(choice, status=["running"])
    wanted = job_filter(session, choice)
    found = [job for job in scan(session, wanted, namespace, choice.limit).jobs() if not job.has_ended]
    if not found:
        session.note(f"no running jobs{match}")
    names.update((job.id, job.name) for job in found)
    return [JobReference.of(job, namespace) for job in found]


def _samples(session: Session, references: Sequence[JobReference], *, are_named: bool) -> Iterator[Usage]:
    """Yield one usage sample for each job. A job without metrics is a failure only if it was given by reference."""
    silent: list[str] = []

    def look(reference: JobReference) -> Usage | None:
        try:
            return usage_now(session.client, reference)
        except (NotRunning, NoMetrics):
            if are_named:
                raise refused(session, reference, NoMetrics(reference.id)) from None
            silent.append(reference.id)
            return None

    yield from filter(None, done_to_each(session, references, look, "read"))
    if silent:
        session.note(f"no metrics for {' '.join(each.id for each in references if each.id in silent)}")


class Sampling:
    """Samples the usage of jobs for some time, up to MAX_FOLLOWED at once.

    `is_interrupted` says whether Ctrl-C ended it early.
    """

    def __init__(
        self, session: Session, references: Sequence[JobReference], seconds: float, *, are_named: bool
    ) -> None:
        """Ask for nothing yet."""
        self._session = session
        self._references = references
        self._seconds = seconds
        self._are_named = are_named
        self.is_interrupted = False

    def summaries(self) -> list[UsageSummary]:
        """Return the summary of each job with samples, in order; others are reported."""
        groups = [self._references[at : at + MAX_FOLLOWED] for at in range(0, len(self._references), MAX_FOLLOWED)]
        if len(groups) > 1:
            self._session.note(
                f"sampling {len(self._references)} jobs, {MAX_FOLLOWED} at a time: "
                f"takes {span(self._seconds * len(groups))}"
            )
        found: list[UsageSummary] = []
        for group in groups:
            if not self.is_interrupted:
                found += self._sampled(group)
        return found

    def _sampled(self, references: Sequence[JobReference]) -> list[UsageSummary]:
        session = self._session
        meters = {each.id: UsageMeter(each.id) for each in references}
        failed: set[str] = set()
        feeds = UsageFollowers(session, references)

        def apply(news: News) -> None:
            if news.usage is not None:
                meters[news.job_id].add(news.usage)
            elif isinstance(news.error, HfJobsError):
                failed.add(news.job_id)
                session.failures.append(news.error)
            elif count := meters[news.job_id].samples:
                session.note(f"{news.job_id} ended after {count} sample{'s' * (count > 1)}")

        try:
            for news in feeds.wait(self._seconds):
                apply(news)
        except KeyboardInterrupt:
            self.is_interrupted = True
            for news in feeds.take():
                apply(news)
        finally:
            feeds.close()
        silent = [each for each in references if not meters[each.id].samples and each.id not in failed]
        if self._are_named:
            session.failures += [refused(session, each, NoMetrics(each.id)) for each in silent]
        elif silent:
            session.note(f"no metrics for {' '.join(each.id for each in silent)}")
        return [each.summary() for each in meters.values() if each.samples]


def _followed(session: Session, references: Sequence[JobReference]) -> Iterator[Usage]:
    """Yield samples as they arrive, until all jobs have finished. Jobs without samples are reported."""
    feeds = UsageFollowers(session, references)
    silent = {each.id: each for each in references}
    for news in feeds.wait():
        if news.usage is not None:
            silent.pop(news.job_id, None)
            yield news.usage
            session.flush()
        elif isinstance(news.error, HfJobsError):
            session.failures.append(news.error)
        elif news.job_id in silent:
            session.note(not_running(session.client.inspect_job(silent[news.job_id])).message)


def _follow_in_place(session: Session, references: Sequence[JobReference], listing: Listing) -> None:
    """Show the last sample of each job until all have finished; the table stays on the screen."""
    table = UsageTable(listing, [each.id for each in references], session.clock())
    with session.live() as live:
        feeds = UsageFollowers(session, references)
        for key in live.turns():
            if key in ("q", "Q"):
                return
            news = feeds.take()
            session.failures += [each.error for each in news if isinstance(each.error, HfJobsError)]
            table.note(news, session.clock())
            size = live.size
            live.leave(table.rows(size))
            live.paint(table.lines(size, feeds.trouble))
            if feeds.are_over:
                return


class News(NamedTuple):
    """An event of a job: a sample, or the end of the stream, perhaps with an error."""

    job_id: str
    usage: Usage | None = None
    error: BaseException | None = None


class UsageFollowers:
    """The metrics streams of several jobs, read in parallel."""

    def __init__(self, session: Session, references: Sequence[JobReference]) -> None:
        """Start a daemon thread for each job. Raises LimitReached."""
        self._session = session
        self._news: deque[News] = deque()
        self._arrived = threading.Semaphore(0)
        self._open = {each.id: UsageFollower(session.client, each, session.sleep) for each in references}
        for identifier, feed in self._open.items():
            start_thread(partial(self._read, identifier, feed))

    @property
    def are_over(self) -> bool:
        """Return whether all streams have ended and all events were taken."""
        return not self._open

    @property
    def trouble(self) -> str | None:
        """The error that prevents reading the metrics of an unfinished job, or None."""
        return next((feed.trouble for feed in self._open.values() if feed.trouble is not None), None)

    def take(self) -> list[News]:
        """Return the events since the last call. Raises errors that do not belong to a single job."""
        found = []
        while self._news:
            found.append(self._took(self._news.popleft()))
        return found

    def close(self) -> None:
        """Stop reading."""
        for feed in self._open.values():
            feed.close()

    def wait(self, seconds: float = math.inf) -> Iterator[News]:
        """Yield events as they arrive, until all jobs have finished, or for so many `seconds`.

        Raises errors that do not belong to a single job, and ReaderGone once stdout is closed.
        """
        end = time.monotonic() + seconds
        while not self.are_over and time.monotonic() < end:
            # On Windows Ctrl-C is noticed only between two waits. One that ends the wait leaves what arrived to `take`.
            if not self._arrived.acquire(timeout=WAIT_SLICE_SECS):
                self._session.sleep_while_read(0)
            elif self._news:
                yield self._took(self._news.popleft())

    def _took(self, news: News) -> News:
        if news.usage is None:
            self._open.pop(news.job_id, None)
            if news.error is not None and (
                isinstance(news.error, LimitReached) or not isinstance(news.error, HfJobsError)
            ):
                raise news.error
        return news

    def _read(self, identifier: str, feed: UsageFollower) -> None:
        error: BaseException | None = None
        try:
            for usage in feed:
                self._put(News(identifier, usage))
        except BaseException as failure:
            error = failure
        self._put(News(identifier, error=error))

    def _put(self, news: News) -> None:
        self._news.append(news)
        self._arrived.release()


_ENDED, _STALE = "- ", "? "


class UsageTable:
    """The last sample of each job."""

    def __init__(self, listing: Listing, job_ids: Iterable[str], now: datetime) -> None:
        """Start without samples."""
        self._listing = listing
        self._samples = {each: Usage(each, *[None] * (len(Usage.__slots__) - 1)) for each in job_ids}
        self._sampled_at = dict.fromkeys(self._samples, now)
        self._ended: set[str] = set()
        self._now = now

    def note(self, news: Iterable[News], now: datetime) -> None:
        """Apply events."""
        self._now = now
        for each in news:
            if each.usage is None:
                self._ended.add(each.job_id)
            else:
                self._samples[each.job_id] = each.usage
                self._sampled_at[each.job_id] = now

    def lines(self, size: Size, trouble: str | None) -> list[str]:
        """Return the lines of the screen: the table, and a footer with the number of running jobs or an error."""
        running = len(self._samples) - len(self._ended)
        ended = f", {len(self._ended)} finished" if self._ended else ""
        state = f"{running} of {len(self._samples)} running{ended}; q or Ctrl-C quits"
        return [*self.rows(size), "", self._listing.line(trouble or state, size.columns)]

    def rows(self, size: Size) -> list[str]:
        """Return the header, and a line for each job that fits on the screen."""
        return table_in_place(self._listing, self._ordered(), size, self._mark)

    def _ordered(self) -> Sequence[Usage]:
        return self._listing.ordered(self._samples.values())

    def _mark(self, usage: Usage) -> str:
        if usage.job_id in self._ended:
            return _ENDED
        silent = (self._now - self._sampled_at[usage.job_id]).total_seconds()
        return _STALE if silent > STALE_SECS else NO_MARK
