"""Labels of a column as codes: text in one order, whatever the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.words import quoted

IntArray = NDArray[np.int64]

NO_LABEL = ("<NA>", "NaT")
"""Text that libraries write for a label that is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A column of labels as codes: −1 where there is none."""

    codes: IntArray
    """Index into `values`, or −1."""
    values: tuple[str, ...]
    """Distinct labels as text, in `label_order`."""

    def at(self, places: IntArray) -> Labels:
        """The labels at these places alone."""
        return Labels(self.codes[places], self.values)


def encode(series: nw.Series[Any]) -> Labels:
    """Labels as text in `label_order`, and codes; missing, NaN and empty text have the code −1."""
    values: Any = series.to_arrow()
    if hasattr(values, "combine_chunks"):  # a pandas column of several chunks, as joining two frames makes it
        values = values.combine_chunks()
    found = values.dictionary_encode()
    texts = [label_text(value) for value in found.dictionary.to_pylist()]
    known = tuple(sorted({text for text in texts if text is not None}, key=label_order))
    place = {text: i for i, text in enumerate(known)}
    lookup = np.array([-1 if text is None else place[text] for text in texts] + [-1], dtype=np.int64)
    codes = found.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return Labels(lookup[codes], known)


def label_order(label: str) -> tuple[int, str]:
    """What labels are sorted by: whole numbers first, as numbers (2 before 10), then the others as text."""
    return (int(label), label) if label.isascii() and label.isdigit() and len(label) < _DIGITS else (10**_DIGITS, label)


_DIGITS = 19
_FLOATS = (float, np.floating, Decimal)


def label_text(value: object) -> str | None:
    """A label as text: 7, 7.0 and the exact 7.00 all read "7"; missing, NaN and blank text are None."""
    if value is None or str(value).strip() in ("", *NO_LABEL) or (isinstance(value, _FLOATS) and value != value):
        return None
    if isinstance(value, _FLOATS) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return f"{value.normalize():f}" if isinstance(value, Decimal) and value.is_finite() else str(value)


def by_text[T](labels: Mapping[Any, T], name: str) -> dict[str, T]:
    """The choices of the user for labels, by the labels as text.

    Raises
    ------
    InputError
        Two labels that read alike, 1 and "1", lead to different choices.
    """
    found: dict[str, T] = {}
    for label, choice in labels.items():
        text = str(label_text(label))
        if found.setdefault(text, choice) != choice:
            raise InputError(
                f"`{name}` must lead from a label to one; {quoted(text)} leads to {quoted(str(found[text]))} and to "
                f"{quoted(str(choice))}. Keep one of them."
            )
    return found
