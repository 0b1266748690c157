"""Create the missing jobs of a sweep, each once, and follow all of them."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.cli.interrupts import may_be_cut_short
from hfjobs_cli.commands._journal import SETTLED_SECS, Journal
from hfjobs_cli.commands._submit import Uploads, create
from hfjobs_cli.config import state_directory
from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.hub.concurrency import BackgroundCall, iter_parallel
from hfjobs_cli.hub.create_once import RESPONSE_AFTER_INTERRUPT_SECS
from hfjobs_cli.hub.retry import OUTAGES, TRANSIENT_ERRORS, Retries
from hfjobs_cli.jobspec.sweep import DUPLICATE, ITEM, RESERVED, SWEEP, Item
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import LATEST, span

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.job import JobInfo

AT_ONCE = 8
"""How many jobs are created at a time."""

BATCH = 200
"""How many jobs are created before they are listed again."""

GIVE_WAY_SECS = 5.0
"""How long to wait for the next jobs of another machine that creates those of the same sweep."""

PAUSE_SECS = 1.0
"""How long to wait for a job whose request may still be under way."""


class _Made(NamedTuple):
    """A job that this run created, and the ids of those of its item that were known by then."""

    job: JobInfo
    known: frozenset[str]


@dataclass(eq=False)
class Sweep:
    """The jobs of a sweep: the existing ones, and those still to create.

    At most `parallel` are active at once, None = any number. `jobs` are the last ones of items, by fingerprint, and
    `others` those of the sweep that belong to none of the items. The items whose last job is among those to be
    `replaced`, by fingerprint, are created anew. `report` is called with each new job.
    """

    session: Session
    name: str
    namespace: str
    items: Sequence[Item]
    parallel: int | None = None
    report: Callable[[JobInfo], None] = lambda _job: None
    jobs: dict[str, JobInfo] = field(default_factory=dict)
    others: list[JobInfo] = field(default_factory=list)
    replaced: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    _item_of: dict[str, str] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _made: dict[str, _Made] = field(default_factory=dict)
    _canceled: set[str] = field(default_factory=set)
    _under_way: int = 0
    _is_stopped: bool = False
    _has_lost: bool = False
    _has_noted_doubt: bool = False
    _has_noted_no_lock: bool = False
    _has_noted_lock: bool = False
    _failure: HfJobsError | None = None
    _paused_secs: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Ask for nothing yet."""
        session = self.session
        self._began = session.clock().timestamp()
        self._uploads = Uploads(session)
        directory = state_directory(session.environ) / "sweeps"
        self._journal = Journal(directory, session.settings.endpoint, self.namespace, self.name, self._now)

    @property
    def todo(self) -> list[Item]:
        """The items without a job, or with one to replace."""
        return [
            item
            for item in self.items
            if (job := self.jobs.get(item.fingerprint)) is None or self.replaced.get(item.fingerprint) == job.id
        ]

    @property
    def listed(self) -> list[JobInfo]:
        """The last job of each item, in the order of the items."""
        return [self.jobs[item.fingerprint] for item in self.items if item.fingerprint in self.jobs]

    @property
    def active(self) -> list[JobInfo]:
        """The jobs of the sweep that have not ended."""
        return [job for job in (*self.jobs.values(), *self.others) if not job.has_ended]

    @property
    def is_over(self) -> bool:
        """Whether each item has a job that has ended."""
        return not self.todo and all(job.has_ended for job in self.listed)

    @property
    def state(self) -> str:
        """The number of jobs by status, in words."""
        stages = Counter(str(job.status).lower() for job in self.listed)
        counts = [f"{count} {stage}" for stage, count in sorted(stages.items())]
        waiting = len([item for item in self.todo if item.fingerprint not in self.jobs])
        return ", ".join(counts + [f"{waiting} not created yet"] * bool(waiting)) or "no jobs"

    def poll(self) -> None:
        """List the jobs of the sweep. Raises HfJobsError."""
        found = {job.id: job for job in self._listing()}
        asked = {asked.job_id: item for item, asked in self._journal.asked.items() if asked.job_id is not None}
        self._item_of.update(asked)
        left = [job.id for job in (*self.jobs.values(), *self.others) if not job.has_ended]
        known = {made.job.id: made.job for made in self._made.values()} | {job.id: job for job in self.jobs.values()}
        unlisted = [each for each in dict.fromkeys((*asked, *left)) if each not in found]
        references = [JobReference(self.namespace, each) for each in unlisted]
        for identifier, seen in zip(unlisted, self.session.client.inspect_jobs(references), strict=True):
            if not isinstance(seen, HfJobsError):
                found[identifier] = seen
            elif identifier in known:
                found[identifier] = known[identifier]  # it exists, whatever the Hub says
        found |= {job.id: job for job in known.values() if job.id not in found}
        self._sort(found)

    def step(self) -> None:
        """List the jobs, and create as many missing ones as may be active now. Raises HfJobsError."""
        if not self.todo:
            self.poll()
            return
        with self._journal.held(self._wait_for_lock):
            self._warn_of_no_lock()
            self.poll()
            while not self._is_stopped and (batch := self._batch()):
                self._create_batch(batch)
                self.poll()
                if self._has_lost:
                    self._give_way()

    def _create_batch(self, batch: Sequence[Item]) -> None:
        """Create the jobs of some items. Raises HfJobsError as soon as one cannot be created."""
        self._failure = None
        jobs = self._uploads.filled([item.launch for item in batch])
        batch = [
            replace(item, launch=replace(item.launch, job=job, uploads={}))
            for item, job in zip(batch, jobs, strict=True)
        ]
        # In another thread, so that Ctrl-C does not end a request before its response.
        creating = BackgroundCall(lambda: list(iter_parallel(self._create, batch, AT_ONCE)))
        creating.start()
        try:
            creating.result()
        except KeyboardInterrupt:
            self.stop()
            raise
        failure = self._failed()
        if failure is not None:
            if isinstance(failure, TRANSIENT_ERRORS):
                self.poll()
            raise failure

    def _give_way(self) -> None:
        """Pause as long as another machine, which was first, creates jobs of the same sweep."""
        count = -1
        while not self._is_stopped and len(self.jobs) > count:
            count = len(self.jobs)
            self.rest(GIVE_WAY_SECS)
            self.poll()

    def create_all(self, *, waits: bool) -> None:
        """Create the jobs that may be active now; if it `waits`, all of them. Raises HfJobsError."""
        retries = Retries(OUTAGES)
        while self.todo:
            before = self.created
            try:
                self.step()
                retries.reset()
                pause = PAUSE_SECS
            except TRANSIENT_ERRORS as error:
                if self.created > before:
                    retries.reset()
                pause = retries.pause_after(error)
                self.session.warning(f"{error.message}; retrying in {span(pause)}")
            else:
                if not waits:
                    return
            if self.todo:
                self.rest(pause)

    def stop(self) -> None:
        """Create no more jobs, and wait a moment for pending requests."""
        self._is_stopped = True
        until = time.monotonic() + RESPONSE_AFTER_INTERRUPT_SECS
        with may_be_cut_short():
            while self._under_way and time.monotonic() < until:
                time.sleep(0.02)

    def rest(self, seconds: float) -> None:
        """Pause. Raises ReaderGone once stdout is closed."""
        self._paused_secs += seconds
        self.session.sleep_while_read(seconds)

    def _wait_for_lock(self, seconds: float) -> None:
        """Pause, and say why the first time."""
        if not self._has_noted_lock:
            self._has_noted_lock = True
            self.session.note(f"note: waiting for another hfjobs that is creating jobs of sweep {self.name}")
        self.rest(seconds)

    def _warn_of_no_lock(self) -> None:
        """Warn once if nothing keeps another hfjobs on this machine from creating the same jobs."""
        problem, self._journal.problem = self._journal.problem, None
        if problem is not None and not self._has_noted_no_lock:
            self._has_noted_no_lock = True
            self.session.warning(f"no lock for the sweep ({problem.strerror}): run this line in one place at a time")

    def _listing(self) -> list[JobInfo]:
        """Return the jobs with the label of the sweep. Raises BadResponse if one of them cannot be read."""
        failures = self.session.failures
        before = len(failures)
        pages = self.session.client.list_jobs(self.namespace, labels=[(SWEEP, self.name)])
        jobs = [job for page in pages for job in page.jobs if (job.labels or {}).get(SWEEP) == self.name]
        if len(failures) > before:
            unusable = failures[before]
            del failures[before:]
            raise unusable  # an unread job might be created twice
        return jobs

    def _sort(self, found: Mapping[str, JobInfo]) -> None:
        """Find the last job of each item. Of two that were created for it at once the younger is canceled."""
        groups: dict[str, list[JobInfo]] = defaultdict(list)
        others: list[JobInfo] = []
        fingerprints = {item.fingerprint for item in self.items}
        for job in found.values():
            item = self._item_of.get(job.id) or (job.labels or {}).get(ITEM)
            if item in fingerprints and job.id not in self._canceled:
                self._item_of[job.id] = item
                groups[item].append(job)
            elif job.id not in self._canceled:
                others.append(job)
        contested = [self._settle(made, groups[item]) for item, made in self._made.items() if made.job.id in found]
        self._has_lost = next((lost for lost in contested if lost is not None), False)
        self._known = defaultdict(set, {item: {job.id for job in group} for item, group in groups.items()})
        own = {made.job.id for made in self._made.values()}
        self.jobs = {
            item: max(group, key=lambda job: (job.created_at or LATEST, job.id in own, job.id))
            for item, group in groups.items()
            if group
        }
        self.others = others

    def _settle(self, made: _Made, group: list[JobInfo]) -> bool | None:
        """Leave the oldest of the jobs that were created for an item at the same time, and cancel that of this run.

        Returns whether this run's job was canceled, None if there is no other job.
        """
        rivals = [job for job in group if job.id not in made.known]
        own = next((job for job in rivals if job.id == made.job.id), None)
        elder = min(rivals, key=_age, default=None)
        if own is None or elder is None or len(rivals) == 1:
            return None
        group[:] = [job for job in group if job.id in made.known or job is elder]
        if own is not elder:
            self._cancel_duplicate(own, elder)
        return own is not elder

    def _cancel_duplicate(self, own: JobInfo, elder: JobInfo) -> None:
        """Cancel a job that has an older duplicate, and remove it from the sweep: its labels and name.

        What waits for the sweep, or asks for a job by its name, would count it.
        """
        reference = JobReference(self.namespace, own.id)
        if not own.has_ended:
            self.session.warning(
                f"canceling job {own.id}: job {elder.id} was created for the same item at the same time"
            )
            self.session.client.cancel_job(reference)
        self._canceled.add(own.id)
        labels = {key: value for key, value in (own.labels or {}).items() if key not in RESERVED}
        labels[DUPLICATE] = elder.id
        try:
            self.session.client.label_job(reference, labels)
        except HfJobsError as error:
            self.session.warning(
                f"job {own.id} keeps its labels, and is counted by -l {SWEEP}={self.name}: {error.message}"
            )

    def _batch(self) -> list[Item]:
        """Return the items whose jobs to create now."""
        todo = self.todo
        settled = [item for item in todo if self._journal.is_settled(item.fingerprint)]
        doubtful = len(todo) - len(settled)
        if doubtful and not self._has_noted_doubt:
            self._has_noted_doubt = True
            self.session.note(
                f"note: waiting up to {span(SETTLED_SECS)} for {doubtful} jobs that may or may not have been created"
            )
        # The first few show whether another machine is at it.
        room = BATCH if self._made else AT_ONCE
        if self.parallel is not None:
            room = min(room, self.parallel - len(self.active) - doubtful)
        return settled[: max(0, room)]

    def _create(self, item: Item) -> None:
        """Create the job of an item, unless creating has failed or was stopped meanwhile."""
        with self._lock:
            if self._is_stopped or self._failure is not None:
                return
            self._under_way += 1
        mark, known = item.fingerprint, frozenset(self._known.get(item.fingerprint, ()))
        try:
            self._journal.ask(mark)
            job = create(self.session, item.launch, known)
            self._journal.answer(mark, job.id)
        except HfJobsError as error:
            if not error.is_ambiguous:
                self._journal.answer(mark, None)
            self._failure = self._failure or error
        else:
            self._made[mark] = _Made(job, known)
            self.jobs[mark] = job
            self.created += 1
            self.report(job)
        finally:
            with self._lock:
                self._under_way -= 1

    def _failed(self) -> HfJobsError | None:
        """Return the first failure, which other threads set."""
        return self._failure

    def _now(self) -> float:
        """Return the seconds since 1970. Pauses count even where `session.sleep_while_read` returns at once."""
        return max(self.session.clock().timestamp(), self._began + self._paused_secs)


def _age(job: JobInfo) -> tuple[datetime, str]:
    return job.created_at or LATEST, job.id
