"""`--format html`: a page for a browser, in one file, without scripts and without resources from elsewhere.

Text of jobs is always escaped: it gets into a page only through `text()`, as content and in attributes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.table import ABSENT
from hfjobs_cli.models.changes import Difference
from hfjobs_cli.models.describe_result import Description
from hfjobs_cli.models.group import Group
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.kind import Field
from hfjobs_cli.models.record import NUMBER_IN_TEXT, Record
from hfjobs_cli.models.tree_node import TreeNode
from hfjobs_cli.text.redaction import masked_value, masked_words
from hfjobs_cli.text.terminal_text import printable
from hfjobs_cli.text.values import timestamp

_LONGEST = 120
"""How many characters of a cell are shown; the rest of a longer one can be unfolded."""

_WEB = ("https://", "http://")
"""The schemes of endpoints whose pages are linked."""


def render(records: Iterable[Record], view: View) -> None:
    """Write a page with a table; nothing if reading the records fails."""
    rows = list(records)
    write_page(counted(rows, view), table(rows, view), view)


def write_page(title: str, body: Iterable[str], view: View, *, has_heading: bool = True) -> None:
    """Write a whole page, in ASCII, which is the same in every encoding of stdout."""
    heading = f"<h1>{text(title)}</h1>\n" if has_heading else ""
    made = f'<p class="made">As of {moment(view.now)}, by hfjobs</p>\n'
    page = "".join([_head(title), heading, made, *body, "</body>\n</html>\n"])
    view.write(page.encode("ascii", "xmlcharrefreplace").decode("ascii"))


@cache
def _policy() -> str:
    """Return the content security policy: the browser may only apply the style sheet of the page."""
    digest = b64encode(sha256(_STYLE.encode("ascii")).digest()).decode("ascii")
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
<style>{_STYLE}</style>
</head>
<body>
"""


def text(value: str) -> str:
    """Return untrusted text escaped for the content of an element or an attribute in quotes."""
    return escape(printable(value))


def lines(value: str) -> str:
    """Return untrusted text escaped, with its line breaks."""
    return "\n".join(map(text, value.split("\n")))


def moment(value: datetime) -> str:
    """Return a time as an element, to the minute. It is not relative, as a page may be read long after."""
    stamp = timestamp(value)
    return f'<time datetime="{stamp}" title="{stamp}">{stamp[:10]} {stamp[11:16]} UTC</time>'


def marked(value: str, style: str | None) -> str:
    """Return a status in its color; a class has the name of the color."""
    return f'<span class="status {style}">{text(value)}</span>' if style else text(value)


def counted(records: Sequence[Record], view: View) -> str:
    """Return the number of records, without sums: `3 jobs`; of differences also the jobs that differ."""
    count = sum(not is_sum(each) for each in records)
    first = records[0] if records else None
    between = f" from {first.job_a} to {first.job_b}" if isinstance(first, Difference) else ""
    return f"{count:,} {view.kind.noun if count == 1 else view.kind.plural}{between}"


def is_sum(record: Record) -> bool:
    """Return whether a record is a sum of others."""
    return isinstance(record, Group) and record.is_sum


def address(record: Record, view: View) -> str | None:
    """Return the URL of the Hub's page about a record; None if there is none, or if it belongs to another Hub."""
    if isinstance(record, Description):
        return None if record.job is None else address(record.job, view)
    owner: str | None
    endpoint: str | None
    if isinstance(record, JobInfo):
        owner, endpoint = record.owner.name, record.endpoint
    elif isinstance(record, TreeNode) and record.is_job:
        owner, endpoint = record.namespace, view.endpoint()
    else:
        return None
    if not owner or endpoint is None or endpoint != view.endpoint() or not endpoint.startswith(_WEB):
        return None
    names = [owner, record.id]
    if any(not name.strip(".") for name in names):
        return None  # a browser would go to the parent directory
    return "/".join([endpoint, "jobs", *(quote(name, safe="", errors="replace") for name in names)])


def linked(content: str, url: str | None) -> str:
    """Return content as a link, if there is a URL."""
    return content if url is None else f'<a href="{text(url)}" rel="noreferrer">{content}</a>'


