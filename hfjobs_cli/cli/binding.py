"""From our commands to typer's: groups of options become its options; the session comes from the context."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, get_args, get_origin

import typer

from hfjobs_cli.cli.help_layout import Section
from hfjobs_cli.cli.lazy_services import apply_defaults
from hfjobs_cli.cli.registry import kind_of
from hfjobs_cli.config import Overrides
from hfjobs_cli.errors import UsageError, empty_option
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.vocabulary import QUIET_NAME
from hfjobs_cli.text.values import number, whole

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.kind import Kind


LoadKind = Callable[[], "Kind"]
"""Returns the kind of record that a command shows, loaded when help, completion or the command needs it."""


WORDS_FOLLOW = "\0"
"""Stands among the arguments where the words of another command begin; no process is ever given such a word."""

BEHIND_DASHES = "behind --"
"""Marks the parameter that takes those words: `words: Annotated[list[str], BEHIND_DASHES]`."""


WITH_VALUE = ("--token", "--endpoint")
"""The options of the connection that are followed by a value."""


PARSER_NOTES = "hfjobs.notes"
"""Where a context keeps the notes about the command line, which are printed when it is known whether `-q` is given."""


class Rule(NamedTuple):
    """What an option means after IMAGE or SCRIPT (`trailing_options.py`).

    `is_of_job`: the option applies to the job; any other is left to the script, with a note.
    `only_here`: the official client does not have the option.
    `certain`: a pattern of values that can mean nothing else. A short option counts only with such a value, and only in
    `uv run`; a long one that is `only_here` and has a pattern counts only with such a value.
    """

    is_of_job: bool = True
    only_here: bool = False
    certain: str = ""


def of_job(option: Any, *, only_here: bool = False, certain: str = "") -> Any:
    """Mark an option that applies to the job after IMAGE or SCRIPT, too."""
    option.trailing = Rule(only_here=only_here, certain=certain)
    return option


def of_script(option: Any) -> Any:
    """Mark an option that is passed to the script after SCRIPT, although hf jobs may apply it to the job."""
    option.trailing = Rule(is_of_job=False)
    return option


@value
class Connection:
    """Options of the connection, which may stand before and after every command that asks the Hub."""

    section: ClassVar[str] = Section.CONNECTION

    token: Annotated[
        str | None,
        of_script(typer.Option("--token", metavar="TOKEN", help="Access token; prefer HF_TOKEN or 'hf auth login'.")),
    ] = None
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="URL of the Hub.", show_default=False)
    ] = None
    demo: Annotated[
        bool,
        of_script(typer.Option("--demo", help="Use sample jobs on this machine; no account needed.")),
    ] = False
    debug: Annotated[bool, typer.Option("--debug", help="Log each request to stderr, never the token.")] = False

    @property
    def overrides(self) -> Overrides:
        """Return the options as overrides of the settings."""
        return Overrides(self.token, self.endpoint, self.demo, self.debug)


class _Group(NamedTuple):
    """A group of options that a command takes as one argument; `kind` is what the command shows."""

    model: type
    kind: LoadKind | None

    def parameters(self) -> Iterator[Parameter]:
        """Yield its options."""
        section = getattr(self.model, "section", None)
        for name, hint, default in _declared(self.model):
            yield _parameter(name, hint, default, section)

    def take(self, given: dict[str, Any], session: "Session") -> Any:
        """Return the group with the options that belong to it, which are taken out of `given`."""
        own = {name: given.pop(name) for name, _, _ in _declared(self.model)}
        if _has_kind(self.model):
            if self.kind is None:
                raise TypeError(f"{self.model.__name__} is for commands that show a kind of record")
            own["kind"] = session.bound(self.kind())
        return self.model(**own)


@functools.cache
def _declared(model: type) -> list[tuple[str, Any, Any]]:
    """Return name, type and default of each option in a group."""
    return [
        (field.name, field.type, Parameter.empty if field.default is MISSING else field.default)
        for field in fields(model)
        if get_origin(field.type) is Annotated
    ]


def for_typer(
    command: Callable[..., int], *, asks_hub: bool, last_wins: bool = False, path: tuple[str, ...] = ()
) -> Callable[..., int]:
    """Return `command` for typer. One that asks the Hub takes the options of the connection too.

    So `hfjobs ps --token T` works as well as `hfjobs --token T ps`, and no command has to repeat four options. If an
    option is given twice, the last one counts with `last_wins`; otherwise it is an error. `path` are the words of the
    command, under which the configuration file has its defaults.
    """
    takes = _Parameters(command, asks_hub=asks_hub, last_wins=last_wins)

    @functools.wraps(command)
    def run(ctx: typer.Context, **given: Any) -> int:
        session: Session = ctx.obj
        if ctx.resilient_parsing:
            # TAB was pressed; nothing is run.
            return session.answer_tab(ctx) if ctx.invoked_subcommand is None else 0
        if ctx.args:
            raise _unexpected(ctx)
        takes.check(ctx, given)
        if asks_hub:
            session.overrides = takes.connection.take(given, session).overrides.over(session.overrides)
            session.start_debug()
            shows_other = any(given[name] for name in takes.other_kinds)
            apply_defaults(session, path, None if shows_other else takes.kind, given)
        session.is_quiet = given.get("quiet") or str(given.get("format_")).strip().lower() == QUIET_NAME
        for line in ctx.meta.get(PARSER_NOTES, ()):
            session.note(line)
        return command(session, **takes.arguments(ctx, given))

    context = Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    run.__signature__ = Signature([context, *takes.parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in (context, *takes.parameters)}
    run.rules = takes.rules  # type: ignore[attr-defined]
    run.kind, run.kinds = takes.kind, takes.kinds  # type: ignore[attr-defined]
    run.other_kinds = takes.other_kinds  # type: ignore[attr-defined]
    return run


class _Parameters:
    """The options and arguments of a command: `parameters` for typer, and the command's own arguments.

    By the names of parameters, `kinds` are the kinds of record that they are about, and `rules` what they mean after
    IMAGE or SCRIPT. `kind` is what the command shows, `other_kinds` what it shows with certain options.
    """

    def __init__(self, command: Callable[..., int], *, asks_hub: bool, last_wins: bool) -> None:
        """Read the signature of a command. An option that is given twice is an error, unless the `last_wins`."""
        _, *own = signature(command, eval_str=True).parameters.values()
        self.kind = _shown_kind(own)
        self.kinds: dict[str, LoadKind | None] = {}
        self.connection = _Group(Connection, None)
        self._groups: dict[str, _Group] = {}
        self._takes_context = any(each.name == "ctx" for each in own)
        self._words = next((each.name for each in own if BEHIND_DASHES in get_args(each.annotation)), None)
        all_: list[Parameter] = []
        names_of_job: set[str] = set()
        for each in own:
            model = _model(each.annotation)
            if each.name in ("ctx", self._words):
                continue
            if model is None:
                all_.append(_parameter(each.name, each.annotation, each.default))
                self.kinds[each.name] = self.kind
                continue
            group = self._groups[each.name] = _Group(model, _kind_named_at(each) or self.kind)
            options = list(group.parameters())
            all_ += options
            self.kinds.update((option.name, group.kind) for option in options)
            names_of_job.update(option.name for option in options if getattr(model, "is_of_job", False))
        all_ += self.connection.parameters() if asks_hub else ()
        options_of = {each.name: get_args(each.annotation)[1] for each in all_}
        self.other_kinds: dict[str, LoadKind] = {
            name: functools.partial(load_kind, option.shows)
            for name, option in options_of.items()
            if hasattr(option, "shows")
        }
        rules = {each.name: _rule(each, is_of_job=each.name in names_of_job) for each in all_}
        self.rules = {name: rule for name, rule in rules.items() if rule is not None}
        self._numbers = {each.name: found for each in all_ if (found := _number_of(each)) is not None}
        all_ = [_as_text(each, self._numbers[each.name]) if each.name in self._numbers else each for each in all_]
        self._single = {} if last_wins else {each.name: each for each in all_ if _takes_one_value(each)}
        self.parameters = [_repeated(each) if each.name in self._single else each for each in all_]

    def check(self, ctx: typer.Context, given: dict[str, Any]) -> None:
        """Check and convert what typer parsed, in place. Raises UsageError, or what typer raises itself."""
        for name, parameter in self._single.items():
            given[name] = _only(given[name], parameter)
        _check_not_empty(given, self.parameters)
        for name, taken in self._numbers.items():
            given[name] = _numbers_in(ctx, name, taken, given[name])
        if self._words is not None:
            given[self._words] = _words_in(given)

    def arguments(self, ctx: typer.Context, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the command: options of a group as one value."""
        groups = {name: group.take(given, ctx.obj) for name, group in self._groups.items()}
        return {**given, **groups, **({"ctx": ctx} if self._takes_context else {})}


