"""A template, parsed once and rendered for each job."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from hfjobs_cli.errors import did_you_mean
from hfjobs_cli.template.analysis import Path, calls, headers, invocations, uses
from hfjobs_cli.template.checks import Schema, mistakes, shape_of_schema
from hfjobs_cli.template.context import RenderOptions
from hfjobs_cli.template.errors import TemplateError
from hfjobs_cli.template.evaluator import Evaluator
from hfjobs_cli.template.functions import FUNCTIONS, STRICT_FUNCTIONS
from hfjobs_cli.template.parser import parse


class Template:
    """A template of Go's text/template, over plain JSON data.

    All of Go's actions and functions are there (`call` aside, for data holds no functions), those of `docker ps
    --format`, and those of `gh --template`. It differs from Go in that

    - a field of null, or of what is missing, is missing too and prints as `<no value>`; `index` does the same;
      `timeago` and `timefmt` give `<no value>` for null, `truncate` an empty text;
    - a variable that is assigned has to be declared, and `call` is unknown, before anything is rendered;
    - functions that take an int take any whole number;
    - `js` writes what JavaScript reads for characters beyond U+FFFF that cannot be printed.

    If `strict`, these are as in Go. And it always differs in that

    - whole numbers and fractions can be compared;
    - `len`, `slice`, `truncate` and widths count characters, not bytes;
    - text is Unicode: bytes that are no UTF-8, as `"\\xff"` writes them, become U+FFFD;
    - `join` and `truncate` take their two arguments as docker has them, or as gh has, and do what each does;
    - nesting, steps and the length of the text are bounded.
    """

    def __init__(self, text: str, strict: bool = False, *, escapes: bool = False) -> None:
        """Parse `text`. With `escapes`, `\\t` and `\\n` outside of actions are a tab and a newline.

        Raises TemplateError, with the place that is wrong.
        """
        self.text = text
        self.strict = strict
        self._functions = STRICT_FUNCTIONS if strict else FUNCTIONS
        self._nodes, self._defined = parse(text, self._functions, strict=strict, escapes=escapes)

    def render(self, data: Any, render_options: RenderOptions | None = None) -> str:
        """Return the text that the template makes of `data`. Raises TemplateError.

        Rows of `tablerow` that were not printed by `tablerender` come at the end, unless `render_options` hold a table
        that collects them.
        """
        own = render_options or RenderOptions()
        text = Evaluator(self.text, self._defined, self._functions, own, strict=self.strict).run(self._nodes, data)
        return text if render_options else text + own.table.take()

    @cached_property
    def _uses(self) -> list[Path]:
        return uses(self._nodes, self._defined)

    def fields(self) -> set[str] | None:
        """Return the names of all fields that are used of the data itself, None if it is used as a whole."""
        return {path[0] for path in self._uses} if all(self._uses) else None

    def check(self, schema: Schema) -> None:
        """Find what cannot work, whatever the data is: fields that `schema` has not, templates that are not defined,
        functions that are given too much, too little or something else than they take.

        Raises TemplateError for the first.
        """
        for name, at in invocations(self._nodes, self._defined):
            if name not in self._defined:
                raise TemplateError(f"unknown template '{name}'", self.text, at, did_you_mean(name, self._defined))
        data = shape_of_schema(schema)
        for error in mistakes(self.text, self._nodes, self._defined, self._functions, data, strict=self.strict):
            raise error

    def headers(self) -> list[str]:
        """Return a header for each column, if columns are separated by tabs."""
        return headers(self._nodes, self._defined)

    def functions(self) -> set[str]:
        """Return the names of the functions that are called."""
        return calls(self._nodes, self._defined)
