"""Actions on jobs and schedules: from a row follow the command, its confirmation, its dry run and its output.

At the end is what the two actions share that change labels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import update_wrapper
from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple, get_args

from hfjobs_cli.cli import options
from hfjobs_cli.cli.registry import kind_of
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import done_to_each
from hfjobs_cli.commands._create_several import create_each
from hfjobs_cli.commands._listing import Listing, id_and, is_by_filters, new_view
from hfjobs_cli.errors import Conflict, ExitCode, HfJobsError, NotFound, UsageError
from hfjobs_cli.formats.renderer import RENDERERS, RecordStream, Renderer
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.changes import LabelChange
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.spec import SpecFields
from hfjobs_cli.query.columns import choose_columns
from hfjobs_cli.query.label_edits import LabelChanges, label_changes
from hfjobs_cli.query.references import JobReference, ReferenceSyntax

NOTHING_CHANGED = "nothing was changed (--dry-run)"


class Asks(IntEnum):
    """When an action asks for confirmation, unless --yes or --dry-run is given. From IF_SEVERAL on it takes filters."""

    NEVER = 0
    IF_AMBIGUOUS = 1
    """If a selector such as @latest matches several records."""
    IF_SEVERAL = 2
    """Also if filters select several records."""
    IF_FILTERED = 3
    """Also if filters select a single record."""


Request = Callable[[Session, JobReference, Any], Any]
"""Changes the record that a reference names, and returns the record to print.