def kind_of_option(ctx: typer.Context, name: str) -> "Kind":
    """Return the kind of record that an option of a command is about."""
    command: Any = ctx.command.callback
    kind: Kind = command.kinds[name]()
    others: dict[str, LoadKind] = command.other_kinds
    load = next((each for option, each in others.items() if ctx.params.get(option)), None)
    return kind if load is None or kind is not command.kind() else load()


def showing(kind: str, option: Any) -> Any:
    """Mark an option with which a command shows another kind of record. It is parsed as early as `--columns help`."""
    option.is_eager, option.shows = True, kind
    return option


def _unexpected(ctx: typer.Context) -> UsageError:
    """Return the error for an unexpected argument, which may belong to an option."""
    takes = {each.name: each.param_type_name for each in ctx.command.params}
    where = "; give a namespace with --namespace NAME" if "namespace" in takes else ""
    hint = f"see '{ctx.command_path} --help'" if "argument" in takes.values() else f"separate lists with commas{where}"
    return UsageError(f"unexpected argument '{ctx.args[0]}'", hint=hint)


def _rule(parameter: Parameter, *, is_of_job: bool) -> Rule | None:
    """Return what an option means after IMAGE or SCRIPT: as it is marked, or as all of its group do."""
    _, option = get_args(parameter.annotation)
    rule: Rule | None = getattr(option, "trailing", Rule() if is_of_job else None)
    return rule


