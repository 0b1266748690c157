"""References to jobs and schedules: ids, names, pages, and selectors such as `@latest`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO
from urllib.parse import urlsplit

from hfjobs_cli.errors import BadResponse, UsageError
from hfjobs_cli.models.vocabulary import SCHEDULE_STATES, STAGE_WORDS, STAGES

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.selectors import Selector


_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")


def is_name(text: str) -> bool:
    """Return whether `text` can be an id or a namespace, and so may enter a URL."""
    return bool(_NAME.fullmatch(text) and text.strip("."))


def is_id(text: str) -> bool:
    """Return whether `text` can be an id of the Hub.

    The Hub's have 24 hexadecimal digits, but its schema says just that they are strings.
    """
    return is_name(text) and text[0].isalnum()


def check_name(text: str, what: str) -> str:
    """Return `text` if it can be an id or a namespace. Raises UsageError."""
    if not is_name(text):
        raise UsageError(
            f"invalid {what} '{text}'",
            hint="use letters, digits, '-', '_' and '.'",
        )
    return text


class ReferenceSyntax(NamedTuple):
    """The syntax of references to jobs or schedules. `listing` is the command that lists them.

    One may be described by `filters`, options of that command (`@name=train`), or by a word that is short for a status.
    `parser` returns what reads these options; it is called when something is described, with what it then imports.
    """

    noun: str
    plural: str
    listing: str
    ways: str
    filters: tuple[str, ...]
    statuses: Mapping[str, str]
    parser: Callable[[], Callable[..., Any]]
    has_pages: bool = False


def _job_filter() -> Callable[..., Any]:
    from hfjobs_cli.query.filters import parse_filter

    return parse_filter


def _schedule_filter() -> Callable[..., Any]:
    from hfjobs_cli.query.schedule_filters import parse_schedule_filter

    return parse_schedule_filter


JOBS = ReferenceSyntax(
    "job",
    "jobs",
    "ps",
    "ID, NAME, NAMESPACE/ID, @latest or the URL of a job",
    ("status", "name", "label", "initiator"),
    {**{stage.lower(): stage for stage in STAGES}, **STAGE_WORDS},
    _job_filter,
    has_pages=True,
)
SCHEDULES = ReferenceSyntax(
    "schedule",
    "schedules",
    "scheduled ps",
    "ID, NAME, NAMESPACE/ID or @latest",
    ("status", "name", "label"),
    {state: state for state in SCHEDULE_STATES},
    _schedule_filter,
)


_PORTS = {"http": 80, "https": 443}

MAX_LINE = 2000
"""How long a line of stdin may be, in characters; the address of a page has 100."""

MAX_LINES = 1_000_000
"""How many lines of stdin are read."""

_ID = re.compile(r"[0-9a-f]{24}")
"""An id as the Hub makes them. Everything else that can be a name is looked for as a name."""

_HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")


@dataclass(frozen=True, slots=True)
class JobReference:
    """The id of a job, or of a schedule, and its namespace, None for the token's user."""

    namespace: str | None
    id: str

    @classmethod
    def of(cls, listed: JobInfo | ScheduledJob, namespace: str | None) -> JobReference:
        """Return the reference of what was listed in a namespace. Raises BadResponse if it can have none."""
        owner = namespace or listed.owner.name
        if not (owner is None or is_name(owner)) or not is_name(listed.id):
            raise BadResponse(f"unexpected response from the Hub: invalid id '{listed.id}' or namespace '{owner}'")
        return cls(owner, listed.id)

    def __str__(self) -> str:
        """Format the reference as the command line takes it."""
        return self.id if self.namespace is None else f"{self.namespace}/{self.id}"