The last argument is what `Action.options` say, or for an action that creates jobs the ids of those created before.
"""

Note = Callable[[Session, JobReference, Any], None]
"""Writes a note about a changed record to stderr."""


class OwnOptions:
    """A group of options and arguments of a single action."""

    def checked(self, session: Session, words: list[str]) -> Any:
        """Return what they say, for the request; `words` name the records. Raises UsageError."""
        raise NotImplementedError


class Targets:
    """What actions change, jobs or schedules: how records are named, selected and read."""

    syntax: ReferenceSyntax
    choice: Any
    """The options that select records."""
    yes: Any
    namespace: Any
    selects_by_status = False
    """Whether the Hub lists records by status, so that selectors need to list only those in `Action.states`."""

    def named(self, run: "Run") -> list[JobReference] | None:
        """Return the records that are named, None if one was not confirmed. Raises UsageError."""
        raise NotImplementedError

    def filtered(self, run: "Run", choice: Any) -> list[Any]:
        """Return the records that filters select, with a note if there are none. Raises UsageError."""
        raise NotImplementedError

    def unchanged(self, run: "Run", references: Sequence[JobReference], filtered: list[Any] | None) -> list[Any]:
        """Return the current state of the records that would change; `filtered` are those that filters selected."""
        raise NotImplementedError


@value
class Action:
    """One verb on jobs or schedules: a row of `commands/actions.py` or `commands/scheduled/actions.py`.

    It decorates the function that sends the request, whose docstring is the help of the command. Whether a request may
    be repeated stands at its `Endpoint`.
    """

    targets: Targets
    verb: str
    """As in `Cancel 3 jobs?`."""
    done: str
    """As in `nothing was canceled`."""
    words: Any
    """The argument that names the records."""
    asks: Asks = Asks.IF_AMBIGUOUS
    affects: Callable[[Any], bool] = lambda _record: True
    """Whether it changes anything about a record; selectors that match several count only these."""
    states: tuple[str, ...] = ()
    """The statuses of the records that it affects. Selectors count only these.

    Filters on schedules select these, unless they name another status. Filters on jobs select running and scheduling
    jobs, as in `ps`, and `affects` drops some of them.
    """
    options: type[OwnOptions] | None = None
    """Options and arguments of its own."""
    shows: str = ""
    """The kind of record that it prints, if that is not the kind that it changes."""
    prints: Callable[[Any], str] | Renderer | None = None
    """What is printed after the id of each record, or a default format; None for the default format of the kind."""
    preview: Request | None = None
    """Returns the record that a dry run prints, if not its current state."""
    dry_run_note: str = ""
    """What a dry run says at the end, if not how many records would change."""
    note: Note | None = None
    creates: bool = False
    """Whether each request creates a job: they are sent one after the other, and most failures stop it."""

    @property
    def takes_filters(self) -> bool:
        """Return whether filters can select the records."""
        return self.asks >= Asks.IF_SEVERAL

    @property
    def is_single(self) -> bool:
        """Return whether it changes one record. Then an error ends the command, and nothing is printed."""
        return get_args(self.words)[0] is str

    def __call__(self, request: Request) -> Callable[..., ExitCode]:
        """Return the command that sends this request, with the options that the row asks for."""
        name = self.targets.syntax.noun if self.is_single else self.targets.syntax.plural

        def command(session: Session, **given: Any) -> ExitCode:
            words, own = [given.pop(name)] if self.is_single else given.pop(name), given.pop("own", None)
            asked = own.checked(session, words) if own is not None else None
            return _perform(session, self, request, words, asked, **given)

        required = Parameter.empty
        is_optional = type(None) in get_args(get_args(self.words)[0])
        declared = [
            ("session", None, required),
            (name, self.words, None if is_optional else required),
            *([("own", self.options, required)] if self.options else ()),
            *([("choice", self.targets.choice, required)] if self.takes_filters else ()),
            ("dry_run", options.DryRun, False),
            *([("yes", self.targets.yes, False)] if self.asks else ()),
            ("output", Annotated[options.Output, self.shows or self.targets.syntax.noun], required),
            ("namespace", self.targets.namespace, None),
        ]
        parameters = [Parameter(each, Parameter.KEYWORD_ONLY, annotation=a, default=d) for each, a, d in declared]
        update_wrapper(command, request)
        command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return command


def _perform(
    session: Session,
    action: Action,
    request: Request,
    words: list[str] | None,
    asked: Any,
    *,
    output: options.Output,
    namespace: str | None,
    choice: Any = None,
    dry_run: bool,
    yes: bool = False,
) -> ExitCode:
    """Choose the records, ask for confirmation, send all requests in parallel, and print the records."""
    targets = action.targets
    kind = session.bound(kind_of(targets.syntax.noun))
    default = action.prints if action.prints is None or isinstance(action.prints, Renderer) else id_and(action.prints)
    if dry_run and action.preview is None:
        output, default = replace(output, kind=kind), RENDERERS["table"]
    also = ["initiator"] if action.creates and not dry_run else []
    listing = Listing(session, output, default=default, also=also, indent=4)
    stages = action.states if action.states and targets.selects_by_status else None
    asks = action.asks > Asks.NEVER and not (yes or dry_run)
    plan = Plan(session, kind, action.verb, action.done, action.affects, stages, asks)
    run = Run(session, action, request, words or [], asked, namespace, listing, plan)

    filtered = run.filtered(choice) if action.takes_filters else None
    references = targets.named(run) if filtered is None else run.confirmed(filtered)
    if references is None:
        return ExitCode.FAILURE
    if dry_run:
        run.preview(references, filtered)
    elif action.creates:
        return run.create(references)
    elif action.is_single:
        for reference in references:
            listing.show([*run.noted(iter([(reference, request(session, reference, asked))]))])
    else:
        listing.show(RecordStream(run.noted(run.each(request, references))))
    return ExitCode.DONE


class Run(NamedTuple):
    """One action as the command line asks for it."""

    session: Session
    action: Action
    request: Request
    words: list[str]
    asked: Any
    namespace: str | None
    listing: Listing
    plan: "Plan"

    def filtered(self, choice: Any) -> list[Any] | None:
        """Return the records that filters select, None if they are named. Raises UsageError."""
        targets = self.action.targets
        return targets.filtered(self, choice) if is_by_filters(self.words, choice, targets.syntax) else None

    def asks_about(self, filtered: Sequence[Any]) -> bool:
        """Return whether records that filters selected need confirmation. Raises UsageError if stdin cannot answer."""
        most = 0 if self.action.asks is Asks.IF_FILTERED else 1
        asks = self.plan.asks and len(filtered) > most
        if asks:
            self.plan.check_it_can_ask()
        return asks

    def confirmed(self, filtered: Sequence[Any]) -> list[JobReference] | None:
        """Return the records that filters selected, None if they were not confirmed. Raises UsageError."""
        if self.asks_about(filtered) and not self.plan.confirms(filtered):
            return None
        return [JobReference.of(each, self.namespace) for each in filtered]

    def each(self, act: Request, references: Sequence[JobReference]) -> Iterator[tuple[JobReference, Any]]:
        """Yield each record that was changed, with its reference. All requests are sent in parallel."""

        def act_on(reference: JobReference) -> tuple[JobReference, Any]:
            return reference, act(self.session, reference, self.asked)

        return done_to_each(self.session, references, act_on, self.action.done)

    def noted(self, changed: Iterator[tuple[JobReference, Any]]) -> Iterator[Any]:
        """Yield the records that were changed, after the note about each."""
        for reference, record in changed:
            if self.action.note is not None:
                self.action.note(self.session, reference, record)
            yield record

    def preview(self, references: Sequence[JobReference], filtered: list[Any] | None) -> None:
        """Print what would change."""
        act = self.action.preview
        if act is None:
            records = self.action.targets.unchanged(self, references, filtered)
        elif self.action.is_single:
            records = [act(self.session, each, self.asked) for each in references]
        else:
            records = [record for _, record in self.each(act, references)]
        if records or self.action.dry_run_note or self.listing.renderer is not RENDERERS["table"]:
            self.listing.show(records)  # an empty table says less than the line below it
        would = f"would {self.action.verb} {self.plan.counted(records)}; nothing was {self.action.done}"
        self.session.note(self.action.dry_run_note or would)

    def create(self, references: Sequence[JobReference]) -> ExitCode:
        """Create a job of each, one after the other, and print the jobs."""

        def create(reference: JobReference, known: list[str]) -> Any:
            return self.request(self.session, reference, known)

        def goes_on(failure: Exception) -> bool:
            return isinstance(failure, NotFound | Conflict)

        return create_each(self.session, self.listing, references, create, self.action.done, goes_on)


class Plan(NamedTuple):
    """An action in words, and its confirmation: `verb` is `cancel`, `done` is `canceled`.

    `kind` is that of the records. `could_hit` returns whether a record would be changed; with `stages` only jobs in
    these would. There is no confirmation unless it `asks`.
    """

    session: Session
    kind: Kind
    verb: str
    done: str
    could_hit: Callable[[Any], bool] = lambda _record: True
    stages: tuple[str, ...] | None = None
    asks: bool = True

    def check_it_can_ask(self) -> None:
        """Raise UsageError, before any request, if stdin cannot answer."""
        if not self.session.can_ask:
            raise UsageError(
                f"refusing to {self.verb} the matching {self.kind.plural} without confirmation: stdin "
                "is not a terminal",
                hint=f"pass --yes, or --dry-run to see which {self.kind.plural} match",
            )

    def confirms(self, records: Sequence[Any]) -> bool:
        """Show all records that would be changed, ask for confirmation, and return whether the answer is yes."""
        self._show(records)
        return self._ask(self.counted(records))

    def confirms_newest(
        self, text: str, newest: Any, matching: Sequence[Any], lines: Sequence[str], *, more: bool
    ) -> bool:
        """Show the records that a selector matches, ask whether to change the newest, and return the answer.

        `lines` describe the `matching` records; there may be `more`. Raises UsageError if stdin cannot answer.
        """
        count = f"{'more than ' if more else ''}{len(matching)} {self.kind.plural}"
        if not self.session.can_ask:
            raise UsageError(
                f"'{text}' matches {count}; refusing to {self.verb} {newest.id} without confirmation",
                hint=f"use the id of the {self.kind.noun}, or pass --yes",
                details=(*lines, *["  and more"] * more),
            )
        self._show(matching)
        self.session.note(f"'{text}' matches {count}; the newest is {newest.id}")
        return self._ask(newest.id)

    def _show(self, records: Sequence[Any]) -> None:
        columns = choose_columns(
            self.kind, None, wide=False, also=["initiator"] if "initiator" in self.kind.cells else []
        )
        RENDERERS["table"].render(records, new_view(self.session, self.kind, columns, on_stderr=True))

    def _ask(self, what: str) -> bool:
        is_confirmed = self.session.confirm(f"{self.verb.capitalize()} {what}?")
        if not is_confirmed:
            self.session.note(f"nothing was {self.done}")
        return is_confirmed

    def counted(self, records: Sequence[Any]) -> str:
        """Return the number of records in words: `3 jobs`."""
        return f"{len(records)} {self.kind.plural if len(records) != 1 else self.kind.noun}"


@value
class LabelOptions(OwnOptions):
    """What changes about labels and name."""

    label: options.NewLabels = None
    name: options.NewName = None
    remove: options.RemovedLabels = None
    replace: options.ReplaceLabels = False
    clear: options.ClearLabels = False

    def checked(self, _session: Session, _words: list[str]) -> LabelChanges:
        """Return the changes. Raises UsageError if they contradict each other."""
        return label_changes(self.label or (), self.name, self.remove or (), replace=self.replace, clear=self.clear)


def label_action(targets: Targets, words: Any, preview: Request) -> Action:
    """Return the row of an action that changes labels; `preview` returns the change that a dry run prints."""
    return Action(
        targets,
        verb="change the labels of",
        done="changed",
        words=words,
        options=LabelOptions,
        shows="label_change",
        preview=preview,
        dry_run_note=NOTHING_CHANGED,
    )


def planned(reference: JobReference, found: SpecFields, changes: LabelChanges) -> LabelChange:
    """Return what changes about the labels that were `found`. Raises HfJobsError if labels would be lost."""
    _check_none_is_lost(reference, found, changes)
    before = dict(found.labels or {})
    after = changes.applied(before)
    return LabelChange(reference.id, after.get("name"), before, after)


def written(planned: LabelChange, labels: Mapping[str, str] | None) -> LabelChange:
    """Return the change as the Hub made it: with the `labels` in its response."""
    after = dict(labels or {})
    return replace(planned, name=after.get("name"), after=after)


def _check_none_is_lost(reference: JobReference, found: SpecFields, changes: LabelChanges) -> None:
    """Raise HfJobsError if existing labels must be kept but cannot be sent back unchanged."""
    if changes.clear or changes.replace:
        return
    unexpected = found.unexpected_labels
    if unexpected is None:
        raise HfJobsError(
            f"cannot read the labels of {reference}; they would be lost",
            hint="use --replace to set only the given labels, or --clear to remove all",
        )
    lost = [key for key in unexpected if changes.keeps(key)]
    if lost:
        raise HfJobsError(
            f"labels of {reference} would be lost, because their values are not strings: {', '.join(lost)}",
            hint="set them with --label KEY=VALUE, or remove them with --remove KEY or --replace",
        )
