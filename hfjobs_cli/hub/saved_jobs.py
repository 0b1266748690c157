"""Jobs from a file that `--format json` or `jsonl` wrote, with the interface of the Hub."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from hfjobs_cli.errors import BadResponse, HfJobsError, UsageError
from hfjobs_cli.models.decode import JsonSource, reader
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.query.filters import Page
from hfjobs_cli.text.json_stream import Broken, values

PIECE_BYTES = 64 * 1024
"""How much is read at once."""

PAGE_SIZE = 100
"""How many jobs a page has, as pages of the Hub."""

MAX_UNPACKED_BYTES = 1024 * 1024
"""How much of a compressed file is unpacked at once."""

GZIP = b"\x1f\x8b"
"""The first bytes of a compressed file."""

MAX_KEPT_BYTES = 16 * 1024 * 1024
"""How much of a pipe is kept in memory; the rest is kept in a temporary file."""

MAX_BROKEN = 20
"""After how many invalid lines reading ends with an error."""


class BrokenSnapshot(UsageError):
    """The file does not contain saved jobs, or cannot be read."""


class Snapshot:
    """The jobs in a file or a stream: output of commands, also after jq, or several outputs in a row.

    If a job occurs several times, the last state counts, as appended output is newer. So the file is read twice, once
    to find the last states. Jobs are in the order of these states.
    """

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

        `failed` is called with an error for each line that is not a job, and the others are read; `warn` with a line
        for each unexpected value, which is left out. `endpoint` is that of jobs without one.
        """
        self.name = name
        self._opened = opened
        self._endpoint = endpoint
        self._failed = failed
        self._warn = warn

    def pages(self, namespace: str | None = None) -> Iterator[Page]:
        """Yield the jobs in pages, of one namespace or all. Raises as `jobs`."""
        jobs = (job for job in self.jobs() if namespace is None or job.owner.name == namespace)
        page = list(islice(jobs, PAGE_SIZE))
        while page:
            following = list(islice(jobs, PAGE_SIZE))
            yield Page(page, has_next=bool(following))
            page = following

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the jobs. Raises BrokenSnapshot if the first line, or too many, are not jobs, or if reading fails."""
        with self._opened() as opened, SpooledTemporaryFile(MAX_KEPT_BYTES) as copy:
            stream = getattr(opened, "buffer", opened)
            raw = self._raw(stream)
            if stream.seekable():
                begin = stream.tell()
                last = self._last_states(raw)
                stream.seek(begin)
                again = self._raw(stream)
            else:
                # A pipe can be read only once, so what was read is kept. The rest may be endless.
                last = self._last_states(_copied(raw, copy))
                copy.seek(0)
                again = chain(self._raw(copy), raw)
            yield from self._jobs(again, last)

    def _last_states(self, raw: Iterator[bytes | str]) -> dict[str, int]:
        """Return the number of the value that is the last state of each job."""
        last: dict[str, int] = {}
        broken = 0
        for count, (_, value) in enumerate(values(self._pieces(raw)), 1):
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                last[value["id"]] = count
            else:
                broken += 1
            if broken == count or broken > MAX_BROKEN:
                break  # not saved jobs; the second reading raises the error
        return last

    def _jobs(self, raw: Iterator[bytes | str], last: dict[str, int]) -> Iterator[JobInfo]:
        """Yield the last states of jobs, and report lines that are no jobs. Raises BrokenSnapshot."""
        broken = 0
        for count, (line, value) in enumerate(values(self._pieces(raw)), 1):
            if isinstance(value, dict) and last.get(str(value.get("id")), count) > count:
                continue
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
                    raise self._problem(
                        f" has more than {MAX_BROKEN} lines that are not jobs, such as line {line}"
                    ) from error
                self._failed(problem)
            else:
                yield job

    def _job(self, value: Any, line: int) -> JobInfo:
        """Return the job in a value, and warn about what is unexpected in it. Raises BadResponse."""
        # Responses of the Hub itself, with its keys, are accepted too.
        is_saved = not (isinstance(value, dict) and "createdAt" in value)
        messages: list[str] = []
        job = reader(JobInfo, is_saved=is_saved)(_as_ours(value), "job", JsonSource(self._endpoint, messages.append))
        for message in messages:
            self._warn(f"{self.name}, line {line}, job {job.id}: ignored {message.removeprefix('job.')}")
        return job

    def _pieces(self, raw: Iterator[bytes | str]) -> Iterator[str]:
        """Yield the text of a stream as it arrives. Invalid UTF-8 becomes text that is invalid JSON."""
        decoder: codecs.IncrementalDecoder | None = None
        for piece in self._unpacked(raw):
            if isinstance(piece, str):
                yield piece
                continue
            if decoder is None:
                # PowerShell writes UTF-16.
                encoding = "utf-16" if piece[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
                decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
            yield decoder.decode(piece)

    def _raw(self, stream: IO[Any]) -> Iterator[bytes | str]:
        read = getattr(stream, "read1", stream.read)
        while piece := self._read(read):
            yield piece

    def _unpacked(self, pieces: Iterator[bytes | str]) -> Iterator[bytes | str]:
        """Yield the pieces, decompressed if necessary, also several compressed files in a row."""
        first = next(pieces, None)
        if first is None:
            return
        if isinstance(first, str) or not first.startswith(GZIP):
            yield first
            yield from pieces
            return
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        packed = first
        try:
            while packed:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
                unpacked = unpacker.decompress(packed, MAX_UNPACKED_BYTES)
                packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if unpacked:
                    yield unpacked
                packed = packed or cast(bytes, next(pieces, b""))
            if not unpacker.eof:
                raise zlib.error("unexpected end")
        except zlib.error as error:
            raise self._problem(f" cannot be decompressed: {error}") from error

    def _read(self, read: Callable[[int], bytes | str]) -> bytes | str:
        try:
            return read(PIECE_BYTES)
        except OSError as error:
            raise self._problem(f" cannot be read: {error.strerror or error}") from error

    def _problem(self, what: str) -> BrokenSnapshot:
        hint = "use a file that 'ps' or 'inspect' printed with --format json or jsonl"
        return BrokenSnapshot(f"{self.name}{what}", hint=hint)


def _copied(raw: Iterator[bytes | str], copy: IO[bytes]) -> Iterator[bytes | str]:
    """Yield pieces, and write them to a file."""
    for piece in raw:
        copy.write(piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece)
        yield piece


def _as_ours(value: Any) -> Any:
    """Return a job in the format of huggingface_hub or `hf jobs ps --json` in ours; other values unchanged.

    In the latter the status is a word, the command is one text, and absent values are `N/A`.
    """
    if not isinstance(value, dict) or "createdAt" in value:
        return value
    if isinstance(value.get("volumes"), list):
        value = {**value, "volumes": [_renamed(volume) for volume in value["volumes"]]}
    if not isinstance(value.get("status"), str):
        return value
    job = {key: each for key, each in value.items() if each != "N/A"}
    command = job.get("command")
    if isinstance(command, str):
        job["command"] = command.split(" ")  # it was joined with blanks; those within words cannot be recognized
    return {**job, "status": {"stage": job.get("status")}}


_VOLUME_KEYS = {"mountPath": "mount_path", "readOnly": "read_only"}
"""Keys that `Volume.to_dict` of huggingface_hub writes as the Hub does, also in a job with our other keys."""


def _renamed(volume: Any) -> Any:
    return {_VOLUME_KEYS.get(key, key): each for key, each in volume.items()} if isinstance(volume, dict) else volume
