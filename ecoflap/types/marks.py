"""The marks of an evaluation as one short text: a hexadecimal digit a question, tenths of its mark."""

from collections.abc import Iterable

import numpy as np

DIGITS = "0123456789a"


def to_text(marks: Iterable[float]) -> str:
    """One digit a mark; exact match gives 0 and a, VQA accuracy 0, 3, 6, 9 and a.

    Raises:
        ValueError: a mark is no tenth from 0 to 1.
    """
    tenths = [round(10 * mark, 6) for mark in marks]
    if any(tenth not in range(11) for tenth in tenths):
        raise ValueError("A mark is no tenth from 0 to 1.")
    return "".join(DIGITS[int(tenth)] for tenth in tenths)


def from_text(text: str) -> np.ndarray:
    """Marks (questions,) float64.

    Raises:
        ValueError: another character.
    """
    return np.array([DIGITS.index(digit) for digit in text], dtype=np.float64) / 10
