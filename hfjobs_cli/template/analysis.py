"""Static analysis of a template: the fields it uses, and the headers of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hfjobs_cli.template.parser import (
    Action,
    Chain,
    Command,
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
"""The limit of the length of paths: they would grow without end in a template that invokes itself with a field."""

MAX_INVOCATIONS = 200
"""The limit of invocations that are followed; beyond it, the data counts as used as a whole."""


def uses(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> list[Path]:
    """Return the paths of the fields that a template uses.

    Paths may be shorter than those used, within a `range` for instance. No top-level field is missing: where it is not
    known, the path is empty, for the data as a whole.
    """
    return _Uses(nodes, defined).found


def changing_variables(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> set[str]:
    """Return the variables with unknown values: those assigned, or declared in parentheses."""
    return {
        name
        for body in (nodes, *defined.values())
        for pipe, is_nested in _pipes(body)
        if pipe.is_assignment or is_nested
        for name in pipe.targets
    }


class _Uses:
    def __init__(self, nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> None:
        self.found: list[Path] = []
        self._seen: set[tuple[str, Path | None]] = set()
        self._invoked: list[tuple[str, Path | None]] = []
        self._assigned = changing_variables(nodes, defined)
        self._variables: dict[str, Path | None] = {}
        self._begin(nodes, ())
        for name, value in self._invoked:  # which grows meanwhile
            self._begin(defined.get(name, ()), value)

    def _begin(self, nodes: Sequence[Node], value: Path | None) -> None:
        """Walk through a template that is invoked with `value`."""
        self._variables = {}
        self._bind("$", value)
        self._walk(nodes, value)

    def _bind(self, name: str, value: Path | None) -> None:
        """Record the path to the value of a variable."""
        if name in self._assigned:
            self.found.append(())
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
            self.found.append(())
            value = None
        if (node.name, value) not in self._seen:
            self._seen.add((node.name, value))
            self._invoked.append((node.name, value))

    def _pipe(self, pipe: Pipe, dot: Path | None, *, keeps: bool = False) -> Path | None:
        """Record what a pipeline uses, and return the path to its value if that is known.

        If the value `keeps` its path, its uses are recorded later, so it does not count as used here.
        """
        words = [word for command in pipe.commands for word in command.words]
        alone = len(words) == 1
        values = [self._operand(word, dot, keeps=keeps and alone) for word in words]
        value = values[0] if alone else None
        for name in pipe.targets:
            self._bind(name, value)
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
            self.found.append(path)
        return path


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


MAX_HEADER_PARTS = 1_000
"""The limit of nodes that are searched for headers: templates that invoke each other could be endless."""

MAX_HEADER_DEPTH = 100
"""The limit of nesting of nodes that are searched for headers."""


def headers(nodes: Sequence[Node], defined: Mapping[str, Sequence[Node]]) -> list[str]:
    """Return a header for each column of a template whose columns are separated by tabs.

    It is the text of the column, with the names of the fields in place of each action: `ID`, `LABELS.NAME`. A variable
    has the names of its value, and an invoked template those of its content. Only the first line counts, and for an
    `if` the first branch that names a field, or else its condition.
    """
    line = "".join(part.text for part in _Headers(defined).parts(nodes, "")).partition("\n")[0]
    return [cell.strip() for cell in line.split("\t")]


class _Part(NamedTuple):
    """A piece of a header. `is_name` is true for the names of fields."""

    text: str
    is_name: bool = False


class _Headers:
    def __init__(self, defined: Mapping[str, Sequence[Node]]) -> None:
        self._defined = defined
        self._variables: dict[str, list[str]] = {}
        self._left = MAX_HEADER_PARTS
        self._depth = 0

    def parts(self, nodes: Iterable[Node], dot: str) -> list[_Part]:
        """Return the pieces of headers from nodes of a template; `dot` is the name of their data."""
        found: list[_Part] = []
        self._depth += 1
        for node in nodes:
            self._left -= 1
            if self._left < 0 or self._depth > MAX_HEADER_DEPTH:
                break
            if isinstance(node, Text):
                found.append(_Part(node.text))
            elif isinstance(node, Action):
                names = self._names(node.pipe, dot)
                if not node.pipe.targets:
                    found.append(_Part(" ".join(names), bool(names)))
            elif isinstance(node, Control):
                found += self._control(node, dot)
            elif isinstance(node, Invocation):
                found += self._invocation(node, dot)
        self._depth -= 1
        return found

    def _control(self, node: Control, dot: str) -> list[_Part]:
        outside = dict(self._variables)
        found = self._branches(node, dot)
        self._variables = outside
        return found

    def _branches(self, node: Control, dot: str) -> list[_Part]:
        names = self._names(node.pipe, dot)
        own = [_Part(" ".join(names), True)] if names else []
        inner = dot if node.word == "if" else names[0] if len(names) == 1 else ""
        inside = self.parts(node.body, inner)
        if any("\t" in part.text for part in inside):
            return inside
        others = self.parts(node.otherwise or (), dot)
        if own and node.word != "if":
            return own if inside or others else []
        return next((parts for parts in (inside, others) if _named(parts)), own if inside or others else [])

    def _invocation(self, node: Invocation, dot: str) -> list[_Part]:
        names = [] if node.pipe is None else self._names(node.pipe, dot)
        outside, self._variables = self._variables, {"$": names}
        inside = self.parts(self._defined.get(node.name, ()), names[0] if len(names) == 1 else "")
        self._variables = outside
        return inside if _named(inside) or not names else [_Part(" ".join(names), True)]

    def _names(self, pipe: Pipe, dot: str) -> list[str]:
        """Return the names of the fields in a pipeline, and record them for the variables that it sets."""
        names: dict[str, None] = {}
        for command in pipe.commands:
            for word in command.words:
                if isinstance(word, Pipe):
                    names.update(dict.fromkeys(self._names(word, dot)))
                elif isinstance(word, Field):
                    names[_joined(dot, word.path, _keys(command, word))] = None
                elif isinstance(word, Variable):
                    starts = self._variables.get(word.name, [])
                    for start in starts if len(starts) == 1 or not word.path else [""]:
                        names[_joined(start, word.path, _keys(command, word))] = None
                elif isinstance(word, Chain):
                    names[_joined("", word.path, _keys(command, word))] = None
        found = [name for name in names if name]
        for target in pipe.targets:
            known = self._variables.setdefault(target, []) if pipe.is_assignment else []
            known += [name for name in found if name not in known]  # which those around see too
            self._variables[target] = known
        return found


def _named(parts: Iterable[_Part]) -> bool:
    """Return whether any piece of a header names a field."""
    return any(part.is_name for part in parts)


def _joined(start: str, path: Path, keys: Iterable[str]) -> str:
    """Return the header of the value at a path from a value with the header `start`."""
    return ".".join([*([start] if start else []), *(name.upper() for name in (*path, *keys))])


def _keys(command: Command, field: Operand) -> Iterator[str]:
    """Yield the keys after `field` in `index .field "key"`."""
    first, *others = command.words
    if isinstance(first, Identifier) and first.name == "index" and others[:1] == [field]:
        yield from (str(word.value) for word in others[1:] if isinstance(word, Literal))


def _pipes(nodes: Iterable[Node]) -> Iterator[tuple[Pipe, bool]]:
    """Yield all pipelines in nodes, outer before inner, and whether each stands in parentheses."""
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
    """Yield all operands of a pipeline, including those in parentheses."""
    for command in pipe.commands:
        for word in command.words:
            yield word
            if isinstance(word, Chain):
                yield word.start
            inner = word.start if isinstance(word, Chain) else word
            if isinstance(inner, Pipe):
                yield from _operands(inner)