def _words_in(given: dict[str, Any]) -> list[str]:
    """Remove the marker and the words after it from the arguments, and return these words."""
    for name, values in given.items():
        if isinstance(values, list) and WORDS_FOLLOW in values:
            place = values.index(WORDS_FOLLOW)
            given[name] = values[:place]
            return values[place + 1 :]
    return []


def _takes_one_value(parameter: Parameter) -> bool:
    """Return whether a parameter is an option with a value that may be given once. Flags may be repeated."""
    type_, option = get_args(parameter.annotation)
    origins = [get_origin(each) for each in (type_, *get_args(type_))]
    return hasattr(option, "prompt") and type_ is not bool and list not in origins


def _repeated(parameter: Parameter) -> Parameter:
    """Return an option as one that may be repeated; of two values typer would silently keep the last."""
    type_, option = get_args(parameter.annotation)
    inner = next(each for each in (*get_args(type_), type_) if each is not type(None))
    default = None if parameter.default is None else [parameter.default]
    return parameter.replace(annotation=Annotated[list[inner] | None, option], default=default)  # type: ignore[valid-type]


def _only(values: Sequence[Any] | None, parameter: Parameter) -> Any:
    """Return the one value of an option, or its default. Raises UsageError if it was given twice."""
    if not values:
        return parameter.default
    if len(values) > 1:
        _, option = get_args(parameter.annotation)
        # In an annotation the first name of an option stands where typer has its default.
        shown = " and ".join("..." if parameter.name == "token" else f"'{value}'" for value in values)
        raise UsageError(f"{option.default} given more than once: {shown}", hint="give it once")
    return values[0]


def _check_not_empty(given: Mapping[str, Any], parameters: Iterable[Parameter]) -> None:
    """Raise UsageError for an option without a value, as an empty variable in a script is one."""
    for each in parameters:
        _, option = get_args(each.annotation)
        if given.get(each.name) == "" and hasattr(option, "prompt"):
            raise empty_option(option.default)


def _parameter(name: str, annotation: Any, default: Any, section: str | None = None) -> Parameter:
    """Return an option or argument as typer takes it, an option in a section of help unless it names another."""
    type_, option = get_args(annotation)
    if section is not None and option.rich_help_panel is None:
        option = copy(option)
        option.rich_help_panel = section
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[type_, option])


