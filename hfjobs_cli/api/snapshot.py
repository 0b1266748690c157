"""Jobs that `--format json` or `jsonl` wrote, read in place of the Hub's, however many."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import IO, Any

from hfjobs_cli.errors import BadResponse, HfJobsError, UsageError
from hfjobs_cli.query.scan import Page
from hfjobs_cli.records.declared import Source
from hfjobs_cli.records.job import JobInfo
from hfjobs_cli.records.reading import reader
from hfjobs_cli.text.json_values import Broken, values

PIECE_BYTES = 64 * 1024
PAGE_SIZE = 100
MAX_BROKEN = 20
"""After how many broken lines a file is given up."""


class BrokenSnapshot(UsageError):
    """The file that was named does not hold the jobs that it should."""


class Snapshot:
    """The jobs in a file or a stream, in its order: what commands print, what jq makes of it, several put together."""

    def __init__(
        self,
        name: str,
        opened: Callable[[], AbstractContextManager[IO[Any]]],
        endpoint: str,
        *,
        failed: Callable[[HfJobsError], None],
        warn: Callable[[str], None],
    ) -> None:
        """Read the stream that `opened` returns, which is called `name`.

        `failed` is told of each line that holds no job, so that the others can be read; `warn` of values that are not
        as documented, which are left out. `endpoint` is that of jobs that name none.
        """
        self.name = name
        self._opened = opened
        self._endpoint = endpoint
        self._failed = failed
        self._warn = warn

    def pages(self, namespace: str | None = None) -> Iterator[Page]:
        """Yield the jobs in pages, those of one namespace or all. Raises as `jobs`."""
        jobs = (job for job in self.jobs() if namespace is None or job.owner.name == namespace)
        page = list(islice(jobs, PAGE_SIZE))
        while page:
            following = list(islice(jobs, PAGE_SIZE))
            yield Page(page, has_next=bool(following))
            page = following

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the jobs. Raises BrokenSnapshot if the first is none, too many are none, or reading fails."""
        broken = 0
        with self._opened() as stream:
            for count, (line, value) in enumerate(values(self._pieces(stream)), 1):
                try:
                    if isinstance(value, Broken):
                        raise BadResponse(value.reason)
                    job = self._job(value, line)
                except BadResponse as error:
                    broken += 1
                    problem = self._problem(f", line {line}: {error.message}")
                    if count == broken:
                        raise problem from error
                    if broken > MAX_BROKEN:
                        raise self._problem(f" has over {MAX_BROKEN} lines that hold no job, as line {line}") from error
                    self._failed(problem)
                else:
                    yield job

    def _job(self, value: Any, line: int) -> JobInfo:
        # What the Hub itself answered has other names, and is as good.
        is_saved = not (isinstance(value, dict) and "createdAt" in value)
        told: list[str] = []
        job = reader(JobInfo, is_saved=is_saved)(value, "job", Source(self._endpoint, told.append))
        for message in told:
            self._warn(f"{self.name}, line {line}: {message}, which is left out")
        return job

    def _pieces(self, stream: IO[Any]) -> Iterator[str]:
        """Yield what the stream holds, as it arrives. What is no UTF-8 is made what is no JSON."""
        stream = getattr(stream, "buffer", stream)
        read = getattr(stream, "read1", stream.read)
        decoder: codecs.IncrementalDecoder | None = None
        while piece := self._read(read):
            if isinstance(piece, str):
                yield piece
                continue
            if decoder is None:
                # PowerShell writes UTF-16.
                encoding = "utf-16" if piece[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
                decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
            yield decoder.decode(piece)

    def _read(self, read: Callable[[int], bytes | str]) -> bytes | str:
        try:
            return read(PIECE_BYTES)
        except OSError as error:
            raise self._problem(f" cannot be read: {error.strerror or error}") from error

    def _problem(self, what: str) -> BrokenSnapshot:
        hint = "--from reads what 'ps' and 'inspect' print with --format json or jsonl"
        return BrokenSnapshot(f"{self.name}{what}", hint=hint)
