"""Lineage: the parent (job, user, schedule or webhook) and the children of each job.

A job has one parent. Changed copies have the label `duplicated-from`, which counts before the initiator. Users and
organizations are parents too, but jobs of the same user are not relatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple

from hfjobs_cli.models.job import JobInfo, JobInitiator, initiator_type
from hfjobs_cli.models.tree_node import CIRCLE, GONE, JOB, UNREAD, TreeNode
from hfjobs_cli.models.vocabulary import DUPLICATED_FROM, SCHEDULED_JOB
from hfjobs_cli.text.values import LATEST

RUN, DUPLICATE, OVERRIDE = "run", "duplicate", "override"
"""The link of a job to its parent: started by it, copied from it, or copied with changes."""

STARTERS = (SCHEDULED_JOB, "webhook")
"""The types of initiators whose jobs are relatives."""


class Parent(NamedTuple):
    """The parent of a job: a job by id, or an initiator by type and id; and the kind of the link."""

    type: str
    who: str
    link: str

    @property
    def key(self) -> str:
        """The id of a job, or `TYPE:WHO` for an initiator."""
        return self.who if self.type == JOB else f"{self.type}:{self.who}"


class Visit(NamedTuple):
    """A visit of a node in a tree traversal: the node, its parent, and its depth."""

    key: str
    parent: str | None
    generation: int


def parent_of(job: JobInfo) -> Parent | None:
    """Return the parent of a job; None if it is unknown."""
    source = (job.labels or {}).get(DUPLICATED_FROM)
    if source:
        return Parent(JOB, source, OVERRIDE)
    if job.initiator is None:
        return None
    if job.initiator.type == "duplicated-job" and job.initiator.id:
        return Parent(JOB, job.initiator.id, DUPLICATE)
    return Parent(initiator_type(job.initiator), _who(job.initiator), RUN)


def _who(initiator: JobInitiator) -> str:
    """Return the name of a user or organization, or the id of another initiator."""
    names = (initiator.id, initiator.name) if initiator.type in STARTERS else (initiator.name, initiator.id)
    return names[0] or names[1] or "?"


def time_of_id(identifier: str) -> datetime | None:
    """Return the creation time in an id of the Hub, which begins with it, in seconds; None for other ids."""
    if len(identifier) != 24:
        return None
    try:
        return datetime.fromtimestamp(int(identifier[:8], 16), timezone.utc)
    except ValueError:
        return None


class Lineage:
    """Parents and children among some jobs. In a cycle, the oldest job has no parent."""

    def __init__(
        self,
        jobs: Iterable[JobInfo],
        names: Mapping[str, str | None] | None = None,
        unread: Iterable[str] = (),
    ) -> None:
        """Take the first job of each id.

        `names` are the names of all schedules by id; None if unknown. `unread` are ids of jobs that may exist but were
        not requested; other jobs that are missing no longer exist.
        """
        self.jobs: dict[str, JobInfo] = {}
        for job in jobs:
            self.jobs.setdefault(job.id, job)
        self._names = names
        self._unread = set(unread)
        self._parents = {id_: parent for id_, job in self.jobs.items() if (parent := parent_of(job)) is not None}
        self._cut = {min(cycle, key=self._age) for cycle in _cycles(self._parents)}
        for identifier in self._cut:
            del self._parents[identifier]

    def parent(self, key: str) -> Parent | None:
        """Return the parent of a node; None for a root."""
        return self._parents.get(key)

    def name(self, parent: Parent) -> str | None:
        """Return the name of a parent, if known."""
        if parent.type != JOB:
            return (self._names or {}).get(parent.who)
        return self.jobs[parent.who].name if parent.who in self.jobs else None

    def ancestors(self, key: str) -> list[str]:
        """Return the ancestors of a node, the nearest first and the root last."""
        found = []
        parent = self.parent(key)
        while parent is not None:
            found.append(parent.key)
            parent = self.parent(parent.key)
        return found

    def children(self, key: str) -> list[str]:
        """Return the children of a node, newest first."""
        return self._children.get(key, [])

    def descendants(self, key: str) -> list[str]:
        """Return the descendants of a node."""
        return [visit.key for visit in _walk([key], lambda visit: self.children(visit.key))][1:]

    def family(
        self, asked: str, now: datetime, *, depth: int | None = None, up: bool = False, down: bool = False
    ) -> list[TreeNode]:
        """Return the tree of a job or initiator in pre-order, newest first.

        It has all descendants of the root. With `up` it has only the ancestors of `asked`, with `down` only its
        descendants, with both only these. `depth` is the number of generations above and below `asked`.
        """
        above = self.ancestors(asked) if up or not down else []
        chain = [asked, *above][: None if depth is None else depth + 1][::-1]
        only_chain = up or down
        last = None if depth is None else len(chain) - 1 + depth
        ends = up and not down

        def descendants(visit: Visit) -> Iterable[str]:
            if visit.generation < len(chain) - 1 and visit.key == chain[visit.generation]:
                on_chain = chain[visit.generation + 1]
                return [on_chain] if only_chain or self._is_person(visit.key) else self.children(visit.key)
            is_over = (ends and visit.key == asked) or visit.generation == last
            return () if is_over else self.children(visit.key)

        return [self._node(visit, asked, now) for visit in _walk(chain[:1], descendants)]

    def forest(self, keys: Iterable[str], now: datetime, *, depth: int | None = None) -> list[TreeNode]:
        """Return the trees of these jobs in sequence, with only these jobs and their ancestors."""
        wanted: dict[str, None] = {}
        roots: dict[str, None] = {}
        for key in keys:
            line = [key, *self.ancestors(key)]
            wanted.update(dict.fromkeys(line))
            roots[line[-1]] = None

        def descendants(visit: Visit) -> Iterable[str]:
            is_over = visit.generation == depth
            return () if is_over else (key for key in self.children(visit.key) if key in wanted)

        return [self._node(visit, None, now) for visit in _walk(roots, descendants)]

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for identifier in sorted(self._parents, key=self._age, reverse=True):
            found.setdefault(self._parents[identifier].key, []).append(identifier)
        return found

    @cached_property
    def _others(self) -> dict[str, Parent]:
        """The parents that are not among the jobs, by key."""
        return {each.key: each for each in self._parents.values() if each.key not in self.jobs}

    def _age(self, identifier: str) -> tuple[datetime, str]:
        """Return the sort key of a job by age. Without a creation time it counts as new."""
        return (self.jobs[identifier].created_at or LATEST, identifier)

    def _is_person(self, key: str) -> bool:
        """Return whether a node is an initiator of unrelated jobs, such as a user."""
        return key in self._others and self._others[key].type not in (*STARTERS, JOB)

    def _node(self, visit: Visit, asked: str | None, now: datetime) -> TreeNode:
        """Return the node of a tree for a job, or for an initiator or a job that is not known."""
        job = self.jobs.get(visit.key)
        link = self._parents[visit.key].link if visit.parent is not None else None
        is_asked = visit.key == asked
        if job is not None:
            return TreeNode(
                job.id,
                JOB,
                name=job.name,
                namespace=job.owner.name,
                status=job.status.stage,
                note=CIRCLE if job.id in self._cut else None,
                created_at=job.created_at,
                running_secs=job.running_secs(now),
                flavor=job.flavor,
                parent=visit.parent,
                link=link,
                generation=visit.generation,
                is_asked=is_asked,
            )
        other = self._others.get(visit.key)
        type_, who = (other.type, other.who) if other is not None else _type_and_id(visit.key)
        note = None if type_ != JOB else UNREAD if visit.key in self._unread else GONE
        if type_ == SCHEDULED_JOB and self._names is not None and who not in self._names:
            note = GONE
        return TreeNode(
            visit.key,
            type_,
            name=(self._names or {}).get(who),
            namespace=None,
            status=None,
            note=note,
            created_at=None,
            running_secs=None,
            flavor=None,
            parent=visit.parent,
            link=link,
            generation=visit.generation,
            is_asked=is_asked,
        )


def _type_and_id(key: str) -> tuple[str, str]:
    """Split the key of an initiator into type and id."""
    type_, colon, who = key.partition(":")
    return (type_, who) if colon else (JOB, key)


def _cycles(parents: Mapping[str, Parent]) -> Iterator[list[str]]:
    """Yield the ids of each cycle. A node with one parent is in at most one cycle."""
    done: set[str] = set()
    for start in parents:
        path: dict[str, int] = {}
        key = start
        while key in parents and key not in done and key not in path:
            path[key] = len(path)
            key = parents[key].key
        if key in path:
            yield list(path)[path[key] :]
        done.update(path)


def _walk(roots: Iterable[str], descendants: Callable[[Visit], Iterable[str]]) -> Iterator[Visit]:
    """Yield nodes in pre-order, without recursion: there may be more generations than Python allows."""
    todo = [Visit(key, None, 0) for key in roots][::-1]
    while todo:
        visit = todo.pop()
        yield visit
        todo += [Visit(key, visit.key, visit.generation + 1) for key in descendants(visit)][::-1]
