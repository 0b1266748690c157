"""Format values as Go's package fmt does: `print`, `println`, and the verbs of `printf`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from hfjobs_cli.template.go_types import (
    ABSENT,
    NO_VALUE,
    Authored,
    Byte,
    NotPlain,
    kind,
    short_text,
    sorted_keys,
    type_name,
)


def format_float(value: float, verb: str, precision: int | None) -> str:
    """Format a number without width or plus sign; a `precision` of None is the fewest digits that identify it.

    `verb` is one of `eEfgGbxX`. Infinity is `+Inf` or `-Inf`.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision is not None:
        return f"{value:.{precision}{verb}}"
    sign = "-" if math.copysign(1, value) < 0 else ""
    digits, point = _shortest(abs(value))
    exponent = point - 1
    # With the fewest digits, %g has an exponent from a million on.
    if verb == "f" or (verb in "gG" and -4 <= exponent < 6):
        whole = digits[:point].ljust(point, "0") if point > 0 else "0"
        rest = "0" * -point + digits[max(point, 0) :] if digits != "0" else ""
        return f"{sign}{whole}" + (f".{rest}" if rest else "")
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}{'E' if verb in 'EG' else 'e'}{exponent:+03d}"


def _shortest(value: float) -> tuple[str, int]:
    """Return the fewest digits that identify a number, and how many of them stand before the point."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return (digits.rstrip("0"), point) if digits else ("0", 1)


def _binary(value: float) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    exponent = max(math.frexp(value)[1] - 53, -1074) if value else -1074
    return f"{sign}{int(math.ldexp(abs(value), -exponent))}p{exponent:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, exponent = math.frexp(abs(value))
    bits, exponent = int(mantissa * 2**53), exponent - 1 if value else 0
    if precision is not None and precision < 13:
        step = 1 << (52 - 4 * precision)
        bits = (bits + step // 2 - (not (bits // step) % 2)) // step * step
        if bits >> 53:
            bits, exponent = bits >> 1, exponent + 1
    fraction = f"{bits & (2**52 - 1):013x}"
    fraction = fraction.rstrip("0") if precision is None else fraction[:precision].ljust(precision, "0")
    return f"{sign}0x{bits >> 52}" + (f".{fraction}" if fraction else "") + f"p{exponent:+03d}"


VERB_COST = 64
"""The work of reading a verb, in characters."""

MAX_NUMBER = 1_000_000
"""The largest width or precision that Go takes."""


def printf(printer: Printer, form: str, values: Sequence[object]) -> str:
    """Format values as `form` says. Its errors appear in the text, as in Go: `%!d(string=x)`."""
    return "".join(_Printf(printer, form, values).run())


class _Printf:
    """One call of printf: its position in the form, and the next argument."""

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
        """Return the argument that `*` stands for, None if it is too large or not a whole number."""
        value = self.values[self.place] if self.place < len(self.values) else None
        self.place += self.place < len(self.values)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            return int(value)
        return None

    def _index(self) -> None:
        """Read `[n]`, which selects the next argument."""
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


MAX_DATA_DEPTH = 100
"""The limit of nesting of lists and objects that are printed."""

_QUOTES = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\"}


@dataclass
class Spec:
    """The flags, width and precision between `%` and the verb. `sharp_v` and `plus_v` are `#` and `+` before a `v`."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    sharp_v: bool = False
    plus_v: bool = False
    width: int | None = None
    precision: int | None = None

    def pad(self, text: str, *, zero: bool | None = None) -> str:
        """Return `text` at least as wide as `width`, in characters."""
        if not self.width or len(text) >= self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if (self.zero if zero is None else zero) else " ")


class TooDeep(Exception):
    """A value is nested deeper than MAX_DATA_DEPTH."""


