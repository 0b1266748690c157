"""Pages for a browser: one file each, which asks for nothing, and in which text of jobs is only ever text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tests.formats.test_hostile import TEXTS, hostile
from tests.support import BY_HAND, BY_SCHEDULE, DAILY_SCHEDULE, USER, Hfjobs, Hub

ELEMENTS = (
    " html head meta title style body h1 h2 p a b br code pre span time ul li dl dt dd div article details summary"
    " table thead tbody tfoot tr th td figure figcaption svg rect path "
)
"""All that a page is made of. There is no script, no image, no frame, no form."""

ATTRIBUTES = (
    " lang charset http-equiv content name class href rel datetime title scope data-label role aria-label aria-hidden"
    " aria-current viewbox preserveaspectratio x width height d "
)
VOID = {"meta", "br"}


@dataclass
class Page(HTMLParser):
    """A page as a browser reads it, and what would be wrong with it."""

    text: str
    links: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    moments: list[str] = field(default_factory=list)
    style: str = ""
    policy: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.open: list[str] = []
        assert self.text.isascii()
        self.feed(self.text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert (f" {tag} " in ELEMENTS, [name for name, _ in attrs if f" {name} " not in ATTRIBUTES]) == (True, [])
        assert len(found) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th") and "tbody" in self.open:
            self.cells.append("")
            self.labels.append(found["data-label"])
        self.links += [found["href"]] if "href" in found else []
        self.moments += [found["datetime"]] if "datetime" in found else []
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        elif "tbody" in self.open and self.cells and {"td", "th"} & {*self.open}:
            self.cells[-1] += data


PAGES = [
    ("ps", "-a", "--limit", "0", "-w"),
    ("inspect", BY_HAND),
    ("describe", BY_HAND, "--tail", "0"),
    ("describe", BY_SCHEDULE, f"scheduled-job:{DAILY_SCHEDULE}", "--tail", "0"),
    ("tree", BY_SCHEDULE),
    ("report", "--by", "day,status", "--since", "14d"),
    ("report", "--by", "flavor", "--top", "2"),
    ("report", "--by", "hour", "--since", "3d"),
    ("hardware",),
    ("diff", BY_HAND, BY_SCHEDULE),
    ("scheduled", "ps"),
    ("scheduled", "inspect", DAILY_SCHEDULE),
]


@pytest.mark.parametrize("argv", PAGES, ids=" ".join)
def test_a_page_stands_alone(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
    """Its policy allows its own style sheet, by its hash, and nothing else; its links lead to the Hub it is from."""
    code, stdout, _ = hfjobs(*argv, "--format", "html")
    assert code == 0
    page = Page(stdout)
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|expression", page.style)
    assert "prefers-color-scheme:dark" in page.style
    assert all(re.fullmatch(rf"{hub.endpoint}/jobs/[\w-]+/[0-9a-f]{{24}}", link) for link in page.links)
    assert bool(page.links) == (argv[0] in ("ps", "inspect", "describe", "tree"))
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", each) for each in page.moments)
    assert stdout.startswith('<!doctype html>\n<html lang="en">\n')


def test_a_listing_has_the_cells_of_the_table(hfjobs: Hfjobs) -> None:
    chosen = ("ps", "-a", "--columns", "id,name,status,runtime,label.team")
    table = [line.split() for line in hfjobs(*chosen).stdout.splitlines()]
    page = Page(hfjobs(*chosen, "--format", "html").stdout)
    assert [page.cells[at : at + 5] for at in range(0, len(page.cells), 5)] == table[1:]
    assert page.labels[:5] == ["JOB ID", "NAME", "STATUS", "RUNTIME", "LABEL.TEAM"]


def test_secrets_are_masked(hfjobs: Hfjobs, hub: Hub) -> None:
    """A page is handed on. The table shows jobs as they are."""
    token = f"hf_{'x' * 34}"
    hub.add(
        command=["curl", "--api-key", "sesame1", f"TOKEN={token}"],
        arguments=[token],
        environment={"MY_PASSWORD": "sesame2", "MODE": "fast", "URL": f"x?{token}"},
        labels={"name": "shared"},
    )
    columns = "command,arguments,environment,env.MY_PASSWORD,env.MODE,env.URL,name"
    line = ("ps", "-a", "--name", "shared", "--columns", columns)
    assert "sesame1" in hfjobs(*line).stdout
    page = Page(hfjobs(*line, "--format", "html").stdout)
    assert not re.search("sesame|xxxx", " ".join(page.cells))
    assert page.cells[0] == "curl --api-key '***' 'TOKEN=***' '***'"
    assert page.cells[3:] == ["***", "fast", "x?***", "shared"]


def test_differences_say_between_which_jobs(hfjobs: Hfjobs) -> None:
    """The columns are called A and B."""
    page = hfjobs("diff", BY_HAND, BY_SCHEDULE, "--format", "html").stdout
    assert f" differences from {BY_HAND} to {BY_SCHEDULE}</h1>" in page


def test_numbers_are_aligned_to_the_right(hfjobs: Hfjobs) -> None:
    """Times and labels can be compared as numbers can, and are text all the same."""
    page = hfjobs("ps", "--columns", "name,created,runtime,cost,label.team", "--format", "html").stdout
    headers = re.findall(r'<th scope="col"(?: class="(\w+)")?>([^<]*)</th>', page)
    assert [name for kind, name in headers if kind == "number"] == ["RUNTIME", "COST"]
    assert [name for kind, name in headers if kind != "number"] == ["NAME", "CREATED", "LABEL.TEAM"]


def test_a_report_is_drawn(hfjobs: Hfjobs) -> None:
    """Bars of jobs and of cost, of periods lines too; as many as there is something to draw of."""
    for by, figures, lines in (("flavor", 2, 0), ("day", 4, 3)):
        page = hfjobs("report", "--by", by, "--since", "14d", "--format", "html").stdout
        assert (page.count("<figure"), page.count('class="stroke')) == (figures, lines)
        assert page.count("<tfoot>") == 1
    none = hfjobs("report", "--by", "day", "-f", "name=nobody", "--format", "html").stdout
    assert (Page(none).cells, none.count("<figure")) == ([], 0)


HOSTILE = {
    **{name: text for name, text in TEXTS.items() if len(text) < 1000},
    "script": "</style></title></pre></td><script>alert(1)</script>",
    "attribute": "\" onmouseover='alert(1)' x=`y` '",
    "entity": "&lt;b&gt; &#60; &amp &quot",
    "comment": "--><!-- <![CDATA[ ]]> <?php",
}


def hostile_jobs(hub: Hub, *texts: str) -> str:
    """Return saved jobs, of a Hub whose name is hostile too."""
    jobs = [{**hostile(hub, place, text), "endpoint": "javascript:alert(1)//"} for place, text in enumerate(texts)]
    return "".join(json.dumps(job) + "\n" for job in jobs)


def test_text_is_text(hfjobs: Hfjobs, hub: Hub) -> None:
    """Whatever a job says: it makes no element and no attribute, and reads as in a table."""
    saved = hostile_jobs(hub, *HOSTILE.values())
    shown = hfjobs("ps", "-a", "--from", "-", "--columns", "name", stdin=saved).stdout.splitlines()[1:]
    assert len(shown) == len(HOSTILE)
    for argv in (("ps", "-a"), ("report", "--by", "name"), ("tree", "-a")):
        code, stdout, _ = hfjobs(*argv, "--from", "-", "--format", "html", stdin=saved)
        page = Page(stdout)
        assert code == 0
        assert all(link.startswith(f"{hub.endpoint}/jobs/{USER}/") for link in page.links)
        lost = [each for each in shown if not any(each.strip() in cell for cell in page.cells)]
        assert lost == [] or argv[0] == "tree"


@pytest.mark.parametrize("name", ["script", "attribute", "entity", "bidi", "line ends", "surrogate"])
def test_a_summary_is_text(hfjobs: Hfjobs, hub: Hub, name: str) -> None:
    saved = hostile_jobs(hub, HOSTILE[name])
    code, stdout, _ = hfjobs("describe", "0" * 24, "--from", "-", "--format", "html", stdin=saved)
    assert (code, Page(stdout).links) == (0, [f"{hub.endpoint}/jobs/{USER}/{'0' * 24}"])


@pytest.mark.parametrize("name", ["..", "a/b?c#d", "ümlaut", 'x" onclick="y', ""])
def test_only_pages_of_the_hub_are_linked(hfjobs: Hfjobs, hub: Hub, name: str) -> None:
    """A name is one step of the path, or there is no link."""
    hub.replies(200, json.dumps([hub.job(owner={"id": "1", "name": name, "type": "user"})]))
    page = Page(hfjobs("ps", "-a", "--namespace", "x", "--format", "html").stdout)
    assert [each.count("/") for each in page.links] == ([] if name in ("..", "") else [5])
    assert all(each.startswith(f"{hub.endpoint}/jobs/") for each in page.links)