def cell(column: Field, record: Record, view: View) -> str:
    """Return the content of a cell. What looks like a secret is masked, as pages are handed on."""
    value: Any = column.read(record, view.now)
    if isinstance(value, datetime):
        return moment(value)
    masked = _masked(column, value)
    if masked != value:
        column = replace(column, read=lambda _record, _now: masked)
    shown = column.cell(record, view.now)
    if shown is None:
        return f'<span class="absent">{ABSENT}</span>'
    if len(shown) > _LONGEST:
        beginning = text(shown[:_LONGEST].rstrip())
        return f"<details><summary>{beginning}&hellip;</summary>{text(shown)}</details>"
    return marked(shown, column.meta.styles.get(shown))


def _masked(column: Field, value: Any) -> Any:
    """Return a value without secrets: variables, words of a command, tokens in texts."""
    if isinstance(value, str):
        return masked_value(column.name.partition(".")[2], value)
    if isinstance(value, Mapping):
        return {key: masked_value(key, each) if isinstance(each, str) else each for key, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return masked_words(value)
    return value


def table(records: Sequence[Record], view: View) -> Iterator[str]:
    """Yield a table with the columns of a view, and sums in its foot."""
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
    """Return the class of the cells of a column: numbers are aligned to the right, input of users is code."""
    measure = column.measure
    if measure is not None and measure is not NUMBER_IN_TEXT and measure.unit != "time":
        return ' class="number"'
    is_code = column.type.base is list or (column.name == view.kind.key and column.measure is None)
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


_STYLE = """
:root{color-scheme:light dark;--back:#fff;--fore:#1f2328;--soft:#59636e;--edge:#d9dee3;--fill:#f6f8fa;--link:#0757b8;
--green:#1a7f37;--red:#c9202c;--yellow:#8a6100;--cyan:#0a6c8f;--magenta:#8250df;--cost:#4f5bd5}
@media (prefers-color-scheme:dark){:root{--back:#0f1318;--fore:#e6e9ed;--soft:#9aa4af;--edge:#2d343c;--fill:#181d24;
--link:#76b3ff;--green:#4cc268;--red:#ff7b72;--yellow:#d9a72e;--cyan:#4cbfe0;--magenta:#bf97ff;--cost:#94a2ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:90rem;padding:1.25rem 1rem 2rem;background:var(--back);color:var(--fore);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
p{margin:.25rem 0}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
code,pre,.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.87em}
.made{margin:-.6rem 0 1rem;color:var(--soft);font-size:.85rem}.made:first-child{margin-top:0}
article+article{margin-top:2.5rem;padding-top:1.5rem;border-top:1px solid var(--edge)}
.status{font-weight:600;font-size:.82em;letter-spacing:.02em;white-space:nowrap;color:currentColor}
.status::before{content:"";display:inline-block;width:.55em;height:.55em;margin-right:.4em;border-radius:50%;
background:currentColor}
.green{color:var(--green);fill:var(--green)}.red{color:var(--red);fill:var(--red)}
.yellow{color:var(--yellow);fill:var(--yellow)}.cyan{color:var(--cyan);fill:var(--cyan)}
.magenta{color:var(--magenta);fill:var(--magenta)}.rest{fill:var(--edge)}
.cost{color:var(--cost);fill:var(--cost)}
.bold{font-weight:700;font-size:inherit;letter-spacing:0}.bold::before{display:none}
.absent,.place,.more{color:var(--soft)}
time{white-space:nowrap}
.table{overflow-x:auto;border:1px solid var(--edge);border-radius:8px}
table{border-collapse:collapse;width:100%}
th,td{padding:.45rem .75rem;text-align:left;vertical-align:top;font-weight:400}
thead th{background:var(--fill);color:var(--soft);font-size:.75rem;font-weight:600;white-space:nowrap;
font-family:inherit}
thead .code{font-size:.75rem}
tbody tr,tfoot tr{border-top:1px solid var(--edge)}
tbody tr:hover{background:var(--fill)}
tbody th,tfoot th{white-space:nowrap}
tfoot th,tfoot td{font-weight:700}
td{max-width:28rem;overflow-wrap:anywhere}
td:not(.code){min-width:4.5rem}
td.code{min-width:12rem}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
summary{cursor:pointer}
dl{margin:1rem 0 0}
dl div{display:grid;grid-template-columns:9rem 1fr;gap:0 1rem;padding:.4rem 0;border-top:1px solid var(--edge)}
.steps div{grid-template-columns:17rem 1fr}
dt{color:var(--soft)}
dd{margin:0;min-width:0;white-space:pre-wrap;overflow-wrap:anywhere}
pre{margin:0;padding:.75rem 1rem;background:var(--fill);border:1px solid var(--edge);border-radius:8px;
white-space:pre-wrap;overflow-wrap:anywhere}
.bar{display:block;width:100%;height:.9rem;background:var(--fill);border-radius:3px;overflow:hidden}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.4rem 0;padding:0;list-style:none;font-size:.85rem;
color:var(--soft)}
.key{width:.7rem;height:.7rem;margin-right:.4rem;border-radius:2px;overflow:hidden}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem;margin-bottom:1rem}
figure{margin:0;padding:.9rem 1rem;border:1px solid var(--edge);border-radius:8px;min-width:0}
figcaption{font-weight:600}
.bars{margin:.5rem 0 0;padding:0;list-style:none}
.bars li{display:grid;grid-template-columns:minmax(5rem,30%) 1fr 5.5rem;gap:.75rem;align-items:center;padding:.12rem 0}
.bars span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars b{font-weight:400;text-align:right;font-variant-numeric:tabular-nums}
.line svg[role]{display:block;width:100%;height:9rem;overflow:visible}
.line .most,.ends{margin:.3rem 0;color:var(--soft);font-size:.8rem}
.ends{display:flex;justify-content:space-between}
.grid{stroke:var(--edge);fill:none;vector-effect:non-scaling-stroke}
.stroke{stroke:currentColor;fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.area{fill-opacity:.12}
.tree{overflow-x:auto}
.tree ul{margin:0;padding:0 0 0 1.4rem;list-style:none}
.tree>ul{padding:0;margin-bottom:1.25rem}
.tree ul ul ul ul ul ul ul{padding-left:.5rem}
.tree li{position:relative;padding:.15rem 0}
.tree ul ul>li::before{content:"";position:absolute;left:-.8rem;top:0;bottom:0;border-left:1px solid var(--edge)}
.tree ul ul>li:last-child::before{bottom:auto;height:1rem}
.tree ul ul>li::after{content:"";position:absolute;left:-.8rem;top:1rem;width:.6rem;border-top:1px solid var(--edge)}
.node{display:inline-flex;flex-wrap:wrap;gap:0 .75rem;align-items:baseline;padding:.05rem .4rem;border-radius:5px}
.node[aria-current]{background:var(--fill);outline:1px solid var(--link)}
.node .name{font-weight:600}.node .value{color:var(--soft)}.folded{color:var(--soft)}
@media (max-width:48rem){
body{padding:1rem .75rem 1.5rem}
.table{border:0}
table,tbody,tfoot,tr,th,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr,tfoot tr{border:1px solid var(--edge);border-radius:8px;margin-bottom:.6rem;padding:.35rem 0}
tbody th,tbody td,tfoot th,tfoot td{display:grid;grid-template-columns:7rem 1fr;gap:.75rem;max-width:none;
padding:.15rem .75rem;white-space:normal;overflow-wrap:anywhere}
.number{text-align:left}
td[data-label]::before,th[data-label]::before{content:attr(data-label);color:var(--soft);font:600 .75rem/1.9 system-ui,
sans-serif}
dl div,.steps div{grid-template-columns:1fr}
.bars li{grid-template-columns:minmax(4rem,34%) 1fr 4.6rem;gap:.5rem}
}
@media print{.table{overflow:visible}a{color:inherit}}
"""
"""The style sheet: light and dark, for phones and desktops. ASCII, as the page is."""
