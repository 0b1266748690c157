"""Floating-point numbers as Go's strconv writes them."""

from __future__ import annotations

import math


def format_float(value: float, verb: str, precision: int | None) -> str:
    """Write a number without width or plus sign; a `precision` of None is as many digits as are needed.

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
    # Where as many digits are written as are needed, %g has an exponent from a million on.
    if verb == "f" or (verb in "gG" and -4 <= exponent < 6):
        whole = digits[:point].ljust(point, "0") if point > 0 else "0"
        rest = "0" * -point + digits[max(point, 0) :] if digits != "0" else ""
        return f"{sign}{whole}" + (f".{rest}" if rest else "")
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}{'E' if verb in 'EG' else 'e'}{exponent:+03d}"


def _shortest(value: float) -> tuple[str, int]:
    """Return the fewest digits that are this number and no other, and how many of them stand before the point."""
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
