"""`hfjobs tree`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import Query, only, source_of
from hfjobs_cli.commands._lineage import MAX_LOOKUPS, FamilyReader, starter, with_ancestors
from hfjobs_cli.commands._listing import Listing, job_filter, none_found
from hfjobs_cli.errors import ExitCode, NotFound, UsageError, conflict
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.query.filters import Scan
from hfjobs_cli.text.values import check_name

if TYPE_CHECKING:
    from hfjobs_cli.commands._hub_or_file import Source
    from hfjobs_cli.models.tree_node import TreeNode
    from hfjobs_cli.query.filters import Page

    _Found = tuple[list[TreeNode], list[str]]
    """Relatives, and notes about them."""


def tree(
    session: Session,
    job: single_command_options.Root = None,
    *,
    up: single_command_options.Up = False,
    down: single_command_options.Down = False,
    depth: single_command_options.Depth = None,
    all_namespaces: single_command_options.AllNamespaces = False,
    choice: Annotated[options.Choice, "job"],
    output: Annotated[options.Output, "relative"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Show the parents and children of jobs as a tree.

    The root is what started a job: a schedule, a webhook or a person. Below it are all its descendants: runs,
    duplicates, duplicates of duplicates, and copies with changes, which have the label duplicated-from. Other jobs of
    the same person are not included. The requested job is marked.

    At most 12 children of a parent are shown and the rest counted; --no-trunc shows all. (gone) marks what the Hub no
    longer knows. Pages are read back to the age of the root. --from reads saved jobs. --format mermaid and dot print
    the tree as a graph for other programs.

    \b
    Examples:
      hfjobs tree 6a02e814aff1cd33e8f34583
      hfjobs tree --up 6a02e814aff1cd33e8f34583
      hfjobs tree scheduled-job:refresh-index --depth 1
      hfjobs tree -a --since 7d
      hfjobs tree 6a02e814aff1cd33e8f34583 --format mermaid
      hfjobs tree 6a02e814aff1cd33e8f34583 --format dot | dot -Tsvg > family.svg
      hfjobs tree -a --from jobs.jsonl
      hfjobs tree -q --down 6a02e814aff1cd33e8f34583 | hfjobs inspect -
    """
    listing = Listing(session, output)
    if namespace is not None:
        check_name(namespace, "namespace")
    source = source_of(session, from_)
    if all_namespaces and source.is_saved:
        raise conflict("--all-namespaces", "--from")
    if job is None:
        about_one = [name for name, value in (("up", up), ("down", down), ("all-namespaces", all_namespaces)) if value]
        if about_one:
            raise UsageError(f"--{about_one[0]} requires a job", hint=f"use hfjobs tree --{about_one[0]} JOB")
        found, remarks = _forest(session, source, choice, namespace, depth)
    else:
        if choice.are_given:
            raise UsageError("a job and filters cannot be used together", hint="remove one of them")
        found, remarks = _family(session, source, job, namespace, all_namespaces, up=up, down=down, depth=depth)
    listing.show([each for each in found if not output.quiet or each.is_job])
    for remark in remarks:
        session.note(remark)
    return ExitCode.DONE


def _family(
    session: Session, source: Source, text: str, namespace: str | None, everywhere: bool, **which: Any
) -> _Found:
    """Return the relatives of what a text names. Raises UsageError or NotFound."""
    asked = starter(source, text, namespace) or only(source.named([text], namespace), text)
    reader = FamilyReader(session, source)
    lineage = reader.read(asked, namespace, session.client.other_namespaces() if everywhere else ())
    key = asked.id if isinstance(asked, JobInfo) else asked.key
    if not isinstance(asked, JobInfo) and not lineage.children(key):
        raise NotFound(
            f"no job was started by {key}", hint="'hfjobs ps -a --columns +initiator' shows what started jobs"
        )
    found = lineage.family(key, session.clock(), **which)
    relatives, jobs, pages = len(found) - 1, len(reader.jobs), reader.pages
    return found, [f"{_count(relatives, 'relative')} among {_count(jobs, 'job')} read on {_count(pages, 'page')}"]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _forest(
    session: Session, source: Source, choice: options.Choice, namespace: str | None, depth: int | None
) -> _Found:
    """Return the trees of the jobs that the filters select."""
    wanted = job_filter(session, choice)
    if wanted.names_schedules:
        names = source.schedule_names(namespace)
        if names is None:
            raise UsageError("cannot look up the names of schedules", hint="use an id, scheduled-job:ID")
        wanted = wanted.with_schedules(names)
    seen: dict[str, JobInfo] = {}

    def kept(pages: Iterable[Page]) -> Iterator[Page]:
        for page in pages:
            seen.update((job.id, job) for job in page.jobs)
            yield page

    def page_read(scan: Scan) -> None:
        session.progress(f"{scan.read:,} jobs read, {scan.matched:,} match ...")

    pages = source.pages(Query(namespace, wanted.stages, wanted.labels, wanted.earliest, reads_all=not choice.limit))
    scan = Scan(kept(pages), wanted, choice.limit, page_read)
    chosen = [job.id for job in scan.jobs()]
    is_all = not (wanted.stages or wanted.labels or wanted.earliest or scan.has_more)
    lineage = with_ancestors(source, seen, chosen, namespace, 0 if is_all else MAX_LOOKUPS)
    found = lineage.forest(chosen, session.clock(), depth=depth)
    if not scan.matched:
        return found, [none_found(wanted)]
    return found, list(_remarks(scan, sum(not each.generation for each in found)))


def _remarks(scan: Scan, trees: int) -> Iterator[str]:
    """Yield notes about the trees."""
    read = f"{_count(scan.read, 'job')} read on {_count(scan.pages, 'page')}"
    yield f"{_count(scan.matched, 'job')} in {_count(trees, 'tree')}, {read}"
    if scan.has_more:
        yield f"hint: showing the first {scan.matched}, there may be more; --limit 0 shows all"
