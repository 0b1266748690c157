"""The jobs on the screen of `top`, watched: which there are, what they use and write, and how they ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.api.last_line import LastLine
from hfjobs_cli.api.threads import max_descriptors, start_thread
from hfjobs_cli.api.usage import UsageFeed
from hfjobs_cli.commands.shared.live.looking import Background
from hfjobs_cli.commands.shared.selection import scan
from hfjobs_cli.errors import HfJobsError, LimitReached
from hfjobs_cli.live.changes import pace_of_looks
from hfjobs_cli.live.top_state import Ended, Top
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.records.vocabulary import FINISHED_STAGES

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.filters import JobFilter
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.usage import Usage

FIRST_PAUSE_SECS = 2.0
MAX_FOLLOWED = 50
"""Of how many jobs, the newest, figures and lines are read: each takes two connections."""

DESCRIPTORS_EACH, SPARE_DESCRIPTORS = 4, 40
"""How many descriptors each of these takes, and how many all else does: fewer are followed where few are allowed."""

MAX_LATELY = 8
"""How many of the jobs are shown that had ended before."""


class Follower:
    """What one running job uses and writes, each read in a thread of its own."""

    def __init__(self, session: Session, reference: JobReference, ended: Callable[[], None]) -> None:
        """Begin. `ended` is called when the job may have ended. Raises LimitReached."""
        self._ended = ended
        self._usages: deque[Usage] = deque()
        self._feed = UsageFeed(session.client, reference, session.sleep)
        self._line = LastLine(session.client, reference, session.sleep)
        try:
            start_thread(self._follow)
            start_thread(self._read)
        except LimitReached:
            self.close()
            raise

    @property
    def event(self) -> str:
        """The event of the last line."""
        return self._line.event

    def usages(self) -> list[Usage]:
        """Return the samples since this was last asked."""
        return [self._usages.popleft() for _ in range(len(self._usages))]

    def close(self) -> None:
        """End both."""
        self._feed.close()
        self._line.close()

    def _follow(self) -> None:
        with suppress(HfJobsError):  # then there are no figures
            for usage in self._feed:
                self._usages.append(usage)
            self._ended()

    def _read(self) -> None:
        with suppress(HfJobsError):
            self._line.run()


class Monitor:
    """Watches the jobs of a namespace that are wanted, and brings the state of a screen up to date."""

    def __init__(self, session: Session, wanted: JobFilter, namespace: str | None, wake: Callable[[], None]) -> None:
        """Begin. `wake` is called when something is new that cannot wait for the next second."""
        self._session = session
        self._costs = session.costs
        self._wanted = wanted
        self._namespace = namespace
        self._wake = wake
        self._followers: dict[str, Follower] = {}
        self._ended: deque[Ended] = deque()
        self._told: deque[str] = deque()
        self._look: object = None
        self._background = Background(session, self._ask, pace_of_looks(FIRST_PAUSE_SECS), wake)
        self._start(self._ask_what_ended)

    def bring(self, state: Top, now: datetime) -> None:
        """Bring the state up to date. Raises what ended the watching, HfJobsError for one."""
        gone = [change.job for change in self._background.changes() if change.event == "gone"]
        look = self._background.last
        if look is not None and look is not self._look:
            self._look = look
            state.look(look.jobs, look.at)
            self._follow(look.jobs)
        if gone:
            self._start(lambda: self._ask_how_they_ended(gone))
        for identifier, follower in self._followers.items():
            row = state.rows[identifier]
            row.event = follower.event
            for usage in follower.usages():
                row.note(usage, now)
        for row in state.rows.values():
            row.cost = self._costs.of(row.job, now)
        state.end([self._ended.popleft() for _ in range(len(self._ended))])
        if self._told:
            state.message = self._told.popleft()
        state.trouble = self._background.trouble

    def cancel(self, job: JobInfo) -> None:
        """Cancel a job; what came of it will be told."""

        def cancel() -> None:
            try:
                done = self._session.client.cancel_job(self.reference(job))
                self._told.append(f"{job.name or job.id}: {done.status}")
            except HfJobsError as error:
                self._told.append(f"{job.name or job.id} was not canceled: {error.message}")
            self._background.hurry()
            self._wake()

        self._start(cancel)

    def reference(self, job: JobInfo) -> JobReference:
        """Return how a job is named."""
        return JobReference.of(job, self._namespace)

    def _ask(self) -> Sequence[JobInfo]:
        present = self._wanted._replace(now=self._session.clock())
        jobs = [job for job in scan(self._session, present, self._namespace).jobs() if not job.has_ended]
        for job in jobs:  # prices are asked for here, where there is time for that
            self._costs.of(job, present.now)
        return jobs

    def _follow(self, jobs: Sequence[JobInfo]) -> None:
        """Begin to follow those that run now, and leave those that do not any more."""
        most = min(MAX_FOLLOWED, (max_descriptors() - SPARE_DESCRIPTORS) // DESCRIPTORS_EACH)
        running = [job for job in jobs if job.status.stage == "RUNNING"][: max(1, most)]
        for identifier in self._followers.keys() - {job.id for job in running}:
            self._followers.pop(identifier).close()
        try:
            for job in running:
                if job.id not in self._followers:
                    self._followers[job.id] = Follower(self._session, self.reference(job), self._background.hurry)
        except LimitReached as error:  # the others have no figures
            self._told.append(error.message)

    def _ask_what_ended(self) -> None:
        """Ask for those that ended before; those that are wanted, whatever the status that is wanted."""
        finished = tuple(sorted(FINISHED_STAGES))
        wanted = self._wanted._replace(stages=finished, statuses=())
        with suppress(HfJobsError):
            jobs = scan(self._session, wanted, self._namespace, MAX_LATELY).jobs()
            self._end([job for job in jobs if job.has_ended])

    def _ask_how_they_ended(self, jobs: Sequence[JobInfo]) -> None:
        for job in jobs:
            with suppress(HfJobsError):
                now = self._session.client.inspect_job(self.reference(job))
                if now.has_ended:
                    self._end([now])

    def _end(self, jobs: Sequence[JobInfo]) -> None:
        now = self._session.clock()
        self._ended += [Ended(job, self._costs.of(job, now)) for job in jobs]
        self._wake()

    def _start(self, work: Callable[[], None]) -> None:
        start_thread(work)
