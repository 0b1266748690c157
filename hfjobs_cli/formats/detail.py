"""`--format page`: one job on a page, with its times as a bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.styling import inked
from hfjobs_cli.formats.table import block, cut
from hfjobs_cli.models.description import Description, SameLaunch
from hfjobs_cli.models.fields import spelled
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.text.secrets import masked_words
from hfjobs_cli.text.times import age, span, timestamp
from hfjobs_cli.text.widths import cell_width
from hfjobs_cli.text.words import quoted

_WIDEST = 100
"""Longer lines are hard to read; a pipe gets them too."""

_LABEL = 13
"""How wide the labels to the left are, with blanks behind them."""

_BAR = 48
_MOST_LINES = 6
"""How many lines of a command are shown, and of a line that it wrote."""

Piece = tuple[str, "str | None"]


def render(records: Iterable[Description], view: View) -> None:
    """Write a page for each job, a blank line between two; nothing if reading them fails."""
    for number, each in enumerate(list(records)):
        pieces = [("\n", None)] * (number > 0) + list(_page(each, view))
        view.write(inked(pieces) if view.color else "".join(text for text, _ in pieces))


def _page(each: Description, view: View) -> Iterator[Piece]:
    job = each.job
    stage = job.status.stage or ""
    name = view.spell(job.name or "a job without a name")
    yield f"{cut(name, _width(view) - len(stage) - 2, '...')}  ", "bold"
    yield view.spell(stage), STAGE_STYLES.get(stage)
    yield f"\n{view.spell(job.url or job.id)}\n\n", None
    yield from _wrapped("", each.why, view)
    yield from _wrapped("", " ".join(filter(None, (each.started_by, each.family))), view)
    yield "\n", None
    yield from _wrapped("Id", job.id, view)
    yield from _wrapped("Image", job.image or "-", view)
    yield from _wrapped("Command", _command(job), view)
    yield from _wrapped("Hardware", _hardware(job), view)
    yield from _wrapped("Created", _moment(job, view), view)
    yield from _times(each, view)
    yield from _wrapped("Cost", _cost(each), view)
    yield from _wrapped("Same launch", _same(each.same_launch, view), view)
    if each.last_lines:
        yield "\nLast lines\n", "bold"
        for line in each.last_lines:
            yield from ((f"  {part}\n", None) for part in _block(line, 2, view))
    yield "\nNext\n", "bold"
    yield from _steps(each, view)


def _width(view: View) -> int:
    return min(view.width or _WIDEST, _WIDEST)


def _wrapped(label: str, text: str, view: View) -> Iterator[Piece]:
    """Yield a text beside its label, or without one from the left end of the line, on as many lines as it takes.

    The lines of a text stay lines: a script in a command is read as one.
    """
    if not text:
        return
    start = " " * _LABEL if label else ""
    lines = _block(text.rstrip("\n"), len(start), view)
    if label:
        yield f"{label:<{_LABEL}}", "bold"
    yield f"\n{start}".join(lines) + "\n", None


def _block(text: str, indent: int, view: View) -> list[str]:
    lines = (view.spell(line) for line in text.split("\n"))
    most = _MOST_LINES if view.folds else None
    return block(lines, max(20, _width(view) - indent), most, "…" if view.holds("…") else "...")


def _command(job: JobInfo) -> str:
    return quoted(masked_words(job.words))


def _hardware(job: JobInfo) -> str:
    limit = f"for {span(job.timeout)} at most" if job.timeout is not None else None
    tries = f"tried {job.retry + 1:g} times" if job.retry else None
    return ", ".join(filter(None, (job.flavor or "-", job.arch, limit, tries)))


def _moment(job: JobInfo, view: View) -> str:
    if job.created_at is None:
        return ""
    ago = f" ({age(job.created_at, view.now)})" if view.reader.has_relative_times else ""
    return f"{timestamp(job.created_at)}{ago}"


def _times(each: Description, view: View) -> Iterator[Piece]:
    """Yield a bar of how long it waited and ran, and of what is left of its time while it runs; then both in words.

    There is no bar of a job that took no second.
    """
    waited, ran = each.waited_secs, each.ran_secs
    if waited is None and ran is None:
        return
    stage, timeout = each.job.status.stage or "", each.job.timeout
    left = max(0.0, timeout - ran) if stage == "RUNNING" and timeout is not None and ran is not None else 0.0
    signs = "─━·" if view.holds("─━·") else "-=."
    room = max(10, min(_BAR, _width(view) - _LABEL))
    lengths = _lengths([waited or 0.0, ran or 0.0, left], room)
    styles = (STAGE_STYLES["SCHEDULING"], STAGE_STYLES.get(stage), None)
    yield f"{'Times':<{_LABEL}}", "bold"
    for sign, length, style in zip(signs, lengths, styles, strict=True):
        if length:
            yield sign * length, style
    if any(lengths):
        yield f"\n{' ' * _LABEL}", None
    words = [
        f"{sign} {word} {span(seconds)}"
        for sign, word, seconds in zip(signs, ("waited", "ran", "left"), (waited, ran, left or None), strict=True)
        if seconds is not None
    ]
    yield f"{'  '.join(words)}\n", None


def _lengths(seconds: list[float], room: int) -> list[int]:
    """Share cells among lengths of time, one at least for each that is not 0."""
    total = sum(seconds)
    if not total:
        return [0] * len(seconds)
    found = [max(1, round(each / total * room)) if each else 0 for each in seconds]
    found[found.index(max(found))] += room - sum(found)
    return found


def _cost(each: Description) -> str:
    if each.cost is None:
        return ""
    if each.job.status.stage == "SCHEDULING":
        return "nothing while it waits"
    so_far = " so far" if each.job.status.stage == "RUNNING" else ""
    known = ", by the price of the flavor" if each.cost_is_estimated else ", as billed"
    return f"{each.cost}{so_far}{known}"


def _same(same: SameLaunch | None, view: View) -> str:
    """Return whether the same image, command and flavor worked before."""
    if same is None:
        return ""
    among = "" if same.is_whole else ", among the newest jobs"
    ended = same.completed + same.failed
    if not ended:
        return f"none before{among} (image, command and flavor are compared)"
    if not same.completed:
        return f"never worked before: {same.failed} failed{among}"
    when = same.last_good_at
    last = f", last {spelled(when, view.now if view.reader.has_relative_times else None)}" if when is not None else ""
    return f"worked {same.completed} of {ended} times before{among}{last} ({same.last_good})"


def _steps(each: Description, view: View) -> Iterator[Piece]:
    """Yield the commands, each with what it is for beside it if there is room for all."""
    steps = [(view.spell(step.command), view.spell(step.purpose)) for step in each.next]
    widest = max((cell_width(command) for command, _ in steps), default=0)
    beside = all(widest + cell_width(purpose) + 6 <= _width(view) for _, purpose in steps)
    for command, purpose in steps:
        if beside:
            yield f"  {command}{' ' * (widest - cell_width(command))}  # {purpose}\n", None
        else:
            yield f"  # {purpose}\n  {command}\n", None
