"""Static checks: errors of a template for any data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any, NamedTuple

from hfjobs_cli.errors import did_you_mean
from hfjobs_cli.template.analysis import MAX_INVOCATIONS, changing_variables
from hfjobs_cli.template.errors import TemplateError, UnknownName
from hfjobs_cli.template.function_context import (
    Context,
    DataFailure,
    Exhausted,
    Failure,
    Function,
    RenderOptions,
    checked,
    pairs,
)
from hfjobs_cli.template.go_types import Authored, Byte, Int, NotPlain, Object, Strings, kind, short_text, type_name
from hfjobs_cli.template.gofmt import TooDeep
from hfjobs_cli.template.parser import (
    Action,
    Chain,
    Command,
    Control,
    Field,
    Identifier,
    Invocation,
    Nil,
    Node,
    Number,
    Operand,
    Pipe,
    Variable,
)


class Unknown:
    """The type of UNKNOWN."""


UNKNOWN = Unknown()
"""Stands for a value that is known only with the data."""

SAMPLES: Mapping[str, Any] = {
    "string": "",
    "int": Int(0),
    "float": 0.0,
    "bool": False,
    "list": [],
    "map": {},
    "spoken": Object({}, text=""),
    "uint": Byte(0),
    "complex": 0j,
    "nil": None,
}
"""A value of each kind, which stands for all of that kind; `spoken` is an object that prints as a short text."""


@dataclass(frozen=True, eq=False)
class Shape:
    """The static shape of a value: its possible kinds, its content, and the value itself if it is known.

    `fields` are those of an object, by name, None if it can have any. `item` is the shape of the items of a list, or
    of the fields of an object that can have any; None if unknown. `name` is the path to it in the data: `.status`.
    That a field may be null is not recorded: a template that works only for null counts as wrong.
    """

    kinds: frozenset[str]
    fields: Mapping[str, Shape] | None = None
    item: Shape | None = None
    value: Any = UNKNOWN
    name: str = ""

    @property
    def is_known(self) -> bool:
        """Return whether the value itself is known."""
        return self.value is not UNKNOWN

    @property
    def has_fields(self) -> bool:
        """Return whether it may be an object."""
        return bool(self.kinds & {"map", "spoken"})

    @property
    def types(self) -> str:
        """The names of its possible types."""
        return " or ".join(type_name(sample) for sample in self.samples())

    def samples(self) -> list[Any]:
        """Return the value if it is known, else one of each possible kind."""
        return [self.value] if self.is_known else [SAMPLES[name] for name in SAMPLES if name in self.kinds]


ANY = Shape(frozenset(SAMPLES))

Schema = Mapping[str, "Schema | Shape | None"]
"""The fields of an object by name, each with its shape or its own fields; None for any value."""


def shape_of(*kinds: str, **more: Any) -> Shape:
    """Return the shape of a value of one of some kinds."""
    return Shape(frozenset(kinds), **more)


def shape_of_schema(schema: Schema, name: str = "") -> Shape:
    """Return the shape of an object with these fields."""
    fields = {
        key: ANY if inner is None else inner if isinstance(inner, Shape) else shape_of_schema(inner, f"{name}.{key}")
        for key, inner in schema.items()
    }
    return Shape(ANY.kinds, fields=fields, name=name)


def shape_of_value(value: Any) -> Shape:
    """Return the shape of a known value."""
    return Shape(frozenset([_kind(value)]), value=value)


def shape_of_results(values: Iterable[Any]) -> Shape:
    """Return the shape of a value like one of these values."""
    values = list(values)
    holds_text = bool(values) and all(isinstance(value, Strings) for value in values)
    return Shape(frozenset(map(_kind, values)) or ANY.kinds, item=shape_of("string") if holds_text else None)


def union(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of a value that has one of several shapes."""
    shapes = list(shapes)
    return shapes[0] if len(shapes) == 1 else Shape(frozenset().union(*(each.kinds for each in shapes)))


def _kind(value: Any) -> str:
    return "spoken" if short_text(value) is not None else kind(value)


MAX_TRIED = 1_000_000
"""The limit of text that is made by checks, in characters; beyond it, errors are found only when rendering."""

MAX_COMBINATIONS = 256
"""The limit of combinations of arguments with which a function is tried."""


def find_errors(
    source: str,
    nodes: Sequence[Node],
    defined: Mapping[str, Sequence[Node]],
    functions: Mapping[str, Function],
    data: Shape,
    *,
    strict: bool,
) -> list[TemplateError]:
    """Return the errors that occur with any data of a shape, in order.

    Every function is called with values of each possible kind of its arguments. It is an error if all calls fail.
    """
    checks = _Checks(source, defined, functions, changing_variables(nodes, defined), strict)
    checks.run(nodes, data)
    return [checks.found[at] for at in sorted(checks.found)]