def parse_reference(text: str, namespace: str | None, endpoint: str, syntax: ReferenceSyntax = JOBS) -> JobReference:
    """Parse a reference; `namespace` (`--namespace`) is the default.

    Raises UsageError if it is none, if it names another namespace than `--namespace`, or another Hub than `endpoint`.
    """
    path = _path_of_page(text, endpoint) if "://" in text and syntax.has_pages else text
    own, slash, identifier = path.rpartition("/")
    if not is_name(identifier) or (slash and not is_name(own)):
        raise UsageError(
            f"invalid {syntax.noun} '{text}'",
            hint=f"use {syntax.ways}; 'hfjobs {syntax.listing} -q' prints ids",
        )
    if not slash:
        return JobReference(namespace, identifier)
    if namespace not in (None, own):
        raise UsageError(
            f"'{text}' is in namespace '{own}', but --namespace is '{namespace}'",
            hint="remove one of them",
        )
    return JobReference(own, identifier)


def parse_references(
    texts: Iterable[str],
    stdin: TextIO,
    namespace: str | None,
    endpoint: str,
    now: datetime,
    syntax: ReferenceSyntax = JOBS,
) -> list[JobReference | Selector]:
    """Parse references in order; `-` reads them from `stdin`, one per line.

    What has to be looked for is described: a name, `@failed`, or the beginning of an id.

    Raises UsageError for the first that is wrong, before any request is made.
    """
    if namespace is not None:
        check_name(namespace, "namespace")
    words: list[str] = []
    for text in texts:
        if text == "-":
            try:
                words += _read_lines(stdin, syntax)
            except OSError as error:
                raise UsageError(f"cannot read stdin: {error.strerror}") from error
        else:
            words.append(text)
    return [
        _described(word, namespace, now, syntax) or parse_reference(word, namespace, endpoint, syntax) for word in words
    ]


def _described(text: str, namespace: str | None, now: datetime, syntax: ReferenceSyntax) -> Selector | None:
    """Return the selector for a reference that is not an id; None otherwise."""
    identifier = text.rpartition("/")[2]
    if _ID.fullmatch(identifier) or "://" in text or not ("@" in text or is_name(identifier.rpartition(":")[2])):
        return None
    from hfjobs_cli.query.selectors import parse_selector  # with the filters, which ids do without

    return parse_selector(text, namespace, now, syntax)


def _read_lines(stdin: TextIO, syntax: ReferenceSyntax) -> Iterator[str]:
    """Yield the non-empty lines of a stream. Raises UsageError if it is not a list of references."""
    count = 0
    # A line is read piece by piece, as there may be no end of it.
    while line := stdin.readline(MAX_LINE):
        count += 1
        if len(line) == MAX_LINE or count > MAX_LINES:
            what = (
                f"a line of more than {MAX_LINE - 1} characters"
                if count <= MAX_LINES
                else f"more than {MAX_LINES} lines"
            )
            raise UsageError(
                f"stdin is not a list of {syntax.plural}: it has {what}",
                hint=f"pipe the output of 'hfjobs {syntax.listing} -q' to it",
            )
        text = line.strip().lstrip("\ufeff")  # PowerShell puts a byte order mark before what it pipes
        if text:
            yield text


def _path_of_page(text: str, endpoint: str) -> str:
    """Return `NAMESPACE/ID` of the page at address `text`."""
    hub = urlsplit(endpoint)
    try:
        page = urlsplit(text)
        at_hub = (page.hostname, page.port or _PORTS.get(page.scheme)) == (hub.hostname, hub.port or _PORTS[hub.scheme])
    except ValueError:
        raise UsageError(f"invalid URL '{text}'", hint=f"use {endpoint}/jobs/NAMESPACE/ID") from None
    if not at_hub and not (page.hostname in _HUB_HOSTS and hub.hostname in _HUB_HOSTS):
        raise UsageError(
            f"'{text}' is not a page of {endpoint}",
            hint="use NAMESPACE/ID, or give its Hub with --endpoint",
        )
    path = page.path.removeprefix(hub.path).strip("/")
    if not path.startswith("jobs/"):
        raise UsageError(f"'{text}' is not the URL of a job", hint=f"use {endpoint}/jobs/NAMESPACE/ID")
    return path.removeprefix("jobs/")
