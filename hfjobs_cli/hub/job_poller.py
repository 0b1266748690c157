"""Poll many jobs until they have finished, with few requests: pages of listings, and single jobs for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.models.job import JobInfo


class JobPoller:
    """Polls a set of jobs until they have finished.

    By id, `jobs` are the jobs as last seen, `pending` those that are not known to have finished, and `failed` the
    errors of those that cannot be read.
    """

    def __init__(self, client: JobsClient, references: Iterable[JobReference]) -> None:
        """Prepare polling; duplicates count once."""
        self._client = client
        self.pending = {reference.id: reference for reference in references}
        self._order = list(self.pending)
        self._reported: set[str] = set()
        self.jobs: dict[str, JobInfo] = {}
        self.failed: dict[str, HfJobsError] = {}

    def newly_finished(self) -> list[JobInfo]:
        """Return the jobs that have finished since the last call."""
        ended = [each for each in self._order if each in self.jobs and self.jobs[each].has_ended]
        new = [each for each in ended if each not in self._reported]
        self._reported.update(new)
        return [self.jobs[each] for each in new]

    def poll(self) -> None:
        """Poll all pending jobs once. Jobs that were read count, even if others fail.

        Raises NotLoggedIn, and Unavailable or BadResponse if there is no usable response for some of them now.
        """
        groups: dict[str | None, set[str]] = defaultdict(set)
        for identifier, reference in self.pending.items():
            groups[reference.namespace].add(identifier)
        alone: list[str] = []
        for namespace, group in groups.items():
            self._poll_listing(namespace, group)
            alone += sorted(group)
        results = self._client.inspect_jobs([self.pending[identifier] for identifier in alone])
        for identifier, result in zip(alone, results, strict=True):
            if not isinstance(result, HfJobsError):
                self._record(result)
            elif not isinstance(result, TRANSIENT_ERRORS):
                self.failed[identifier] = result
                del self.pending[identifier]
        for result in results:
            if isinstance(result, TRANSIENT_ERRORS):
                raise result

    def _poll_listing(self, namespace: str | None, missing: set[str]) -> None:
        """Read pages of a namespace, newest first, and remove the jobs found there from `missing`.

        Once no more jobs are missing than pages were read, it is cheaper to request them one by one.
        """
        if len(missing) < 2:
            return
        with suppress(NotFound, NotAllowed, RequestRefused, BadResponse):  # each of them is then requested alone
            for pages, page in enumerate(self._client.list_jobs(namespace), 1):
                for job in page.jobs:
                    if job.id in missing:
                        missing.remove(job.id)
                        self._record(job)
                if len(missing) <= pages:
                    return

    def _record(self, job: JobInfo) -> None:
        self.jobs[job.id] = job
        if job.has_ended:
            del self.pending[job.id]
        else:
            self.pending[job.id] = JobReference.of(job, self.pending[job.id].namespace)
