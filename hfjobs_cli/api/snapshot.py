"""Jobs that `--format json` or `jsonl` wrote, read in place of the Hub's, however many."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, TextIO

from hfjobs_cli.errors import BadResponse, HfJobsError
from hfjobs_cli.query.scan import Page
from hfjobs_cli.records.declared import Source
from hfjobs_cli.records.job import JobInfo
from hfjobs_cli.records.reading import reader
from hfjobs_cli.text.json_values import Broken, values

PIECE_BYTES = 64 * 1024
PAGE_SIZE = 100
MAX_BROKEN = 20
"""After how many broken lines a file is given up."""


class BrokenSnapshot(HfJobsError):
    """A file does not hold the jobs that it should."""


class Snapshot:
    """The jobs in a file or a stream, in its order: what commands print, what jq makes of it, several put together."""

    def __init__(
        self,
        name: str,
        stream: BinaryIO | TextIO,
        endpoint: str,
        *,
        failed: Callable[[HfJobsError], None],
        warn: Callable[[str], None],
    ) -> None:
        """Read `stream`, which is called `name`, once.

        `failed` is told of each line that holds no job, so that the others can be read; `warn` of values that are not
        as documented, which are left out. `endpoint` is that of jobs that name none.
        """
        self._name = name
        self._stream = stream
        self._endpoint = endpoint
        self._failed = failed
        self._warn = warn

    def pages(self, namespace: str | None = None) -> Iterator[Page]:
        """Yield the jobs in pages, those of one namespace or all. Raises BrokenSnapshot if too many lines are broken."""
        jobs = (job for job in self.jobs() if namespace is None or job.owner.name == namespace)
        page = list(islice(jobs, PAGE_SIZE))
        while page:
            following = list(islice(jobs, PAGE_SIZE))
            yield Page(page, has_next=bool(following))
            page = following

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the jobs. Raises BrokenSnapshot if too many lines are broken, or the first already."""
        broken = count = 0
        for line, value in values(_pieces(self._stream)):
            count += 1
            try:
                if isinstance(value, Broken):
                    raise BadResponse(value.reason)
                yield self._job(value, line)
            except BadResponse as error:
                broken += 1
                problem = BrokenSnapshot(
                    f"{self._name}, line {line}: {error.message}",
                    hint="--from reads what 'ps' and 'inspect' print with --format json or jsonl",
                )
                if count == broken or broken > MAX_BROKEN:
                    raise problem from error
                self._failed(problem)

    def _job(self, value: Any, line: int) -> JobInfo:
        # What the Hub itself answered has other names, and is as good.
        is_saved = not (isinstance(value, dict) and "createdAt" in value)
        told: list[str] = []
        job = reader(JobInfo, is_saved=is_saved)(value, "job", Source(self._endpoint, told.append))
        for message in told:
            self._warn(f"{self._name}, line {line}: {message}, which is left out")
        return job


def _pieces(stream: BinaryIO | TextIO) -> Iterator[str]:
    """Yield what a stream holds, as it arrives. What is no UTF-8 is made what is no JSON; PowerShell writes UTF-16."""
    stream = getattr(stream, "buffer", stream)
    read = getattr(stream, "read1", stream.read)
    decoder: codecs.IncrementalDecoder | None = None
    while piece := read(PIECE_BYTES):
        if isinstance(piece, str):
            yield piece
            continue
        if decoder is None:
            encoding = "utf-16" if piece[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
            decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
        yield decoder.decode(piece)
