"""The steps of `scheduled apply`, which make schedules on the Hub match files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.jobspec.from_job import spec_of_schedule
from hfjobs_cli.jobspec.new_job import DEFAULT_ATTEMPTS, NewJob, Volume
from hfjobs_cli.jobspec.packing import unpacked
from hfjobs_cli.jobspec.schedule_file import (
    CHANGED_LABEL,
    GROUP_LABEL,
    IN_SCHEDULES,
    OWN_LABELS,
    REPLACES_LABEL,
    WantedSchedule,
    fingerprint,
)
from hfjobs_cli.jobspec.volumes import format_volume
from hfjobs_cli.models.changes import (
    CREATE,
    DELETE,
    RELABEL,
    REPLACE,
    RESCHEDULE,
    RESUME,
    SUSPEND,
    ScheduleChange,
)
from hfjobs_cli.models.schedule import ScheduledJob
from hfjobs_cli.models.spec import packed_variable, typed_words
from hfjobs_cli.query.cron import same_schedule
from hfjobs_cli.text.redaction import masked_value, masked_words
from hfjobs_cli.text.terminal_text import quoted
from hfjobs_cli.text.values import LATEST, span


class Step(NamedTuple):
    """The actions for one schedule: `found` is the one on the Hub, `wanted` the one in a file; either may be None.

    Without actions both are the same.
    """

    name: str | None
    actions: tuple[str, ...]
    changes: tuple[str, ...]
    found: ScheduledJob | None = None
    wanted: WantedSchedule | None = None

    def record(self, identifier: str | None = None) -> ScheduleChange:
        """Return the step as a record, with the id of the schedule after it."""
        known = self.found.id if self.found is not None else None
        return ScheduleChange(self.name, list(self.actions), identifier or known, list(self.changes))


def plan(
    found: Iterable[ScheduledJob],
    wanted: Sequence[WantedSchedule],
    *,
    groups: Collection[str] = (),
    prunes: bool = False,
) -> list[Step]:
    """Return the steps that make the schedules of one namespace match files, in the order of the files.

    Duplicates from interrupted or simultaneous applies of these `groups` are deleted. With `prunes`, so are schedules
    of these groups that no file declares any more. Raises UsageError if several schedules have the same name, and
    HfJobsError if a schedule with an unknown name may have the name of a new one.
    """
    there = list(found)
    names = {each.name for each in wanted}
    left = [
        Step(old.name, (DELETE,), (f"replaced by {new.id}",), old)
        for old, new in replacements(there)
        if old.name in names or _label(new, GROUP_LABEL) in groups
    ]
    gone = {step.found.id for step in left if step.found is not None}
    by_name: dict[str | None, list[ScheduledJob]] = {}
    for each in there:
        if each.id not in gone:
            by_name.setdefault(each.name, []).append(each)
    for one in wanted:
        several = sorted(by_name.get(one.name, ()), key=_age)
        if len(several) > 1 and all(_label(each, GROUP_LABEL) == one.group for each in several):
            by_name[one.name] = several[:1]
            left += [Step(one.name, (DELETE,), (f"a duplicate of {several[0].id}",), each) for each in several[1:]]
    steps = [_step(each, by_name.get(each.name, [])) for each in wanted]
    creates = any(step.actions == (CREATE,) for step in steps)
    if unknown := [each.id for each in there if creates and "labels" in each.job_spec.left_out and each.name is None]:
        raise HfJobsError(
            f"cannot compare with the Hub: the name of schedule {unknown[0]} is unknown",
            hint=f"name it with 'hfjobs scheduled labels {unknown[0]} --name NAME', or delete it",
        )
    pruned = [
        Step(each.name, (DELETE,), ("no file declares it",), each)
        for name, several in by_name.items()
        for each in several
        if prunes and name not in names and _label(each, GROUP_LABEL) in groups
    ]
    return [*left, *steps, *pruned]


def replacements(found: Iterable[ScheduledJob]) -> list[tuple[ScheduledJob, ScheduledJob]]:
    """Return schedules that were not deleted after their replacement was created, each with the newest replacement.

    An apply was interrupted between the two requests, so both run until the old one is deleted. An old one that was
    renamed since is kept.
    """
    there = {each.id: each for each in found}
    pairs = {}
    for new in sorted(there.values(), key=_age):
        old = there.get(_label(new, REPLACES_LABEL) or "")
        if old is None or old is new or old.name != new.name or _label(old, REPLACES_LABEL) == new.id:
            continue
        if (old.created_at or LATEST) <= (new.created_at or LATEST):
            pairs[old.id] = old, new
    return list(pairs.values())


def _age(made: ScheduledJob) -> tuple[datetime, str]:
    return made.created_at or LATEST, made.id


def _label(made: ScheduledJob, key: str) -> str | None:
    return (made.job_spec.labels or {}).get(key)


def _step(wanted: WantedSchedule, found: Sequence[ScheduledJob]) -> Step:
    """Return the step that makes what is found match a schedule of a file. Raises UsageError."""
    if not found:
        return Step(wanted.name, (CREATE,), (), None, wanted)
    if len(found) > 1:
        raise UsageError(
            f"{wanted.place}: the name is that of several schedules: {', '.join(each.id for each in found)}",
            hint="delete or rename all but one: 'hfjobs scheduled delete ID', 'hfjobs scheduled labels ID --name NAME'",
        )
    (made,) = found
    try:
        before = spec_of_schedule(made)
    except HfJobsError as error:
        raise UsageError(f"{wanted.place}: cannot compare with the Hub: {error.message}", error.hint) from None
    is_as_asked = _label(made, CHANGED_LABEL) == fingerprint(wanted.job)  # the Hub changed it, and would again
    changes = [] if is_as_asked else [*job_changes(before.job, wanted.job)]
    if before.concurrency != wanted.concurrency:
        changes.append(_arrow("concurrency", str(before.concurrency).lower(), str(wanted.concurrency).lower()))
    actions = [REPLACE] if changes else []
    if not same_schedule(before.when, wanted.when):
        actions.append(RESCHEDULE)
        changes.append(_arrow("schedule", before.when, wanted.when))
    group = {GROUP_LABEL: wanted.group} if GROUP_LABEL in before.job.labels else {}
    if labels := list(_entries("labels", _labels(before.job), {**_labels(wanted.job), **group})):
        actions.append(RELABEL)
        changes += labels
    if wanted.suspend is not None and wanted.suspend != before.suspend:
        actions.append(SUSPEND if wanted.suspend else RESUME)
    # The new schedule of a replacement includes all other changes.
    return Step(wanted.name, (REPLACE,) if REPLACE in actions else tuple(actions), tuple(changes), made, wanted)


def job_changes(found: NewJob, wanted: NewJob) -> Iterator[str]:
    """Yield differences of two job specs without labels: `flavor: cpu-basic -> t4-small`. Secrets have names only.

    Defaults that the Hub fills in, and that the file does not set, are not differences.
    """
    variables = [dict(job.environment) for job in (found, wanted)]
    files = [unpacked(each) for each in variables]
    if all(each is not None for each in files):
        before, after = (_sizes(each or {}, files) for each in files)
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                yield _arrow(f"files.{name}", before.get(name), after.get(name))
        if packed_variable(variables[0]) != packed_variable(variables[1]):
            found, wanted = (_as_typed(job) for job in (found, wanted))
        for each in variables:
            each.pop(packed_variable(each) or "", None)
    for row in IN_SCHEDULES:
        a, b = (_comparable(row.name, job) for job in (found, wanted))
        if row.name in ("labels", "environment", "volumes") or a == b:
            continue
        if row.name in ("docker_image", "space_id"):
            if (row.name == "docker_image") == (wanted.space_id is None):
                yield _arrow("image", found.image, wanted.image)
        elif row.name in ("command", "arguments"):
            yield _arrow(row.name, *(quoted(masked_words(getattr(job, row.name))) for job in (found, wanted)))
        elif b is None:
            continue  # the Hub chose it
        else:
            yield _arrow(row.name.removesuffix("_secs"), _shown(row.name, a), _shown(row.name, b))
    yield from _entries("env", *variables, secret=True)
    yield from _entries("volumes", *_volumes(found.volumes, wanted.volumes))


def _as_typed(job: NewJob) -> NewJob:
    """Return a job with its command as given: versions of hf and hfjobs pack the same files differently."""
    words = typed_words([*job.command, *job.arguments], job.environment, job.volumes)
    return replace(job, command=tuple(words), arguments=())


def _comparable(name: str, job: NewJob) -> object:
    """Return a property of a job in a form that is equal for equal jobs."""
    if name == "secrets":
        return sorted(job.secrets)
    if name == "timeout_secs":
        return job.longest_secs
    if name == "attempts":
        return job.attempts or DEFAULT_ATTEMPTS
    if name == "expose":
        return sorted(job.ports)
    value = getattr(job, name)
    return sorted(value) if name == "expose_public" else value


def _shown(name: str, value: object) -> str | None:
    if isinstance(value, int) and name == "timeout_secs":
        return span(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or None
    return None if value is None else str(value)


def _arrow(what: str, before: str | None, after: str | None) -> str:
    return f"{what}: {before or 'none'} -> {after or 'none'}"


def _entries(what: str, a: Mapping[str, str], b: Mapping[str, str], *, secret: bool = False) -> Iterator[str]:
    for key in sorted({*a, *b}):
        if a.get(key) != b.get(key):
            before, after = (each.get(key) for each in (a, b))
            if secret:
                before, after = (each if each is None else masked_value(key, each) for each in (before, after))
            yield _arrow(f"{what}.{key}", *(None if each is None else repr(each) for each in (before, after)))


def _labels(job: NewJob) -> dict[str, str]:
    return {key: text for key, text in job.labels.items() if key == GROUP_LABEL or key not in OWN_LABELS}


def _sizes(files: Mapping[str, bytes], both: Sequence[Mapping[str, bytes] | None]) -> dict[str, str]:
    """Return the size of each packed file, marked as edited if the other file has the same size."""
    a, b = (each or {} for each in both)
    return {
        name: f"{len(content)} bytes"
        + (" (edited)" if files is b and name in a and a[name] != content and len(a[name]) == len(content) else "")
        for name, content in files.items()
    }


def _volumes(found: Sequence[Volume], wanted: Sequence[Volume]) -> tuple[dict[str, str], dict[str, str]]:
    """Return volumes by mount path. Defaults that the file leaves to the Hub are filled in."""
    there = {each.mount_path: each for each in found}

    def filled(volume: Volume) -> Volume:
        known = there.get(volume.mount_path, volume)
        return replace(
            volume,
            revision=known.revision if volume.revision is None and known.revision == "main" else volume.revision,
            read_only=known.read_only if volume.read_only is None else volume.read_only,
            path=volume.path,
        )

    def plain(volumes: Iterable[Volume]) -> dict[str, str]:
        return {each.mount_path: format_volume(replace(each, path=each.path or None)) for each in volumes}

    return plain(found), plain(map(filled, wanted))
