"""Parse the tokens of a template into nodes, by the rules of Go's text/template."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from hfjobs_cli.errors import did_you_mean
from hfjobs_cli.template.errors import TemplateError, UnknownName
from hfjobs_cli.template.go_types import Int
from hfjobs_cli.template.lexer import Kind, Token, number, tokens, unquote


@dataclass(slots=True)
class Text:
    """Text outside of actions."""

    at: int
    text: str


@dataclass(slots=True)
class Number:
    """A number; `integer` is its value as a whole number, None if it is not whole."""

    at: int
    source: str
    value: int | float | complex
    integer: int | None


@dataclass(slots=True)
class Literal:
    """A string, true, or false."""

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
    """`(...).a.b`: fields of the value of `start`."""

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
    """A function and its arguments, or a single value."""

    at: int
    words: list[Operand]


@dataclass(slots=True)
class Pipe:
    """Commands, each with the result of the previous one; `targets` are variables that are declared or assigned."""

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
    """`{{if}}`, `{{with}}` or `{{range}}`, which is `word`."""

    at: int
    word: str
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node] | None


@dataclass(slots=True)
class Jump:
    """`{{break}}` or `{{continue}}`, which is `word`."""

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


class TokenStream:
    """The tokens of `source`, and the position of the parser."""

    def __init__(self, source: str) -> None:
        """Begin before the first token."""
        self.source = source
        self._tokens = tokens(source)
        self._ahead: list[Token] = []

    def peek(self, place: int = 0) -> Token:
        """Return a following token, by default the next one. Raises TemplateError if it is an ERROR."""
        while len(self._ahead) <= place:
            token = next(self._tokens)
            if token.kind is Kind.ERROR:
                raise self.error(token.text, token)
            self._ahead.append(token)
        return self._ahead[place]

    def next(self) -> Token:
        """Return the next token, and advance."""
        token = self.peek()
        self.skip(1)
        return token

    def skip(self, count: int) -> None:
        """Advance by a number of tokens."""
        del self._ahead[:count]

    def skip_space(self) -> Token:
        """Skip spaces, and return the next token without advancing further."""
        while self.peek().kind is Kind.SPACE:
            self.next()
        return self.peek()

    def expect(self, kinds: Iterable[Kind], where: str) -> Token:
        """Skip spaces, return the next token, and advance. Raises TemplateError if it is of another kind."""
        token = self.skip_space()
        if token.kind not in kinds:
            raise self.unexpected(token, where)
        return self.next()

    def error(self, message: str, token: Token, hint: str | None = None) -> TemplateError:
        """Return an error at a token."""
        return TemplateError(message, self.source, token.at, hint)

    def unexpected(self, token: Token, where: str) -> TemplateError:
        """Return the error for a token that is not allowed here."""
        named = token.kind in (Kind.END, Kind.SPACE)
        return self.error(f"unexpected {token.kind.value if named else repr(token.text)} in {where}", token)


MAX_NESTING = 60
"""The limit of nesting of actions and parentheses."""

MAX_VARIABLES = 500
"""The limit of variables that are visible at one place."""

_OPERANDS = (
    Kind.BOOL,
    Kind.CHARACTER,
    Kind.DOT,
    Kind.FIELD,
    Kind.IDENTIFIER,
    Kind.LEFT_PAREN,
    Kind.NIL,
    Kind.NUMBER,
    Kind.RAW_STRING,
    Kind.STRING,
    Kind.VARIABLE,
)
_NAMES = (Kind.STRING, Kind.RAW_STRING)


def parse(
    source: str, functions: Collection[str], *, strict: bool, escapes: bool
) -> tuple[list[Node], dict[str, list[Node]]]:
    """Return the nodes of a template, and those of the templates that it defines. Raises TemplateError.

    If `strict`, an assignment to an undeclared variable fails only when it is rendered. With `escapes`, `\\t` and `\\n`
    in text are a tab and a newline.
    """
    return _Parser(source, functions, strict, escapes).run()


class _Parser(TokenStream):
    def __init__(self, source: str, functions: Collection[str], strict: bool, escapes: bool) -> None:
        super().__init__(source)
        self.functions = functions
        self.strict = strict
        self.escapes = escapes
        self.defined: dict[str, list[Node]] = {}
        self.variables = ["$"]
        self.loops = 0
        self.depth = 0

    def run(self) -> tuple[list[Node], dict[str, list[Node]]]:
        nodes: list[Node] = []
        while self.peek().kind is not Kind.END:
            node = self.item(top=True)
            if node is not None:
                nodes.append(node)
        return nodes, self.defined

    def nest(self, token: Token) -> None:
        """Go one level deeper; the caller has to undo it by `depth -= 1`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.error(f"nested deeper than {MAX_NESTING} levels", token)

    # Text and actions.

    def item(self, *, top: bool = False) -> Node | None:
        """Read text or an action; None for a definition, which is allowed only at the `top`."""
        token = self.next()
        if token.kind is Kind.TEXT:
            text = token.text.replace("\\t", "\t").replace("\\n", "\n") if self.escapes else token.text
            return Text(token.at, text)
        word = self.skip_space()
        if word.kind is not Kind.KEYWORD:
            return Action(word.at, self.pipeline("an action", Kind.RIGHT))
        self.next()
        if word.text in ("if", "with", "range"):
            return self.control(word)
        if word.text in ("break", "continue"):
            self.expect([Kind.RIGHT], _braced(word))
            if not self.loops:
                raise self.error(f"{_braced(word)} outside {{{{range}}}}", word)
            return Jump(word.at, word.text)
        if word.text == "template":
            return self.invocation(word)
        if word.text == "block":
            return self.block(word)
        if word.text == "define" and top:
            self.define(word, self.name("{{define}}"))
            return None
        if word.text in ("end", "else"):
            raise self.error(f"{_braced(word)} without {{{{if}}}}, {{{{with}}}} or {{{{range}}}}", word)
        raise self.unexpected(word, "an action")

    def items(self, opener: Token) -> tuple[list[Node], Token]:
        """Read text and actions up to and including `end` or `else`; return them, and the token of that word."""
        nodes: list[Node] = []
        while True:
            if self.peek().kind is Kind.END:
                raise self.error(f"{_braced(opener)} is not closed with {{{{end}}}}", opener)
            word = self.word_ahead()
            if word is not None and word.text in ("end", "else"):
                self.next()
                self.skip_space()
                self.next()
                return nodes, word
            node = self.item()
            if node is not None:
                nodes.append(node)

    def word_ahead(self) -> Token | None:
        """Return the keyword of the next action, None if it has none."""
        if self.peek().kind is not Kind.LEFT:
            return None
        place = 1
        while self.peek(place).kind is Kind.SPACE:
            place += 1
        word = self.peek(place)
        return word if word.kind is Kind.KEYWORD else None

    def control(self, word: Token) -> Control:
        """Read the rest of an `if`, `with` or `range`."""
        known = len(self.variables)
        self.nest(word)
        pipe = self.pipeline(_braced(word), Kind.RIGHT, most_targets=2 if word.text == "range" else 1)
        self.loops += word.text == "range"
        body, closer = self.items(word)
        self.loops -= word.text == "range"
        otherwise: list[Node] | None = None
        if closer.text == "else":
            after = self.skip_space()
            if after.kind is Kind.KEYWORD and after.text == word.text != "range":
                otherwise = [self.control(self.next())]
            else:
                self.expect([Kind.RIGHT], "{{else}}")
                otherwise, closer = self.items(word)
                if closer.text != "end":
                    raise self.error("a second {{else}}", closer)
                self.expect([Kind.RIGHT], "{{end}}")
        else:
            self.expect([Kind.RIGHT], "{{end}}")
        self.depth -= 1
        del self.variables[known:]
        return Control(word.at, word.text, pipe, body, otherwise)

    def name(self, where: str) -> str:
        token = self.expect(_NAMES, where)
        return self.text_of(token)

    def invocation(self, word: Token) -> Invocation:
        name = self.name("{{template}}")
        pipe = None
        if self.skip_space().kind is Kind.RIGHT:
            self.next()
        else:
            pipe = self.pipeline("{{template}}", Kind.RIGHT)
        return Invocation(word.at, name, pipe)

    def block(self, word: Token) -> Invocation:
        name = self.name("{{block}}")
        pipe = self.pipeline("{{block}}", Kind.RIGHT)
        self.definition(word, name)
        return Invocation(word.at, name, pipe)

    def define(self, word: Token, name: str) -> None:
        self.expect([Kind.RIGHT], "{{define}}")
        self.definition(word, name)

    def definition(self, word: Token, name: str) -> None:
        """Read the body of a template up to its `end`; it cannot use outer variables, nor `break` an outer loop."""
        outside = self.variables, self.loops
        self.variables, self.loops = ["$"], 0
        self.nest(word)
        body, closer = self.items(word)
        if closer.text != "end":
            raise self.error(f"{{{{else}}}} in {_braced(word)}", closer)
        self.expect([Kind.RIGHT], "{{end}}")
        self.depth -= 1
        self.variables, self.loops = outside
        # A later definition replaces an earlier one, unless it is empty.
        if _is_empty(self.defined.get(name, [])):
            self.defined[name] = body
        elif not _is_empty(body):
            raise self.error(f"template {name!r} is defined twice", word)

    # Pipelines.

    def pipeline(self, where: str, closer: Kind, *, most_targets: int = 1) -> Pipe:
        """Read commands up to and including `closer`."""
        first = self.skip_space()
        pipe = Pipe(first.at)
        self.targets(pipe, where, most_targets)
        while True:
            token = self.skip_space()
            if token.kind is closer:
                self.next()
                break
            if token.kind not in _OPERANDS:
                raise self.unexpected(token, where)
            pipe.commands.append(self.command())
        if not pipe.commands:
            raise self.error(f"{where} has no value", first)
        for command in pipe.commands[1:]:
            start = command.words[0]
            if isinstance(start, Number | Literal | Nil) or (isinstance(start, Field) and not start.path):
                raise TemplateError("only a function can follow '|'", self.source, start.at)
        return pipe

    def targets(self, pipe: Pipe, where: str, most: int) -> None:
        """Read the variables that are declared or assigned, if any: up to `most`."""
        while (variable := self.skip_space()).kind is Kind.VARIABLE:
            place = 1
            while self.peek(place).kind is Kind.SPACE:
                place += 1
            after = self.peek(place)
            if after.kind not in (Kind.ASSIGN, Kind.DECLARE) and after.text != ",":
                return
            self.skip(place + 1)
            name = variable.text
            if after.kind is Kind.ASSIGN and not self.strict:
                self.check_variable(variable)
            pipe.targets.append(name)
            self.variables.append(name)
            if len(self.variables) > MAX_VARIABLES:
                raise self.error(f"more than {MAX_VARIABLES} variables", variable)
            if after.kind is not Kind.OTHER:
                pipe.is_assignment = after.kind is Kind.ASSIGN
                return
            if len(pipe.targets) == most:
                raise self.error(f"too many variables in {where}", after)
            if self.skip_space().kind is not Kind.VARIABLE:
                raise self.unexpected(self.peek(), where)

    def command(self) -> Command:
        """Read operands up to and including a `|`, or up to a delimiter."""
        command = Command(self.skip_space().at, [])
        while True:
            token = self.skip_space()
            if token.kind in _OPERANDS:
                command.words.append(self.operand())
            after = self.peek()
            if after.kind is Kind.SPACE:
                continue
            if after.kind is Kind.PIPE:
                self.next()
            elif after.kind not in (Kind.RIGHT, Kind.RIGHT_PAREN):
                raise self.unexpected(after, "an action")
            return command

    def operand(self) -> Operand:
        """Read an operand, and the fields after it."""
        token = self.peek()
        node = self.term()
        path: tuple[str, ...] = ()
        while self.peek().kind is Kind.FIELD:
            path += (self.next().text[1:],)
        if not path:
            return node
        if isinstance(node, Field) and node.path:
            return Field(node.at, node.path + path)
        if isinstance(node, Variable):
            return Variable(node.at, node.name, node.path + path)
        if isinstance(node, Identifier | Pipe | Chain):
            return Chain(node.at, node, path)
        raise self.error(f"unexpected '.' after {token.text}", token)

    def term(self) -> Field | Variable | Identifier | Number | Literal | Nil | Pipe:
        token = self.next()
        kind = token.kind
        if kind is Kind.IDENTIFIER:
            if token.text not in self.functions:
                raise UnknownName(
                    f"unknown function '{token.text}'",
                    self.source,
                    token.at,
                    did_you_mean(token.text, self.functions),
                )
            return Identifier(token.at, token.text)
        if kind is Kind.FIELD:
            return Field(token.at, (token.text[1:],))
        if kind is Kind.DOT:
            return Field(token.at)
        if kind is Kind.VARIABLE:
            self.check_variable(token)
            return Variable(token.at, token.text)
        if kind is Kind.LEFT_PAREN:
            self.nest(token)
            pipe = self.pipeline("parentheses", Kind.RIGHT_PAREN)
            self.depth -= 1
            return pipe
        if kind is Kind.NIL:
            return Nil(token.at)
        if kind is Kind.BOOL:
            return Literal(token.at, token.text, token.text == "true")
        if kind in _NAMES:
            return Literal(token.at, token.text, self.text_of(token))
        try:
            value, integer = number(token.text)
        except ValueError as error:
            raise self.error(f"{token.text} is not a number: {error}", token) from None
        return Number(token.at, token.text, Int(value) if isinstance(value, int) else value, integer)

    def check_variable(self, token: Token) -> None:
        if token.text not in self.variables:
            raise self.error(f"unknown variable '{token.text}'", token, did_you_mean(token.text, self.variables))

    def text_of(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except ValueError as error:
            raise self.error(f"{token.text} is not a string: {error}", token) from None


def _braced(word: Token) -> str:
    return f"{{{{{word.text}}}}}"


def _is_empty(nodes: Iterable[Node]) -> bool:
    """Return whether a template contains only white space."""
    return all(isinstance(node, Text) and not node.text.strip() for node in nodes)