class _Checks:
    def __init__(
        self,
        source: str,
        defined: Mapping[str, Sequence[Node]],
        functions: Mapping[str, Function],
        changing_variables: set[str],
        strict: bool,
    ) -> None:
        self.found: dict[int, TemplateError] = {}
        self._source = source
        self._defined = defined
        self._functions = functions
        self._changing = changing_variables
        self._context = Context(RenderOptions(color=True), strict=strict, characters=MAX_TRIED)
        # Errors within a condition, which count only if they occur with all values that the template is invoked with.
        self._guarded: dict[int, TemplateError] = {}
        self._conditions = 0
        self._variables: dict[str, Shape] = {}
        self._invoked: list[tuple[str, Shape]] = []
        self._seen: set[tuple[str, Shape]] = set()

    def run(self, nodes: Sequence[Node], data: Shape) -> None:
        """Check a template and all that it defines."""
        self._begin(nodes, data)
        self.found |= self._guarded
        guarded: dict[str, dict[int, TemplateError]] = {}
        for name, value in self._invoked:  # which grows meanwhile
            self._begin(self._defined.get(name, ()), value)
            known = guarded.setdefault(name, self._guarded)
            guarded[name] = {at: error for at, error in known.items() if at in self._guarded}
        for name in self._defined.keys() - guarded.keys():
            self._begin(self._defined[name], ANY)
            guarded[name] = self._guarded
        for errors in guarded.values():
            self.found |= errors

    def _begin(self, nodes: Iterable[Node], data: Shape) -> None:
        self._guarded = {}
        self._conditions = 0
        self._variables = {}
        self._bind("$", data)
        self._walk(nodes, data)

    def _bind(self, name: str, value: Shape) -> None:
        self._variables[name] = ANY if name in self._changing else value

    def _wrong(self, message: str, at: int) -> Shape:
        found = self._guarded if self._conditions else self.found
        found.setdefault(at, TemplateError(message, self._source, at))
        return ANY

    # Parts.

    def _walk(self, nodes: Iterable[Node], dot: Shape) -> None:
        for node in nodes:
            if isinstance(node, Action):
                self._pipe(node.pipe, dot)
            elif isinstance(node, Control):
                outside = dict(self._variables)
                value = self._pipe(node.pipe, dot)
                declared = dict(self._variables)
                inner = self._turn(node, value) if node.word == "range" else value if node.word == "with" else dot
                self._conditions += node.word != "range"
                self._walk(node.body, inner)
                self._variables = declared
                self._walk(node.otherwise or (), dot)
                self._conditions -= node.word != "range"
                self._variables = outside
            elif isinstance(node, Invocation):
                self._invoke(node, ANY if node.pipe is None else self._pipe(node.pipe, dot))

    def _turn(self, node: Control, value: Shape) -> Shape:
        """Set the variables of a `range` as in each iteration, and return the shape of the dot there."""
        targets = node.pipe.targets
        tried = _tried(lambda each: pairs(self._context, each, len(targets)), [(each,) for each in value.samples()])
        if tried.failure is not None:
            self._wrong(tried.failure, node.pipe.at)
        item, key = value.item or ANY, ANY
        if value.kinds <= {"int", "uint"}:
            item = shape_of("int")
        elif value.kinds <= {"list"}:
            key = shape_of("int")
        elif value.kinds <= {"map", "spoken"}:
            key = shape_of("string")
        for name, each in zip(targets, (key, item) if len(targets) > 1 else (item,), strict=False):
            self._bind(name, each)
        return item

    def _invoke(self, node: Invocation, value: Shape) -> None:
        if len(self._invoked) > MAX_INVOCATIONS:
            value = ANY
        if (node.name, value) not in self._seen:
            self._seen.add((node.name, value))
            self._invoked.append((node.name, value))

    # Pipelines.

    def _pipe(self, pipe: Pipe, dot: Shape) -> Shape:
        value: Shape | None = None
        for command in pipe.commands:
            value = self._command(command, dot, value)
        result = value or ANY
        for name in pipe.targets:
            self._bind(name, result)
        return result

    def _command(self, command: Command, dot: Shape, final: Shape | None) -> Shape:
        start, *others = command.words
        if isinstance(start, Identifier):
            return self._call(start, others, dot, final)
        if final is not None or others:
            if isinstance(start, Field | Variable | Chain) and start.path:
                return self._wrong(f"field '{start.path[-1]}' is not a function and takes no arguments", start.at)
            return self._wrong("only a function takes arguments", start.at)
        if isinstance(start, Nil):
            return self._wrong("nil cannot be printed", start.at)
        return self._operand(start, dot)

    def _operand(self, node: Operand, dot: Shape) -> Shape:
        if isinstance(node, Field):
            return self._path(dot, node.path, node.at)
        if isinstance(node, Variable):
            if node.name not in self._variables:  # as in `{{$x := $x}}`
                return self._wrong(f"unknown variable '{node.name}'", node.at)
            return self._path(self._variables[node.name], node.path, node.at)
        if isinstance(node, Chain):
            return self._path(self._operand(node.start, dot), node.path, node.at)
        if isinstance(node, Identifier):
            return self._call(node, [], dot, None)
        if isinstance(node, Pipe):
            return self._pipe(node, dot)
        if isinstance(node, Number) and isinstance(node.value, int) and node.integer is None:
            return self._wrong(f"{node.source} is too large", node.at)
        if isinstance(node, Nil):
            return shape_of_value(None)
        return shape_of_value(Authored(node.value) if isinstance(node.value, str) else node.value)

    def _path(self, shape: Shape, path: Iterable[str], at: int) -> Shape:
        for name in path:
            if shape.fields is not None and name not in shape.fields:
                inside = f" in {shape.name}" if shape.name else ""
                message = f"unknown field '{name}'{inside}"
                self.found.setdefault(at, UnknownName(message, self._source, at, did_you_mean(name, shape.fields)))
                return ANY
            if not shape.has_fields:
                return self._wrong(f"no field '{name}' in a value of type {shape.types}", at)
            shape = (shape.item or ANY) if shape.fields is None else shape.fields[name]
        return shape

    # Functions.

    def _call(self, node: Identifier, words: Sequence[Operand], dot: Shape, final: Shape | None) -> Shape:
        function = self._functions[node.name]
        shapes = [self._operand(word, dot) for word in words]
        places = [word.at for word in words]
        given = len(shapes) + (final is not None)
        if wrong := function.miscount(node.name, given):
            return self._wrong(wrong, node.at)
        kinds = function.kinds(given)
        for place, (word, wanted) in enumerate(zip(words, kinds, strict=False)):
            if wanted == "int" and isinstance(word, Number):
                if word.integer is None:
                    return self._wrong(f"{word.source} is not a whole number", word.at)
                shapes[place] = shape_of_value(Int(word.integer))
        if final is not None:
            shapes.append(final)
            places.append(node.at)
        if function.gives == "item" and given > 2:
            # Each index applies to the item at the previous one.
            value = shapes[0]
            for shape in shapes[1:]:
                value = self._result(node, function, [value, shape], [node.at, node.at])
            return value
        return self._result(node, function, shapes, places)

    def _result(self, node: Identifier, function: Function, shapes: Sequence[Shape], places: Sequence[int]) -> Shape:
        """Return the shape of a function's result for arguments of some shapes. It is an error if all calls fail."""
        if function.call is None:
            return union(shapes)
        fit = partial(checked, strict=self._context.strict)
        fitting: list[list[Any]] = []
        for shape, wanted, at in zip(shapes, function.kinds(len(shapes)), places, strict=False):
            tried = _tried(fit, [(each, wanted) for each in shape.samples()])
            if tried.failure is not None:
                return self._wrong(tried.failure, at)
            fitting.append(tried.results)
        if prod(map(len, fitting)) > MAX_COMBINATIONS:
            return ANY
        is_known = all(shape.is_known for shape in shapes)
        tried = _tried(partial(function.call, self._context), product(*fitting), is_known=is_known)
        if tried.failure is not None:
            return self._wrong(f"{node.name}: {tried.failure}", node.at)
        if function.gives == "any" or tried.is_open:
            return ANY if function.gives != "item" or is_known else _item(*shapes)
        if is_known:
            return shape_of_value(tried.results[0])
        return _item(*shapes) if function.gives == "item" else shape_of_results(tried.results)


class _Tried(NamedTuple):
    """The outcome of trial calls: the failure if all failed, and the results. `is_open`: other results are possible."""

    failure: str | None
    results: list[Any]
    is_open: bool


def _tried(call: Callable[..., Any], arguments: Iterable[Sequence[Any]], *, is_known: bool = False) -> _Tried:
    """Call a function with each of `arguments`. A failure due to the content of values counts only if that is known."""
    failure: str | None = None
    results: list[Any] = []
    is_open = False
    for values in arguments:
        try:
            results.append(call(*values))
        except (Exhausted, NotPlain, TooDeep):
            is_open = True
        except DataFailure as error:
            failure, is_open = str(error), is_open or not is_known
        except Failure as error:
            failure = str(error)
    return _Tried(None if results or is_open else failure, results, is_open)


def _item(value: Shape, place: Shape | None = None) -> Shape:
    """Return the shape of an item of a value, at a place."""
    if value.kinds <= {"string"}:
        return shape_of("uint")
    if value.fields is not None and place is not None and place.value in value.fields:
        return value.fields[place.value]
    return value.item or ANY
