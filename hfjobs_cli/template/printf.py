"""The form of Go's `printf`: `%-10s`, `%[2]*.3f`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hfjobs_cli.template.gofmt import Printer, Spec
from hfjobs_cli.template.values import ABSENT, type_name

VERB_COST = 64
"""What reading a verb costs, in characters, whatever it writes."""

MAX_NUMBER = 1_000_000
"""The largest width or precision that Go takes."""


def printf(printer: Printer, form: str, values: Sequence[object]) -> str:
    """Write values as `form` says. Its mistakes show in the text, as in Go: `%!d(string=x)`."""
    return "".join(_Printf(printer, form, values).run())


class _Printf:
    """One call of printf: where it stands in the form, and which argument comes next."""

    def __init__(self, printer: Printer, form: str, values: Sequence[object]) -> None:
        self.printer = printer
        self.form = form
        self.values = values
        self.last_bracket = form.rfind("]")
        self.at = 0
        self.place = 0
        self.is_reordered = False
        self.is_good = True
        self.after_index = False

    def run(self) -> Iterator[str]:
        while self.at < len(self.form):
            start, self.at = self.at, self.form.find("%", self.at)
            if self.at < 0:
                self.at = len(self.form)
            if self.at > start:
                self.printer.spend(self.at - start)
                yield self.form[start : self.at]
            if self.at < len(self.form):
                self.printer.spend(VERB_COST)
                self.at += 1
                yield from self._verb()
        if not self.is_reordered and self.place < len(self.values):
            extra = [self._extra(value) for value in self.values[self.place :]]
            yield f"%!(EXTRA {', '.join(extra)})"

    def _extra(self, value: object) -> str:
        shown = self.printer.argument(value, "v", Spec())
        return shown if value is None or value is ABSENT else f"{type_name(value)}={shown}"

    def _verb(self) -> Iterator[str]:
        """Read flags, width, precision and verb, and write the argument."""
        spec = Spec()
        self.is_good, self.after_index = True, False
        while self._peek() in ("#", "0", "+", "-", " "):
            flag = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}[self._peek()]
            setattr(spec, flag, True)
            self.at += 1
        self._index()
        yield from self._width(spec)
        if self._peek() == "." and self.at + 1 < len(self.form):
            yield from self._precision(spec)
        if not self.after_index:
            self._index()
        if self.at >= len(self.form):
            yield "%!(NOVERB)"
            return
        verb = self._peek()
        self.at += 1
        if verb == "%":
            yield "%"
        elif not self.is_good:
            yield f"%!{verb}(BADINDEX)"
        elif self.place >= len(self.values):
            yield f"%!{verb}(MISSING)"
        else:
            if verb in "vw":
                spec.sharp_v, spec.sharp = spec.sharp, False
                spec.plus_v, spec.plus = spec.plus, False
            yield self.printer.argument(self.values[self.place], verb, spec)
            self.place += 1

    def _peek(self) -> str:
        return self.form[self.at : self.at + 1]

    def _width(self, spec: Spec) -> Iterator[str]:
        if self._peek() == "*":
            self.at += 1
            spec.width = self._star()
            if spec.width is None:
                yield "%!(BADWIDTH)"
            elif spec.width < 0:
                spec.width, spec.minus, spec.zero = -spec.width, True, False
            self.after_index = False
        else:
            spec.width = self._number()
            if self.after_index and spec.width is not None:
                self.is_good = False

    def _precision(self, spec: Spec) -> Iterator[str]:
        self.at += 1
        if self.after_index:
            self.is_good = False
        self._index()
        if self._peek() == "*":
            self.at += 1
            spec.precision = self._star()
            if spec.precision is not None and spec.precision < 0:
                spec.precision = None
            if spec.precision is None:
                yield "%!(BADPREC)"
            self.after_index = False
        else:
            spec.precision = self._number() or 0

    def _number(self) -> int | None:
        """Read digits; None if there are none. A number that is too large ends the form, as in Go."""
        number = None
        while self._peek() in tuple("0123456789"):
            if (number or 0) > MAX_NUMBER:
                self.at = len(self.form)
                return None
            number = (number or 0) * 10 + int(self._peek())
            self.at += 1
        return number

    def _star(self) -> int | None:
        """Return the argument that `*` stands for, None if it is no whole number or too large."""
        value = self.values[self.place] if self.place < len(self.values) else None
        self.place += self.place < len(self.values)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            return int(value)
        return None

    def _index(self) -> None:
        """Read `[n]`, which says which argument comes next."""
        self.after_index = False
        if self._peek() != "[":
            return
        self.is_reordered = True
        end = self.form.find("]", self.at) if self.at < self.last_bracket else -1
        if end < 0 or len(self.form) - self.at < 3:
            self.is_good = False
            self.at += 1
            return
        inside, self.at = self.form[self.at + 1 : end], end + 1
        is_number = inside.isascii() and inside.isdecimal() and len(inside) < 8
        if is_number and 0 < int(inside) <= len(self.values):
            self.place = int(inside) - 1
            self.after_index = True
        else:
            self.is_good = False
            self.after_index = is_number
