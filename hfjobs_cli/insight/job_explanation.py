"""Sentences about a job: its status and the reason, what started it, its relatives, next commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.insight.lineage import DUPLICATE, OVERRIDE, STARTERS, Lineage, Parent, parent_of
from hfjobs_cli.jobspec.packing import unpacked
from hfjobs_cli.models.describe_result import NextStep, SameLaunch
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.spec import ARTIFACTS, MOUNT_PATH, has_artifacts, packed_variable
from hfjobs_cli.models.tree_node import JOB
from hfjobs_cli.models.vocabulary import (
    DELETED,
    EXIT_CODE,
    NO_CREDITS,
    NO_SUBSCRIPTION,
    OUT_OF_MEMORY,
    RESOURCE_GROUP_LIMIT,
    SCHEDULED_JOB,
    TIMEOUT,
)
from hfjobs_cli.text.values import age, is_name, span

_SIGNALS = {129: "SIGHUP", 130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}
"""Signals by the exit codes that shells report for them."""

_BECAUSE = {
    NO_CREDITS: "because there were no credits left (https://huggingface.co/settings/billing)",
    NO_SUBSCRIPTION: "because there is no subscription",
    RESOURCE_GROUP_LIMIT: "because its resource group reached its spending limit",
}


class Outcome(NamedTuple):
    """The status of a job: a sentence, the reason in a word, and the exit code of its command."""

    sentence: str
    reason: str | None = None
    exit_code: int | None = None


def outcome(job: JobInfo, now: datetime) -> Outcome:
    """Return the status of a job and its reason, if the Hub reports one."""
    stage, message = job.status.stage or "", job.status.message or ""
    if stage == "SCHEDULING":
        since = f" for {span((now - job.created_at).total_seconds())}" if job.created_at else ""
        return Outcome(f"It has been waiting{'' if message.strip() else ' for hardware'}{since}{_quoted(message)}.")
    if stage == "RUNNING":
        return Outcome(_running(job, now))
    ended = _ended(job, now)
    if stage == "COMPLETED":
        return Outcome(f"It completed{ended}.")
    if stage == "ERROR":
        return _failed(job, message, ended)
    if stage == "CANCELED":
        reason = job.reason or ""
        because = f", {_BECAUSE[reason]}" if reason in _BECAUSE else _quoted(job.status.cancel_reason or message)
        return Outcome(f"It was canceled{ended}{because}.", job.reason)
    if stage == "DELETED":
        return Outcome(f"It was deleted{_quoted(message)}.", job.reason)
    return Outcome(f"Its status is {stage or 'unknown'}{_quoted(message)}.")


def _running(job: JobInfo, now: datetime) -> str:
    ran = job.running_secs(now)
    if ran is None:
        return "It is running."
    left = None if job.timeout is None else job.timeout - ran
    if left is None:
        return f"It has been running for {span(ran)}."
    over = f"times out in {span(left)}" if left > 0 else "its timeout has passed"
    return f"It has been running for {span(ran)} and {over}."


def _ended(job: JobInfo, now: datetime) -> str:
    """Return when a job ended, and its running time: ` 20h ago, after 6m43s`."""
    when = f" {age(job.finished_at, now)}" if job.finished_at else ""
    ran = job.running_secs(now)
    return when + (f", after {span(ran)}" if ran is not None else "")


def _failed(job: JobInfo, message: str, ended: str) -> Outcome:
    """Return the status of a failed job: what failed, and after how many attempts."""
    exit_code, reason = job.exit_code, job.reason
    attempts = job.status.failure_count or 0
    earlier = "an attempt" if attempts == 2 else f"{attempts - 1:g} attempts"
    tried = f", after {earlier} that also failed" if attempts > 1 else ""
    if reason == OUT_OF_MEMORY:
        code = f" (exit code {exit_code})" if exit_code is not None else ""
        return Outcome(f"It ran out of memory{ended}{code}{tried}.", reason, exit_code)
    if reason == TIMEOUT:
        limit = f" (timeout {span(job.timeout)})" if job.timeout is not None else ""
        return Outcome(f"It timed out{ended}{limit}{tried}.", reason, exit_code)
    if reason == EXIT_CODE:
        signal = f" ({_SIGNALS[exit_code]})" if exit_code in _SIGNALS else ""
        return Outcome(f"It failed{ended}, with exit code {exit_code}{signal}{tried}.", reason, exit_code)
    return Outcome(f"It failed{ended}{_quoted(message)}{tried}.", reason, exit_code)


def _quoted(message: str) -> str:
    return f": {message.strip().rstrip('.')}" if message.strip() else ""


def started_by(job: JobInfo, lineage: Lineage) -> str:
    """Return what started a job, with names instead of ids where they are known."""
    parent = parent_of(job)
    behalf = job.created_by.name if job.created_by is not None else None
    if parent is None:
        return "It is unknown what started it."
    if parent.link in (DUPLICATE, OVERRIDE):
        is_known = parent.who in lineage.jobs
        name = (
            f"{lineage.name(parent) or 'a job'} ({parent.who})" if is_known else f"{parent.who}, which no longer exists"
        )
        how = f"It is a copy of {name}" if parent.link == DUPLICATE else f"It is a changed copy of {name}"
        return f"{how}{f', made by {behalf}' if behalf else ''}."
    if parent.type == SCHEDULED_JOB:
        name = lineage.name(parent) or parent.who
        return f"The schedule {name} started it{f', on behalf of {behalf}' if behalf else ''}."
    if parent.type == "webhook":
        variables = job.environment or {}
        repository = variables.get("WEBHOOK_REPO_ID")
        of = f" of the {variables.get('WEBHOOK_REPO_TYPE', 'repository')} {repository}" if repository else ""
        return f"A webhook{of} started it{f', on behalf of {behalf}' if behalf else ''}."
    if parent.type == "user":
        return f"{parent.who} started it by hand."
    who = f"The organization {parent.who}" if parent.type == "org" else f"{parent.type} {parent.who}"
    return f"{who} started it{f', on behalf of {behalf}' if behalf and behalf != parent.who else ''}."


def family(job: JobInfo, lineage: Lineage, *, is_whole: bool) -> str:
    """Return a sentence or two about siblings, ancestors and children of a job."""
    parent = lineage.parent(job.id)
    said = []
    if parent is not None and parent.type in STARTERS:
        others = [lineage.jobs[each] for each in lineage.children(parent.key)]
        what, source = ("run", "schedule") if parent.type == SCHEDULED_JOB else ("job", "webhook")
        said.append(
            f"One of {len(others):,} {what}s of that {source}: {_counted(others)}."
            if len(others) > 1
            else f"The only {what} of that {source}."
        )
    elif parent is not None and lineage.ancestors(job.id)[1:]:
        *_, above, root = [job.id, *lineage.ancestors(job.id)]
        first = lineage.parent(above)
        said.append(f"Its first ancestor is {_origin(first, lineage) if first is not None else root}.")
    descendants = [lineage.jobs[each] for each in lineage.descendants(job.id)]
    if descendants:
        one = len(descendants) == 1
        said.append(f"{'1 child job' if one else f'{len(descendants):,} descendants'}: {_counted(descendants)}.")
    else:
        said.append("No child jobs.")
    if not is_whole:
        said.append(f"Only the newest {len(lineage.jobs):,} jobs were searched.")
    return " ".join(said)


def _origin(parent: Parent, lineage: Lineage) -> str:
    """Return the first ancestor, by its name if known."""
    name = lineage.name(parent)
    if parent.type == SCHEDULED_JOB:
        return f"the schedule {name or parent.who}"
    if parent.type == JOB:
        return f"{name} ({parent.who})" if name else parent.who
    return {"webhook": f"the webhook {parent.who}", "user": parent.who, "org": parent.who}.get(parent.type, parent.key)


def _counted(jobs: Iterable[JobInfo]) -> str:
    """Format counts by status: `39 completed, 5 failed, 1 running`, or one word for a single job."""
    counts: dict[str, int] = {}
    for job in jobs:
        stage = job.status.stage or "unknown"
        word = {"ERROR": "failed"}.get(stage, stage.lower())
        counts[word] = counts.get(word, 0) + 1
    if sum(counts.values()) == 1:
        return next(iter(counts))
    return ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items(), key=lambda each: -each[1]))


def same_launch(job: JobInfo, jobs: Iterable[JobInfo], *, is_whole: bool) -> SameLaunch:
    """Return how older jobs with the same image, command, flavor and files ended."""
    older = [each for each in jobs if each.id != job.id and _is_older(each, job) and _is_alike(each, job)]
    good = [each for each in older if each.status.stage == "COMPLETED" and each.created_at is not None]
    last = max(good, key=lambda each: (each.created_at, each.id), default=None)
    return SameLaunch(
        completed=sum(each.status.stage == "COMPLETED" for each in older),
        failed=sum(each.status.stage == "ERROR" for each in older),
        last_good=last.id if last is not None else None,
        last_good_at=last.created_at if last is not None else None,
        is_whole=is_whole,
    )


def has_last_good(job: JobInfo, jobs: Iterable[JobInfo]) -> bool:
    """Return whether `diff --with-last-good` finds a job to compare with."""
    same = (job.name, job.owner.name)
    return any(
        each.status.stage == "COMPLETED" and (each.name, each.owner.name) == same and _is_older(each, job)
        for each in jobs
        if job.name and each.id != job.id
    )


def _is_alike(a: JobInfo, b: JobInfo) -> bool:
    """Return whether two jobs run the same command with the same files."""
    return _launch(a) == _launch(b) and _files(a) == _files(b)


def _launch(job: JobInfo) -> tuple[str | None, list[str], str | None]:
    return job.image, job.words, job.flavor


def _files(job: JobInfo) -> tuple[object, list[tuple[str | None, str | None]]]:
    """Return the packed files of a job, and its volumes with local files, which each launch creates anew."""
    variables = job.environment or {}
    packed = unpacked(variables)
    artifacts = [
        (each.source, each.path) for each in job.volumes or () if (each.source or "").endswith(f"/{ARTIFACTS}")
    ]
    return variables.get(packed_variable(variables) or "") if packed is None else packed, artifacts


def _script_of(job: JobInfo) -> str | None:
    """Return the name of the local script that a job runs, which `duplicate --script` replaces; None without one."""
    files = unpacked(job.environment or {}) or {}
    script = next((word for word in job.words if word in files), None)
    if script is None and has_artifacts(job.volumes):
        words, start = [*(job.command or ()), *(job.arguments or ())], f"{MOUNT_PATH}/"
        mounted = (word.removeprefix(start) for word in words if word.startswith(start))
        script = next(mounted, None) if words[:2] == ["uv", "run"] else None
    return script if script and is_name(script) else None


def _is_older(one: JobInfo, other: JobInfo) -> bool:
    return one.created_at is not None and (other.created_at is None or one.created_at < other.created_at)


def next_steps(
    job: JobInfo, found: Outcome, same: SameLaunch | None, *, has_good: bool, last_lines: list[str] | None
) -> list[NextStep]:
    """Return suggested next commands, the most useful one first; none that is certain to fail.

    `has_good`: there is a job to compare a failed one with. `last_lines` are those of its output; None if unknown.
    """
    # With its namespace, a job of an organization is found faster, and also where organizations are not searched.
    name = f"{job.owner.name}/{job.id}" if job.owner.type == "org" and job.owner.name else job.id
    worked = same is not None and same.last_good is not None
    steps = _steps(job, name, found, worked, has_good)
    has_logs = last_lines != [] and not (job.has_ended and job.never_ran)
    return [
        NextStep(f"hfjobs {command}", purpose)
        for command, purpose in steps
        if has_logs or not job.has_ended or not command.startswith("logs ")
    ]


def _steps(job: JobInfo, name: str, found: Outcome, worked: bool, has_good: bool) -> Iterator[tuple[str, str]]:
    """Yield suggested commands, without `hfjobs`, and their purposes."""
    again = "".join(f" -s {secret}" for secret in job.secrets or ())  # only the Hub can copy them
    can_change = job.image is not None and not job.left_out
    if not job.has_ended:
        yield f"logs -f {name}", "follow its logs"
        if job.status.stage == "RUNNING":
            yield f"stats {name}", "show its resource usage"
        yield f"cancel {name}", "cancel it"
        return
    if found.reason == OUT_OF_MEMORY:
        yield "hardware --sort price", "find a flavor with more memory"
        if can_change:
            yield f"duplicate {name} --flavor FLAVOR{again}", "run it again on that flavor"
        return
    if found.reason == TIMEOUT and job.timeout:
        if can_change:
            yield f"duplicate {name} --timeout {span(job.timeout * 2)}{again}", "run it again with twice the timeout"
        yield f"logs -n 20 {name}", "show its last log lines"
        return
    if job.status.stage == "ERROR":
        yield f"logs -n 100 {name}", "show why it failed"
        if has_good:
            yield f"diff --with-last-good {name}", "show what changed since the last success"
        script = _script_of(job) if can_change else None
        if script is not None:
            yield f"duplicate {name} --script {shlex.quote(script)}{again}", "run it again with an edited script"
        if worked:
            yield f"duplicate {name}", "run it again: it completed before"
        return
    if found.reason == DELETED:
        yield f"tree {name}", "show its parents and children"
        return
    if found.reason is None:
        yield f"logs {name}", "show all its logs"
    yield f"duplicate {name}", "run it again" if found.reason not in _BECAUSE else "run it again after fixing that"
    if job.name:
        there = f"--namespace {job.owner.name} " if name != job.id else ""
        yield f"ps -a {there}--name {shlex.quote(job.name)}", "list jobs with the same name"