class Printer:
    """Formats values. `escape` makes text from the data harmless.

    `spend` is called with the number of characters that were made, and may raise. `shows` returns whether a text is
    written as it is; other text is escaped within quotes. All methods raise NotPlain and TooDeep.
    """

    def __init__(
        self,
        escape: Callable[[str], str] | None = None,
        spend: Callable[[int], None] = lambda _n: None,
        shows: Callable[[str], bool] = lambda _text: True,
    ):
        """By default nothing is escaped and nothing is limited."""
        self._escape = escape
        self.spend = spend
        self._shows = shows

    def text(self, value: object) -> str:
        """Format one value as an action prints it."""
        if isinstance(value, str):  # by far the most frequent
            return self.safe(value)
        return NO_VALUE if value is ABSENT else self.argument(value, "v", Spec())

    def safe(self, text: str) -> str:
        """Return a text escaped, unless it is by the author of the template."""
        return text if self._escape is None or type(text) is Authored else self._escape(text)

    def print(self, values: Sequence[object]) -> str:
        """Print values, with spaces between operands when neither is a string."""
        parts: list[str] = []
        before = True
        for value in values:
            is_text = kind(value) == "string"
            if not is_text and not before:
                parts.append(" ")
            parts.append(self.argument(value, "v", Spec()))
            before = is_text
        return "".join(parts)

    def println(self, values: Sequence[object]) -> str:
        """Print values with spaces between them and a newline at the end."""
        return " ".join(self.argument(value, "v", Spec()) for value in values) + "\n"

    def argument(self, value: object, verb: str, spec: Spec, erring: bool = False) -> str:
        """Format one argument of a verb. `erring` is true within the error about a verb that does not fit."""
        if value is None or value is ABSENT:
            return self._paid(spec.pad("<nil>") if verb in "Tv" else f"%!{verb}(<nil>)")
        if verb == "T":
            return self._paid(spec.pad(type_name(value)[: spec.precision]))
        if verb in "pw":
            return self._bad(value, verb, spec)
        return self._value(value, verb, spec, 0, erring)

    def _value(self, value: object, verb: str, spec: Spec, depth: int, erring: bool = False) -> str:
        if depth > MAX_DATA_DEPTH:
            raise TooDeep
        what = kind(value)
        if what == "string":
            result = self._string(cast(str, value), verb, spec)
        elif what == "bool":
            result = spec.pad("true" if value else "false") if verb in "tv" else None
        elif isinstance(value, int):
            result = self._integer(value, verb, spec)
        elif isinstance(value, float):
            result = self._float(value, verb, spec)
        elif isinstance(value, complex):
            result = self._complex(value, verb, spec)
        elif (text := short_text(value)) is not None and verb in "vsxXq" and not (spec.sharp_v or erring):
            result = self._string(text, verb, spec)
        else:
            result = self._container(value, verb, spec, depth, erring)
        return self._bad(value, verb, spec) if result is None else self._paid(result)

    def _paid(self, text: str) -> str:
        self.spend(len(text))
        return text

    def _bad(self, value: object, verb: str, spec: Spec) -> str:
        """Format the error about a verb that does not fit a value."""
        return f"%!{verb}({type_name(value)}={self.argument(value, 'v', spec, erring=True)})"

    def _container(self, value: Any, verb: str, spec: Spec, depth: int, erring: bool) -> str:
        def inner(item: object) -> str:
            if item is None:
                return "interface {}(nil)" if spec.sharp_v else "<nil>"
            return self._value(item, verb, spec, depth + 1, erring)

        if isinstance(value, dict):
            items = [f"{inner(key)}:{inner(value[key])}" for key in sorted_keys(value)]
            start, end = (type_name(value) + "{", "}") if spec.sharp_v else ("map[", "]")
        else:
            items = [inner(item) for item in value]
            start, end = (type_name(value) + "{", "}") if spec.sharp_v else ("[", "]")
        return start + (", " if spec.sharp_v else " ").join(items) + end

    def _string(self, text: str, verb: str, spec: Spec) -> str | None:
        if verb in "vs" and not spec.sharp_v:
            return spec.pad(self.safe(text)[: spec.precision])
        if verb in "vq":
            text = text[: spec.precision]
            self.spend(len(text))
            if spec.sharp and _can_backquote(text) and self._shows(text):
                return spec.pad(f"`{text}`")
            return spec.pad(self._quote(text, '"', spec))
        if verb in "xX":
            return self._hex(text.encode("utf-8", "replace"), verb, spec)
        return None

    def _quote(self, text: str, mark: str, spec: Spec) -> str:
        """Quote a text or a character as in Go source, with escapes for what is not written as it is."""
        shows = None if self._shows(text) else self._shows
        return mark + "".join(_quoted(char, mark, spec.plus, shows) for char in text) + mark

    def _hex(self, data: bytes, verb: str, spec: Spec) -> str:
        data = data[: spec.precision]
        self.spend(5 * len(data))  # up to `0x41 ` for each
        if not data:
            return spec.pad("")
        prefix = f"0{verb}" if spec.sharp else ""
        text = data.hex() if verb == "x" else data.hex().upper()
        if not spec.space:
            return spec.pad(prefix + text)
        return spec.pad(" ".join(prefix + text[at : at + 2] for at in range(0, len(text), 2)))

    def _integer(self, value: int, verb: str, spec: Spec) -> str | None:
        if verb == "c":
            return spec.pad(self.safe(_rune(value)))
        if verb == "q":
            return spec.pad(self._quote(_rune(value), "'", spec))
        if verb == "U":
            text = "U+" + f"{value % 2**64:X}".rjust(max(4, spec.precision or 0), "0")
            if spec.sharp and 0 <= value <= 0x10FFFF and chr(value).isprintable() and self._shows(chr(value)):
                text += f" '{chr(value)}'"
            return spec.pad(text, zero=False)
        if verb == "v" and spec.sharp_v and isinstance(value, Byte):
            return _whole(value, "x", verb, replace(spec, sharp=True))
        base = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}.get(verb)
        return None if base is None else _whole(value, base, verb, spec)

    def _float(self, value: float, verb: str, spec: Spec) -> str | None:
        if verb in "vgGbxX":
            precision = spec.precision
        elif verb in "feEF":
            precision = 6 if spec.precision is None else spec.precision
        else:
            return None
        letter = {"v": "g", "F": "f"}.get(verb, verb)
        text = format_float(value, letter, precision)
        if text[0] not in "+-":
            text = "+" + text
        if spec.space and text[0] == "+" and not spec.plus:
            text = " " + text[1:]
        if text[1] in "IN":
            if (text[1] == "N" and not spec.space and not spec.plus) or (text[0] == "+" and not spec.plus):
                text = text[1:]
            return spec.pad(text, zero=False)
        if spec.sharp and verb != "b":
            text = _sharp(text, letter, precision)
        if not spec.plus and text[0] == "+":
            return spec.pad(text[1:])
        if spec.zero and not spec.minus and spec.width and spec.width > len(text):
            return text[0] + text[1:].rjust(spec.width - 1, "0")
        return spec.pad(text)

    def _complex(self, value: complex, verb: str, spec: Spec) -> str | None:
        real = self._float(value.real, verb, spec)
        imaginary = self._float(value.imag, verb, replace(spec, plus=True))
        return None if real is None else f"({real}{imaginary}i)"


