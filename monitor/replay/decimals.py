"""Many decimal numbers in a text at once, each exactly as `float` reads it.

A decimal of up to 2**53 without its point, over a power of ten up to 10**22, is two exact numbers and one division: the result is
rounded once, as it is by `float`.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

LONGEST: Final = 18
"""Characters of the longest number that is read here: its digits still fit into an int64."""
_EXACT: Final = 1 << 53
_TEN: Final = 10.0 ** np.arange(LONGEST + 1)
_ZERO, _POINT, _PLUS, _MINUS = (np.uint8(ord(sign)) for sign in "0.+-")


def decimals(
    text: npt.NDArray[np.uint8], start: npt.NDArray[np.intp], length: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(values, which of them are such numbers) of pieces of a text; `LONGEST` characters must stand behind the last one."""
    first = text[start]
    signed = (first == _PLUS) | (first == _MINUS)
    at, length = start + signed, length - signed
    known = (length > 0) & (length <= LONGEST)
    length = np.where(known, length, 0).astype(np.int8)
    mantissa = np.zeros(len(start), np.int64)
    digits, points = np.zeros((2, len(start)), np.int8)
    fraction = np.zeros(len(start), np.int8)
    for place in range(int(length.max(initial=0))):
        sign, inside = text[at], place < length
        digit = sign - _ZERO  # what stands before 0 wraps around to more than 9
        is_digit, is_point = inside & (digit < 10), inside & (sign == _POINT)
        mantissa *= np.where(is_digit, np.uint8(10), np.uint8(1))
        mantissa += digit * is_digit
        digits += is_digit
        points += is_point
        fraction += is_digit & (points > 0)
        at += 1
    known &= (digits > 0) & (points <= 1) & (digits + points == length) & (mantissa <= _EXACT)
    value = mantissa / _TEN[fraction]
    return np.where(first == _MINUS, -value, value), known