def _model(annotation: Any) -> type | None:
    """Return the class of the group of options that a parameter is, None if it is a single one."""
    model = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return model if isinstance(model, type) and is_dataclass(model) else None


def kind_shown_by(command: Callable[..., int]) -> LoadKind | None:
    """Return the kind of record that a command shows, None if it shows none."""
    return _shown_kind(signature(command, eval_str=True).parameters.values())


def _shown_kind(parameters: Iterable[Parameter]) -> LoadKind | None:
    """Return the kind of record that a command shows: it is named at the group of options for that."""
    shown = (each for each in parameters if (model := _model(each.annotation)) is not None and _has_kind(model))
    return next((_kind_named_at(each) for each in shown), None)


def _kind_named_at(group: Parameter) -> LoadKind | None:
    """Return the kind of record that is named where a command takes a group, with its columns there.

    They are further ones, or a tuple of all.
    """
    if get_origin(group.annotation) is not Annotated:
        return None
    _, name, *columns = get_args(group.annotation)
    return functools.partial(load_kind, name, *columns)


def _has_kind(model: type) -> bool:
    return any(field.name == "kind" for field in fields(model))


@functools.cache
def load_kind(name: str, *columns: str | tuple[str, ...]) -> "Kind":
    """Return a kind of record, with further columns, or a tuple of all. What it is made of is loaded only now."""
    return kind_of(name).with_columns(columns)


class _Number(NamedTuple):
    """What an option or argument takes: numbers that `read` knows, called `what`, from `least` to `most`."""

    read: Callable[[str], float | None]
    what: str
    least: float | None
    most: float | None

    @property
    def range(self) -> str:
        """Format the range as typer does: `x>=1`, `1<=x<=65535`; nothing if there is none."""
        if self.least is None:
            return "" if self.most is None else f"x<={self.most}"
        return f"x>={self.least}" if self.most is None else f"{self.least}<=x<={self.most}"

    def problem(self, text: str) -> str | None:
        """Return why a text is not a valid value; None if it is one."""
        found = self.read(text)
        if found is None:
            return f"{text!r} is not {self.what}"
        is_in = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        return None if is_in else f"{found} is not in the range {self.range}"


def _number_of(parameter: Parameter) -> _Number | None:
    """Return the number type of a parameter; None if it is not a number."""
    type_, option = get_args(parameter.annotation)
    types = set(_types_in(type_))
    if int in types:
        return _Number(whole, "a whole number", option.min, option.max)
    return _Number(number, "a number", option.min, option.max) if float in types else None


def _as_text(parameter: Parameter, taken: _Number) -> Parameter:
    """Return a parameter that is a number as one that is text, with the same help."""
    type_, option = get_args(parameter.annotation)
    option = copy(option)
    has_default = bool(option.show_default) and parameter.default is not None
    notes = [f"default: {parameter.default}"] if has_default else []
    notes += [taken.range] if hasattr(option, "prompt") and taken.range else []  # arguments show none
    option.show_default = False
    option.help = f"{option.help}  [{'; '.join(notes)}]" if notes else option.help
    default = None if parameter.default is None else str(parameter.default)
    text = list[str] | None if list in map(_origin, (type_, *get_args(type_))) else str | None
    return parameter.replace(annotation=Annotated[text, option], default=default)


def _numbers_in(ctx: typer.Context, name: str, taken: _Number, given: Any) -> Any:
    """Return the number, or the numbers, that were given for a parameter. Raises what typer raises itself."""
    for text in [given] if isinstance(given, str) else given or ():
        problem = taken.problem(text)
        if problem is not None:
            param = next(each for each in ctx.command.params if each.name == name)
            raise typer.BadParameter(problem, ctx=ctx, param=param)
    return taken.read(given) if isinstance(given, str) else given and [*map(taken.read, given)]


def _types_in(hint: Any) -> Iterator[Any]:
    """Yield a type, and all that it is made of."""
    yield hint
    for each in get_args(hint):
        yield from _types_in(each)


def _origin(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)