def _quoted(char: str, mark: str, ascii_only: bool, shows: Callable[[str], bool] | None) -> str:
    code = ord(char)
    if char == mark:
        return "\\" + char
    if code in _QUOTES:
        return _QUOTES[code]
    if char.isprintable() and (code < 128 or not (ascii_only or (shows and not shows(char)))):
        return char
    if code < 32 or code == 127:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _can_backquote(text: str) -> bool:
    return not any(char in "`\x7f\ufeff" or (char < " " and char != "\t") for char in text)


def _rune(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


def decimal(value: int, base: str = "d") -> str:
    """Format a whole number. Raises NotPlain for one with too many digits for Python."""
    try:
        return format(value, base)
    except ValueError:
        raise NotPlain("the data contains a number with thousands of digits") from None


def _whole(value: int, base: str, verb: str, spec: Spec) -> str:
    if spec.precision == 0 and value == 0:
        return spec.pad("", zero=False)
    digits = decimal(abs(value), base)
    least = spec.precision or 0
    if spec.precision is None and spec.zero and not spec.minus and spec.width:
        least = spec.width - (value < 0 or spec.plus or spec.space)
    digits = digits.rjust(least, "0")
    if spec.sharp:
        digits = {"b": "0b", "x": "0x", "X": "0X", "o": "" if digits[0] == "0" else "0"}.get(base, "") + digits
    if verb == "O":
        digits = "0o" + digits
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    return spec.pad(sign + digits, zero=False)


def _sharp(text: str, letter: str, precision: int | None) -> str:
    """Return a number, with its sign, as the flag `#` requires: with a point, and with zeros at its end."""
    wanted = 0
    if letter in "gGx":
        wanted = 6 if precision is None else precision
    at = next((at for at, char in enumerate(text) if char in ("pP" if letter in "xX" else "eEpP")), len(text))
    body, tail = text[:at], text[at:]
    digits = body[1:].replace(".", "")
    wanted -= len(digits.lstrip("0"))  # of 0x1 the x counts too, as in Go
    if "." not in body:
        wanted -= body[1:] == "0"
        body += "."
    return body + "0" * max(0, wanted) + tail
