"""Wait for many jobs with few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused
from hfjobs_cli.hub.retry import WAITED_OUT
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.models.job import JobInfo


class Watched:
    """Jobs that are waited for, by their ids.

    `jobs` are those that were seen, as they were then; `pending` those that have not ended, as far as is known;
    `failed` those that cannot be seen, each with its error.
    """

    def __init__(self, client: JobsClient, references: Iterable[JobReference]) -> None:
        """Ask for nothing yet. A job that is named twice is waited for once."""
        self._client = client
        self.pending = {reference.id: reference for reference in references}
        self._order = list(self.pending)
        self._told: set[str] = set()
        self.jobs: dict[str, JobInfo] = {}
        self.failed: dict[str, HfJobsError] = {}

    def newly_ended(self) -> list[JobInfo]:
        """Return the jobs that were seen to have ended since this was last asked."""
        ended = [each for each in self._order if each in self.jobs and self.jobs[each].has_ended]
        new = [each for each in ended if each not in self._told]
        self._told.update(new)
        return [self.jobs[each] for each in new]

    def look(self) -> None:
        """Look at all that are pending. What is seen counts, even if something else fails.

        Raises NotLoggedIn, and Unavailable or BadResponse if there is no usable answer about some of them now.
        """
        groups: dict[str | None, set[str]] = defaultdict(set)
        for identifier, reference in self.pending.items():
            groups[reference.namespace].add(identifier)
        alone: list[str] = []
        for namespace, group in groups.items():
            self._look_at_listing(namespace, group)
            alone += sorted(group)
        results = self._client.inspect_jobs([self.pending[identifier] for identifier in alone])
        for identifier, result in zip(alone, results, strict=True):
            if not isinstance(result, HfJobsError):
                self._see(result)
            elif not isinstance(result, WAITED_OUT):
                self.failed[identifier] = result
                del self.pending[identifier]
        for result in results:
            if isinstance(result, WAITED_OUT):
                raise result

    def _look_at_listing(self, namespace: str | None, missing: set[str]) -> None:
        """Look at the pages of a namespace, newest first, and take what they show out of the jobs that are `missing`.

        As soon as no more are missing than pages have been read, it is cheaper to ask for these one by one.
        """
        if len(missing) < 2:
            return
        with suppress(NotFound, NotAllowed, RequestRefused, BadResponse):  # of each of them there is an answer alone
            for pages, page in enumerate(self._client.list_jobs(namespace), 1):
                for job in page.jobs:
                    if job.id in missing:
                        missing.remove(job.id)
                        self._see(job)
                if len(missing) <= pages:
                    return

    def _see(self, job: JobInfo) -> None:
        self.jobs[job.id] = job
        if job.has_ended:
            del self.pending[job.id]
        else:
            self.pending[job.id] = JobReference.of(job, self.pending[job.id].namespace)
