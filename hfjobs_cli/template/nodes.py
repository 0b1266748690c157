"""The parts of a parsed template. `at` is the offset of a part in the text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Text:
    """What stands outside of actions."""

    at: int
    text: str


@dataclass(slots=True)
class Number:
    """A number; `integer` is its value where a whole number is wanted, None if it is none."""

    at: int
    source: str
    value: int | float | complex
    integer: int | None


@dataclass(slots=True)
class Literal:
    """A text, true, or false."""

    at: int
    source: str
    value: str | bool


@dataclass(slots=True)
class Nil:
    """The word `nil`."""

    at: int


@dataclass(slots=True)
class Field:
    """`.a.b`; the dot alone has no path."""

    at: int
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class Variable:
    """`$name.a.b`; `name` includes the `$`."""

    at: int
    name: str
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class Chain:
    """`(...).a.b`, fields of what `start` gives."""

    at: int
    start: Pipe | Identifier
    path: tuple[str, ...]


@dataclass(slots=True)
class Identifier:
    """The name of a function."""

    at: int
    name: str


@dataclass(slots=True)
class Command:
    """Words side by side: a function and its arguments, or a value alone."""

    at: int
    words: list[Operand]


@dataclass(slots=True)
class Pipe:
    """Commands, each given what the one before it made; `targets` are variables that are declared or assigned."""

    at: int
    commands: list[Command] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    is_assignment: bool = False


@dataclass(slots=True)
class Action:
    """`{{pipeline}}`."""

    at: int
    pipe: Pipe


@dataclass(slots=True)
class Control:
    """`{{if}}`, `{{with}}` or `{{range}}`: `word` says which."""

    at: int
    word: str
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node] | None


@dataclass(slots=True)
class Jump:
    """`{{break}}` or `{{continue}}`: `word` says which."""

    at: int
    word: str


@dataclass(slots=True)
class Invocation:
    """`{{template "name" pipeline}}`."""

    at: int
    name: str
    pipe: Pipe | None


Operand = Field | Variable | Chain | Identifier | Number | Literal | Nil | Pipe
Node = Text | Action | Control | Jump | Invocation
