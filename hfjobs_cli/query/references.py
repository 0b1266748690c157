"""References to jobs and schedules: ids, names, URLs, and selectors such as `@latest`, `@2` and `@name=train`.

Selectors are resolved by a listing. So are names, prefixes of ids, and `scheduled-job:NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO
from urllib.parse import urlsplit

from hfjobs_cli.errors import BadResponse, UsageError, one_of
from hfjobs_cli.models.vocabulary import SCHEDULE_STATES, SCHEDULED_JOB, STAGE_WORDS, STAGES
from hfjobs_cli.text.values import check_name, digits, is_name

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob

MAX_LINE = 2000
"""The longest line of stdin, in characters; the URL of a job has 100."""

MAX_LINES = 1_000_000
"""The most lines that are read from stdin."""

_ID = r"[0-9a-f]{24}"
"""An id of the Hub. Anything else that is a valid name is resolved as a name."""

_PREFIX = r"[0-9a-f]{6,23}"
"""A prefix of an id, which has 24 digits. Shorter ones would match too many jobs."""

_PORTS = {"http": 80, "https": 443}

_HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")

NEWEST = ("latest", "last")
"""Words for the newest one in any status."""


class ReferenceSyntax(NamedTuple):
    """The syntax of references to jobs or schedules. `listing` is the command that lists them.

    A selector names one of `filters`, which are options of that command (`@name=train`), or is a word of `statuses`.
    `parse_filter` parses these options.
    """

    noun: str
    plural: str
    listing: str
    ways: str
    filters: tuple[str, ...]
    statuses: Mapping[str, str]
    parse_filter: Callable[..., Any]
    has_pages: bool = False


def _parse_job_filter(now: datetime, **options: Any) -> Any:
    from hfjobs_cli.query.filters import parse_filter  # loads the records of jobs, which completion does without

    return parse_filter(now, **options)


def _parse_schedule_filter(now: datetime, **options: Any) -> Any:
    from hfjobs_cli.query.schedule_filters import parse_schedule_filter  # loads the records of schedules

    return parse_schedule_filter(now, **options)


JOBS = ReferenceSyntax(
    "job",
    "jobs",
    "ps",
    "ID, NAME, NAMESPACE/ID, @latest or the URL of a job",
    ("status", "name", "label", "initiator"),
    {**{stage.lower(): stage for stage in STAGES}, **STAGE_WORDS},
    _parse_job_filter,
    has_pages=True,
)

SCHEDULES = ReferenceSyntax(
    "schedule",
    "schedules",
    "scheduled ps",
    "ID, NAME, NAMESPACE/ID or @latest",
    ("status", "name", "label"),
    {state: state for state in SCHEDULE_STATES},
    _parse_schedule_filter,
)


@dataclass(frozen=True, slots=True)
class JobReference:
    """The id of a job or schedule, and its namespace; None is the token's user."""

    namespace: str | None
    id: str

    @classmethod
    def of(cls, listed: JobInfo | ScheduledJob, namespace: str | None) -> JobReference:
        """Return the reference to a listed job or schedule. Raises BadResponse if its id or namespace is invalid."""
        owner = namespace or listed.owner.name
        if not (owner is None or is_name(owner)) or not is_name(listed.id):
            raise BadResponse(f"unexpected response from the Hub: invalid id '{listed.id}' or namespace '{owner}'")
        return cls(owner, listed.id)

    def __str__(self) -> str:
        """Format the reference as the command line takes it."""
        return self.id if self.namespace is None else f"{self.namespace}/{self.id}"


class Selector(NamedTuple):
    """A parsed selector: the record at index `place`, newest first, of those that match the filter `wanted`.

    With a `prefix` it is the only record whose id begins with it, if there is one. With a `name` it is the record of
    that name, which the filter `named` matches. With a `schedule` it is the newest run of that. `text` is as given.
    """

    text: str
    namespace: str | None
    wanted: Any
    place: int = 0
    prefix: str = ""
    name: str = ""
    named: Any = None
    schedule: str = ""

    def __str__(self) -> str:
        """Format the selector as it was given."""
        return self.text


