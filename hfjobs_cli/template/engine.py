"""A template: parsed once, then rendered for each job by the rules of Go's text/template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from hfjobs_cli.errors import did_you_mean
from hfjobs_cli.template.analysis import Path, calls, headers, invocations, uses
from hfjobs_cli.template.checks import Schema, find_errors, shape_of_schema
from hfjobs_cli.template.errors import TemplateError
from hfjobs_cli.template.function_context import Context, Failure, Function, RenderOptions, Wanted, checked, pairs
from hfjobs_cli.template.functions import FUNCTIONS, STRICT_FUNCTIONS
from hfjobs_cli.template.go_types import ABSENT, Authored, Int, NotPlain, kind, truth, type_name
from hfjobs_cli.template.gofmt import TooDeep
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
    Nil,
    Node,
    Number,
    Operand,
    Pipe,
    Text,
    Variable,
    parse,
)

MAX_STEPS = 1_000_000
"""The limit of evaluated nodes in one rendering."""

MAX_RUN_DEPTH = 90
"""The limit of nesting of evaluated actions, including templates that invoke each other."""

NULL_HINT = 'for a value that may be null, use {{with .x}}{{upper .}}{{end}} or {{or .x "-"}}'


class Template:
    """A template of Go's text/template, for plain JSON data.

    It supports all of Go's actions, and the functions of Go (without `call`, as JSON holds no functions), `docker ps
    --format` and `gh --template`. Unless `strict`, it differs from Go as follows:

    - a field of null, or of a missing value, is missing and prints as `<no value>`, also with `index`; `timeago` and
      `timefmt` return `<no value>` for null, and `truncate` an empty string;
    - an assignment to an undeclared variable, and `call`, are errors before anything is rendered;
    - functions that take an int take any whole number;
    - `js` writes unprintable characters beyond U+FFFF so that JavaScript can read them.

    It always differs from Go as follows:

    - whole numbers and fractions can be compared;
    - `len`, `slice`, `truncate` and widths count characters, not bytes;
    - text is Unicode: bytes that are not UTF-8, such as `"\\xff"`, become U+FFFD;
    - `join` and `truncate` take their two arguments in the order of docker or of gh, and do what that one does;
    - nesting, steps and the length of the text are limited.
    """

    def __init__(self, text: str, strict: bool = False, *, escapes: bool = False) -> None:
        """Parse `text`. With `escapes`, `\\t` and `\\n` outside of actions are a tab and a newline.

        Raises TemplateError with the position of the error.
        """
        self.text = text
        self.strict = strict
        self._functions = STRICT_FUNCTIONS if strict else FUNCTIONS
        self._nodes, self._defined = parse(text, self._functions, strict=strict, escapes=escapes)

    def render(self, data: Any, render_options: RenderOptions | None = None) -> str:
        """Render the template with `data`. Raises TemplateError.

        Rows of `tablerow` that `tablerender` has not printed come at the end, unless `render_options` are given: their
        table collects the rows.
        """
        own = render_options or RenderOptions()
        text = _Evaluator(self.text, self._defined, self._functions, own, strict=self.strict).run(self._nodes, data)
        return text if render_options else text + own.table.take()

    @cached_property
    def _uses(self) -> list[Path]:
        return uses(self._nodes, self._defined)

    def fields(self) -> set[str] | None:
        """Return the names of the top-level fields that are used, None if the data is used as a whole."""
        return {path[0] for path in self._uses} if all(self._uses) else None

    def check(self, schema: Schema) -> None:
        """Check for errors that occur with any data: unknown fields and templates, wrong numbers or types of arguments.

        Raises TemplateError for the first one.
        """
        for name, at in invocations(self._nodes, self._defined):
            if name not in self._defined:
                raise TemplateError(f"unknown template '{name}'", self.text, at, did_you_mean(name, self._defined))
        data = shape_of_schema(schema)
        for error in find_errors(self.text, self._nodes, self._defined, self._functions, data, strict=self.strict):
            raise error

    def headers(self) -> list[str]:
        """Return a header for each column, if columns are separated by tabs."""
        return headers(self._nodes, self._defined)

    def functions(self) -> set[str]:
        """Return the names of the functions that are called."""
        return calls(self._nodes, self._defined)


class _Evaluator:
    """One rendering: output, variables and limits."""

    def __init__(
        self,
        source: str,
        defined: Mapping[str, Sequence[Node]],
        functions: Mapping[str, Function],
        render_options: RenderOptions,
        *,
        strict: bool,
    ) -> None:
        self.source = source
        self.defined = defined
        self.functions = functions
        self.context = Context(render_options, strict=strict)
        self.out: list[str] = []
        self._variables: list[tuple[str, Any]] = []
        self._steps = MAX_STEPS
        self._depth = 0
        self._at = 0

    def run(self, nodes: Sequence[Node], data: object) -> str:
        """Render nodes with `data`. Raises TemplateError."""
        self._variables.append(("$", data))
        try:
            self._walk(nodes, data)
        except (Failure, NotPlain) as failure:
            raise self.error(str(failure), self._at) from None
        except (TooDeep, RecursionError):
            raise self.error("the data is nested too deeply", self._at) from None
        return "".join(self.out)

    def write(self, text: str) -> None:
        """Append text to the output."""
        self.context.spend(len(text))
        self.out.append(text)

    def error(self, message: str, at: int, hint: str | None = None) -> TemplateError:
        """Return an error at an offset of the template."""
        return TemplateError(message, self.source, at, hint)

    def _step(self, at: int) -> None:
        self._at = at
        self._steps -= 1
        if self._steps < 0:
            raise self.error(f"more than {MAX_STEPS} steps", at)

    def _walk(self, nodes: Iterable[Node], dot: Any) -> str | None:
        """Render nodes; return `break` or `continue` if the loop around them has to do that."""
        for node in nodes:
            self._step(node.at)
            if isinstance(node, Text):
                self.write(node.text)
            elif isinstance(node, Action):
                value = self._pipe(node.pipe, dot)
                if not node.pipe.targets:
                    self.write(self.context.printer.text(value))
            elif isinstance(node, Jump):
                return node.word
            else:
                self._depth += 1
                if self._depth > MAX_RUN_DEPTH:
                    raise self.error(f"nested deeper than {MAX_RUN_DEPTH} levels", node.at)
                jump = None
                if isinstance(node, Invocation):
                    self._invoke(node, dot)
                else:
                    jump = self._control(node, dot)
                self._depth -= 1
                if jump:
                    return jump
        return None

    def _invoke(self, node: Invocation, dot: Any) -> None:
        body = self.defined.get(node.name)
        if body is None:
            raise self.error(f"template {node.name!r} is not defined", node.at)
        argument = ABSENT if node.pipe is None else self._pipe(node.pipe, dot)
        outside, self._variables = self._variables, [("$", argument)]
        self._walk(body, argument)
        self._variables = outside

    def _control(self, node: Control, dot: Any) -> str | None:
        known = len(self._variables)
        value = self._pipe(node.pipe, dot)
        if node.word == "range":
            jump = self._range(node, value, dot)
        elif truth(value):
            jump = self._walk(node.body, value if node.word == "with" else dot)
        else:
            jump = self._walk(node.otherwise or (), dot)
        del self._variables[known:]
        return jump

    def _range(self, node: Control, value: Any, dot: Any) -> str | None:
        known = len(self._variables)
        try:
            found = pairs(self.context, value, len(node.pipe.targets))
        except Failure as failure:
            raise self.error(str(failure), node.pipe.at) from None
        for key, item in found:
            self._step(node.at)
            self._bind(node.pipe, key, item)
            jump = self._walk(node.body, item)
            del self._variables[known:]
            if jump == "break":
                break
        else:
            if not value or value is ABSENT or (isinstance(value, int) and value < 0):
                return self._walk(node.otherwise or (), dot)
        return None

    def _bind(self, pipe: Pipe, key: Any, item: Any) -> None:
        """Set the variables of a `range` for one iteration."""
        values = (key, item) if len(pipe.targets) > 1 else (item,)
        for back, (name, value) in enumerate(zip(pipe.targets, values, strict=False)):
            if pipe.is_assignment:
                self._assign(name, value, pipe.at)
            else:
                self._variables[back - len(pipe.targets)] = (name, value)

    def _assign(self, name: str, value: Any, at: int) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return
        raise self.error(f"unknown variable '{name}'", at)

    # Pipelines.

    def _pipe(self, pipe: Pipe, dot: Any) -> Any:
        final: tuple[Any, ...] = ()
        for command in pipe.commands:
            value = self._command(command, dot, final)
            if value is None:
                value = ABSENT
            final = (value,)
        for name in pipe.targets:
            if pipe.is_assignment:
                self._assign(name, value, pipe.at)
            else:
                self._variables.append((name, value))
        return value

    def _command(self, command: Command, dot: Any, final: tuple[Any, ...]) -> Any:
        """Evaluate a command; `final` holds the result of the previous one, if there is one."""
        start = command.words[0]
        self._step(start.at)
        if isinstance(start, Identifier):
            return self._call(start, command.words[1:], dot, final)
        has_arguments = bool(final) or len(command.words) > 1
        if isinstance(start, Field | Variable | Chain) and start.path:
            return self._field(start, dot, has_arguments)
        if has_arguments:
            raise self.error("only a function takes arguments", start.at)
        if isinstance(start, Nil):
            raise self.error("nil cannot be printed", start.at)
        return self._operand(start, dot)

    def _operand(self, node: Operand, dot: Any) -> Any:
        """Evaluate one operand."""
        self._step(node.at)
        if isinstance(node, Field | Variable | Chain):
            return self._field(node, dot)
        if isinstance(node, Literal):
            return Authored(node.value) if isinstance(node.value, str) else node.value
        if isinstance(node, Number):
            if isinstance(node.value, int) and node.integer is None:
                raise self.error(f"{node.source} is too large", node.at)
            return node.value
        if isinstance(node, Identifier):
            return self._call(node, [], dot, ())
        if isinstance(node, Pipe):
            return self._nested(node, dot)
        return None

    def _nested(self, pipe: Pipe, dot: Any) -> Any:
        self._depth += 1
        if self._depth > MAX_RUN_DEPTH:
            raise self.error(f"nested deeper than {MAX_RUN_DEPTH} levels", pipe.at)
        value = self._pipe(pipe, dot)
        self._depth -= 1
        return value

    def _variable(self, node: Variable) -> Any:
        for name, value in reversed(self._variables):
            if name == node.name:
                return value
        raise self.error(f"unknown variable '{node.name}'", node.at)

    def _field(self, node: Field | Variable | Chain, dot: Any, has_arguments: bool = False) -> Any:
        """Return the field that an operand names. With `has_arguments` it fails, as only functions take arguments."""
        value = dot
        if isinstance(node, Variable):
            value = self._variable(node)
        elif isinstance(node, Chain):
            value = self._operand(node.start, dot)
        for place, name in enumerate(node.path, 1):
            if value is ABSENT:
                return ABSENT
            if isinstance(value, dict):
                if has_arguments and place == len(node.path):
                    raise self.error(f"field '{name}' is not a function and takes no arguments", node.at)
                value = value.get(name, ABSENT)
            elif value is None and not self.context.strict:
                return ABSENT
            else:
                what = "null" if value is None else f"a value of type {type_name(value)}"
                raise self.error(f"no field '{name}' in {what}", node.at)
        return value

    # Functions.

    def _call(self, node: Identifier, words: Sequence[Operand], dot: Any, final: tuple[Any, ...]) -> Any:
        function = self.functions[node.name]
        given = len(words) + len(final)
        if wrong := function.miscount(node.name, given):
            raise self.error(wrong, node.at)
        if function.call is None:
            return self._shortcut(node.name == "or", words, dot, final)
        kinds = function.kinds(given)
        values = [self._argument(word, wanted, dot) for word, wanted in zip(words, kinds, strict=False)]
        values += [self._checked(value, kinds[given - 1], node.at) for value in final]
        self._at = node.at
        try:
            return function.call(self.context, *values)
        except Failure as failure:
            is_null = any(kind(value) == "nil" for value in values)
            raise self.error(f"{node.name}: {failure}", node.at, NULL_HINT if is_null else None) from None

    def _shortcut(self, stop: bool, words: Sequence[Operand], dot: Any, final: tuple[Any, ...]) -> Any:
        """Evaluate the arguments of `and` or `or` until one is decisive."""
        value: Any = ABSENT
        for word in words:
            value = self._argument(word, "value", dot)
            if truth(value) == stop:
                return value
        return final[0] if final else value

    def _argument(self, node: Operand, wanted: Wanted, dot: Any) -> Any:
        """Evaluate an argument, and check that it is of the wanted kind."""
        if wanted == "int" and isinstance(node, Number):
            if node.integer is None:
                raise self.error(f"{node.source} is not a whole number", node.at)
            return Int(node.integer)
        return self._checked(self._operand(node, dot), wanted, node.at)

    def _checked(self, value: Any, wanted: Wanted, at: int) -> Any:
        """Return an argument as the function takes it. Raises TemplateError if it is of another kind."""
        try:
            return checked(value, wanted, strict=self.context.strict)
        except Failure as failure:
            raise self.error(str(failure), at, NULL_HINT if kind(value) == "nil" else None) from None
