"""What can be told of a template before it is rendered: the fields it uses, and the headers of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hfjobs_cli.template.nodes import (
    Action,
    Chain,
    Control,
    Field,
    Identifier,
    Invocation,
    Jump,
    Literal,
    Node,
    Operand,
    Pipe,
    Text,
    Variable,
)

Path = tuple[str, ...]
"""Names that lead from the data to a value; none for the data as a whole."""

MAX_PATH = 4
"""How long a path may get; a template that calls itself for a field goes one field deeper each time."""

MAX_INVOCATIONS = 200
"""For how many values the templates that are invoked are followed; beyond, the data counts as used as a whole."""


class Use(NamedTuple):
    """A value of the data that a template uses, and where."""

    path: Path
    at: int


def uses(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> list[Use]:
    """Return what a template uses of its data, where that can be told: not within a `range`, for instance.

    Of the first name in a path nothing is left out: what is used is told of, or the data as a whole is.
    """
    return _Uses(nodes, defined).found


class _Uses:
    def __init__(self, nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> None:
        self.found: list[Use] = []
        self._seen: set[tuple[str, Path | None]] = set()
        self._invoked: list[tuple[str, Path | None]] = []
        # A variable that is assigned may hold anything at any time, and one that is declared in parentheses may not be.
        self._assigned = {
            name
            for body in (nodes, *defined.values())
            for pipe, is_nested in _pipes(body)
            if pipe.is_assignment or is_nested
            for name in pipe.targets
        }
        self._variables: dict[str, Path | None] = {}
        self._begin(nodes, ())
        for name, value in self._invoked:  # which grows meanwhile
            self._begin(defined.get(name, ()), value)

    def _begin(self, nodes: Sequence[Node], value: Path | None) -> None:
        """Walk through a template that is given `value`."""
        self._variables = {}
        self._bind("$", value, 0)
        self._walk(nodes, value)

    def _bind(self, name: str, value: Path | None, at: int) -> None:
        """Note what a variable holds."""
        if name in self._assigned:
            self._note((), at)
            value = None
        self._variables[name] = value

    def _walk(self, nodes: Iterable[Node], dot: Path | None) -> None:
        for node in nodes:
            if isinstance(node, Action):
                self._pipe(node.pipe, dot, keeps=bool(node.pipe.targets))
            elif isinstance(node, Control):
                self._control(node, dot)
            elif isinstance(node, Invocation):
                self._invocation(node, dot)

    def _control(self, node: Control, dot: Path | None) -> None:
        outside = dict(self._variables)
        value = self._pipe(node.pipe, dot, keeps=node.word == "with")
        if node.word == "range":
            self._variables.update(dict.fromkeys(node.pipe.targets))
        inside = dict(self._variables)
        self._walk(node.body, {"if": dot, "with": value, "range": None}[node.word])
        self._variables = inside
        self._walk(node.otherwise or (), dot)
        self._variables = outside

    def _invocation(self, node: Invocation, dot: Path | None) -> None:
        value = None if node.pipe is None else self._pipe(node.pipe, dot, keeps=True)
        if value is not None and (len(value) > MAX_PATH or len(self._invoked) > MAX_INVOCATIONS):
            self._note((), node.at)
            value = None
        if (node.name, value) not in self._seen:
            self._seen.add((node.name, value))
            self._invoked.append((node.name, value))

    def _pipe(self, pipe: Pipe, dot: Path | None, *, keeps: bool = False) -> Path | None:
        """Note what a pipeline uses, and return the path to its value if that can be told.

        If the value `keeps` its path, so that its uses are seen later, the data as a whole does not count as used yet.
        """
        words = [word for command in pipe.commands for word in command.words]
        alone = len(words) == 1
        values = [self._operand(word, dot, keeps=keeps and alone) for word in words]
        value = values[0] if alone else None
        for name in pipe.targets:
            self._bind(name, value, pipe.at)
        return value

    def _operand(self, node: Operand, dot: Path | None, *, keeps: bool = False) -> Path | None:
        start: Path | None = None
        if isinstance(node, Pipe):
            return self._pipe(node, dot, keeps=keeps)
        if isinstance(node, Field):
            start = dot
        elif isinstance(node, Variable):
            start = self._variables.get(node.name)
        elif isinstance(node, Chain):
            start = self._operand(node.start, dot, keeps=True)
        else:
            return None
        if start is None:
            return None
        path = start + node.path
        if path or not keeps:
            self._note(path, node.at)
        return path

    def _note(self, path: Path, at: int) -> None:
        self.found.append(Use(path, at))


def calls(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> set[str]:
    """Return the names of all functions that a template calls."""
    return {
        word.name
        for body in (nodes, *defined.values())
        for pipe, is_nested in _pipes(body)
        if not is_nested
        for word in _operands(pipe)
        if isinstance(word, Identifier)
    }


def invocations(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> list[tuple[str, int]]:
    """Return the names of all templates that a template invokes, and where."""
    found = []
    todo = [node for body in (nodes, *defined.values()) for node in body]
    for node in todo:  # which grows meanwhile
        if isinstance(node, Invocation):
            found.append((node.name, node.at))
        elif isinstance(node, Control):
            todo += [*node.body, *(node.otherwise or ())]
    return found


def headers(nodes: Sequence[Node]) -> list[str]:
    """Return a header for each column of a template whose columns are separated by tabs.

    It is the text of the column, with the name of the first field in place of each action: `ID`, `LABELS.NAME`. Of
    several lines the first one counts, and of an `if` its first branch.
    """
    line = "".join(_header_text(nodes)).partition("\n")[0]
    return [cell.strip() for cell in line.split("\t")]


def _header_text(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Text):
            yield node.text
        elif isinstance(node, Control) and "\t" in (inside := "".join(_header_text(node.body))):
            yield inside
        elif not (isinstance(node, Action) and node.pipe.targets):
            yield next(_names([node]), "")


def _names(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the fields that parts of a template name, as headers."""
    for pipe, _ in _pipes(nodes):
        for word in _operands(pipe):
            if isinstance(word, Field | Variable | Chain) and word.path:
                yield ".".join([*word.path, *_keys(pipe, word)]).upper()


def _keys(pipe: Pipe, field: Operand) -> Iterator[str]:
    """Yield the keys behind `field` in `index .field "key"`."""
    for command in pipe.commands:
        first, *others = command.words
        if isinstance(first, Identifier) and first.name == "index" and others[:1] == [field]:
            yield from (str(word.value) for word in others[1:] if isinstance(word, Literal))


def _pipes(nodes: Iterable[Node]) -> Iterator[tuple[Pipe, bool]]:
    """Yield all pipelines in parts of a template, and whether each stands in parentheses, behind those around it."""
    for node in nodes:
        if isinstance(node, Text | Jump):
            continue
        if node.pipe is not None:
            yield node.pipe, False
            yield from ((word, True) for word in _operands(node.pipe) if isinstance(word, Pipe))
        if isinstance(node, Control):
            yield from _pipes(node.body)
            yield from _pipes(node.otherwise or ())


def _operands(pipe: Pipe) -> Iterator[Operand]:
    """Yield all words of a pipeline, those in parentheses included."""
    for command in pipe.commands:
        for word in command.words:
            yield word
            if isinstance(word, Chain):
                yield word.start
            inner = word.start if isinstance(word, Chain) else word
            if isinstance(inner, Pipe):
                yield from _operands(inner)