def parse_references(
    texts: Iterable[str],
    stdin: TextIO,
    namespace: str | None,
    endpoint: str,
    now: datetime,
    syntax: ReferenceSyntax = JOBS,
) -> list[JobReference | Selector]:
    """Parse references in order; `-` reads them from `stdin`, one per line.

    Names, prefixes of ids and words such as `@failed` become selectors. Raises UsageError for the first invalid one,
    before any request.
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
        _parse_selector(word, namespace, now, syntax) or _parse_reference(word, namespace, endpoint, syntax)
        for word in words
    ]


def _read_lines(stdin: TextIO, syntax: ReferenceSyntax) -> Iterator[str]:
    """Yield the non-empty lines of a stream. Raises UsageError if it is not a list of references."""
    count = 0
    # Lines are read in pieces, as a line may never end.
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
        text = line.strip().lstrip("\ufeff")  # PowerShell begins pipes with a byte order mark
        if text:
            yield text


def _parse_reference(text: str, namespace: str | None, endpoint: str, syntax: ReferenceSyntax = JOBS) -> JobReference:
    """Parse `ID`, `NAMESPACE/ID` or a URL; `namespace` (`--namespace`) is the default.

    Raises UsageError if it is invalid, or names another namespace than `--namespace` or another Hub than `endpoint`.
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


def _path_of_page(text: str, endpoint: str) -> str:
    """Return `NAMESPACE/ID` of the job whose page has the URL `text`. Raises UsageError."""
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


def _parse_selector(text: str, namespace: str | None, now: datetime, syntax: ReferenceSyntax) -> Selector | None:
    """Parse a selector or a name, also after `NAMESPACE/`; None for an id, a URL and all else. Raises UsageError."""
    identifier = text.rpartition("/")[2]
    if re.fullmatch(_ID, identifier) or "://" in text or not ("@" in text or is_name(identifier.rpartition(":")[2])):
        return None
    before, at, what = text.partition("@")
    own, slash, rest = before.rpartition("/")
    type_, colon, who = rest.partition(":")
    is_run = bool(colon) and type_ == SCHEDULED_JOB and syntax.has_pages and is_name(who)
    if not at and ((slash and not is_name(own)) or not (is_name(rest) or is_run)):
        return None
    if slash:
        check_name(own, "namespace")
        if namespace not in (None, own):
            raise UsageError(
                f"'{text}' is in namespace '{own}', but --namespace is '{namespace}'", hint="remove one of them"
            )
        namespace = own
    if is_run and not at:
        return Selector(text, namespace, syntax.parse_filter(now, all_=True, initiator=[rest]), schedule=who)
    if not at:
        prefix = rest if re.fullmatch(_PREFIX, rest) else ""
        named = syntax.parse_filter(now, all_=True, name=rest)
        return Selector(text, namespace, syntax.parse_filter(now, all_=True), prefix=prefix, name=rest, named=named)
    place = digits(what)
    if place is not None and len(what) < 10:
        return Selector(text, namespace, syntax.parse_filter(now, all_=True), place=place)
    return Selector(text, namespace, _wanted(text, what, now, syntax))


def _wanted(text: str, what: str, now: datetime, syntax: ReferenceSyntax) -> Any:
    """Return the filter for the word after `@`. Raises UsageError."""
    parse = syntax.parse_filter
    word, equals, value = what.partition("=")
    if not equals and word in NEWEST:
        return parse(now, all_=True)
    if not equals and word.lower() in syntax.statuses:
        return parse(now, status=[syntax.statuses[word.lower()]])
    if equals and word in syntax.filters:
        given = value if word == "name" else [value]
        return parse(now, all_=word != "status", **{word: given})
    raise UsageError(f"invalid {syntax.noun} '{text}'", hint=one_of(f"@{word}", selector_words(syntax)))


def selector_words(syntax: ReferenceSyntax) -> list[str]:
    """Return the words of selectors, with the `@`."""
    return [f"@{each}" for each in (*NEWEST, "0", *syntax.statuses, *(f"{name}=" for name in syntax.filters))]
