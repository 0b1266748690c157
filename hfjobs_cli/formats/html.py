"""`--format html`: a page for a browser, in one file without scripts and without anything from elsewhere.

Text of jobs is only ever text: `text()` is the one way in which it gets into a page, as content and in attributes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from hfjobs_cli.formats.html_style import STYLE
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.table import ABSENT
from hfjobs_cli.models.description import Description
from hfjobs_cli.models.fields import NUMBER_IN_TEXT, Field, Record
from hfjobs_cli.models.group import Group
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.relative import Relative
from hfjobs_cli.text.display import printable
from hfjobs_cli.text.values import timestamp

_LONGEST = 120
"""How many characters of a cell are shown; all of a longer one opens below its beginning."""

_WEB = ("https://", "http://")
"""How an endpoint begins whose pages are linked."""


def render(records: Iterable[Record], view: View) -> None:
    """Write a page with a table; nothing if reading the records fails."""
    rows = list(records)
    write_page(counted(rows, view), table(rows, view), view)


def write_page(title: str, body: Iterable[str], view: View, *, has_heading: bool = True) -> None:
    """Write a whole page, in ASCII, so that it is the same in every encoding of stdout."""
    heading = f"<h1>{text(title)}</h1>\n" if has_heading else ""
    made = f'<p class="made">As of {moment(view.now)}, by hfjobs</p>\n'
    page = "".join([_head(title), heading, made, *body, "</body>\n</html>\n"])
    view.write(page.encode("ascii", "xmlcharrefreplace").decode("ascii"))


@cache
def _policy() -> str:
    """Return what a browser may do with the page: nothing but to use its one style sheet."""
    digest = b64encode(sha256(STYLE.encode("ascii")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _head(title: str) -> str:
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{text(title)} - hfjobs</title>
<style>{STYLE}</style>
</head>
<body>
"""


def text(value: str) -> str:
    """Return untrusted text as content of an element or of an attribute in quotes."""
    return escape(printable(value))


def lines(value: str) -> str:
    """Return untrusted text whose line breaks stay."""
    return "\n".join(map(text, value.split("\n")))


def moment(value: datetime) -> str:
    """Return a moment as an element, to the minute; a page may be read long after it was made."""
    stamp = timestamp(value)
    return f'<time datetime="{stamp}" title="{stamp}">{stamp[:10]} {stamp[11:16]} UTC</time>'


def marked(value: str, style: str | None) -> str:
    """Return a status with its color, which is the name of a class."""
    return f'<span class="status {style}">{text(value)}</span>' if style else text(value)


def counted(records: Sequence[Record], view: View) -> str:
    """Return how many records there are: `3 jobs`. A sum is none."""
    count = sum(not is_sum(each) for each in records)
    return f"{count:,} {view.kind.noun if count == 1 else view.kind.plural}"


def is_sum(record: Record) -> bool:
    """Return whether it sums up other records."""
    return isinstance(record, Group) and record.is_sum


def address(record: Record, view: View) -> str | None:
    """Return the URL of the Hub's page about a record; None if there is none, or if it is not of the view's Hub."""
    if isinstance(record, Description):
        return None if record.job is None else address(record.job, view)
    owner: str | None
    endpoint: str | None
    if isinstance(record, JobInfo):
        owner, endpoint = record.owner.name, record.endpoint
    elif isinstance(record, Relative) and record.is_job:
        owner, endpoint = record.namespace, view.endpoint()
    else:
        return None
    if not owner or endpoint is None or endpoint != view.endpoint() or not endpoint.startswith(_WEB):
        return None
    names = [owner, record.id]
    if any(not name.strip(".") for name in names):
        return None  # what a browser takes for a step up
    return "/".join([endpoint, "jobs", *(quote(name, safe="", errors="replace") for name in names)])


def linked(content: str, url: str | None) -> str:
    """Return content as a link, if there is a URL."""
    return content if url is None else f'<a href="{text(url)}" rel="noreferrer">{content}</a>'


def cell(column: Field, record: Record, view: View) -> str:
    """Return the content of a cell."""
    value: Any = column.read(record, view.now)
    if isinstance(value, datetime):
        return moment(value)
    shown = column.cell(record, view.now)
    if shown is None:
        return f'<span class="absent">{ABSENT}</span>'
    if len(shown) > _LONGEST:
        beginning = text(shown[:_LONGEST].rstrip())
        return f"<details><summary>{beginning}&hellip;</summary>{text(shown)}</details>"
    return marked(shown, column.about.styles.get(shown))


def table(records: Sequence[Record], view: View) -> Iterator[str]:
    """Yield a table of the columns of a view. Sums are its foot."""
    columns = view.columns
    yield '<div class="table"><table>\n<thead><tr>'
    for column in columns:
        yield f'<th scope="col"{_class(column, view)}>{text(column.header)}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for record in records:
        if not is_sum(record):
            yield _row(record, view)
    yield "</tbody>\n"
    if sums := [record for record in records if is_sum(record)]:
        yield "<tfoot>\n"
        yield from (_row(record, view) for record in sums)
        yield "</tfoot>\n"
    yield "</table></div>\n"


def _row(record: Record, view: View) -> str:
    cells = []
    for column in view.columns:
        content = cell(column, record, view)
        label = f' data-label="{text(column.header)}"'
        if column.name == view.kind.key:
            shown = linked(content, address(record, view))
            cells.append(f'<th scope="row"{_class(column, view)}{label}>{shown}</th>')
        else:
            cells.append(f"<td{_class(column, view)}{label}>{content}</td>")
    return f"<tr>{''.join(cells)}</tr>\n"


def _class(column: Field, view: View) -> str:
    """Return the class of the cells of a column: numbers are aligned to the right, what is typed is code."""
    measure = column.measure
    if measure is not None and measure is not NUMBER_IN_TEXT and measure.unit != "moment":
        return ' class="number"'
    is_code = column.shape.base is list or (column.name == view.kind.key and column.measure is None)
    return ' class="code"' if is_code else ""


def rows(heads: Mapping[str, str], cells: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table from headers, each with the class of its cells, and from rows of content."""
    yield '<div class="table"><table>\n<thead><tr>'
    for head, class_ in heads.items():
        yield f'<th scope="col" class="{class_}">{text(head)}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for row in cells:
        labeled = zip(heads.items(), row, strict=True)
        content = "".join(
            f'<td class="{class_}" data-label="{text(head)}">{each}</td>' for (head, class_), each in labeled
        )
        yield f"<tr>{content}</tr>\n"
    yield "</tbody>\n</table></div>\n"
