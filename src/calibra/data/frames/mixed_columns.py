"""pandas columns that hold values of several types, as columns of one: DuckDB judges them by their first thousand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from numbers import Number
from typing import TYPE_CHECKING, Any

from calibra.data.counting.labels import label_text
from calibra.data.frames.roles import DATES, NUMBERS, PROBABILITIES, Roles
from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = (str, Number, Decimal, date)
"""What a column of several types may hold to be read at all: no lists, no bytes."""


def in_one_type(frame: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """The frame, whose columns are named by role, with columns of several plain types as text.

    Whole numbers beside text come of files that pandas read piece by piece, and of names such as 1 and "1b".

    Raises
    ------
    InputError
        Columns with lists, bytes and the like among plain values, all of them; what holds nothing else is refused by
        its type.
    """
    from pandas.api.types import infer_dtype

    mixed = [
        name
        for name in frame.columns
        if frame[name].dtype == object and infer_dtype(frame[name], skipna=True).startswith("mixed")
    ]
    plain = {name: {isinstance(value, _PLAIN) for value in frame[name].dropna()} for name in mixed}
    strange = [no_plain_type(frame, name, roles) for name in mixed if plain[name] == {True, False}]
    if strange:
        raise InputError("\n".join(["The judgments have problems:", *(f"- {fault}" for fault in strange)]))
    texts = {name: frame[name].map(_text_of(name), na_action="ignore") for name in mixed if plain[name] == {True}}
    return frame.assign(**texts) if texts else frame


def no_plain_type(frame: Any, name: str, roles: Roles) -> str:
    """What is said of a column, of pandas or pyarrow, that no engine reads."""
    column, key = frame[name], roles.key(name)
    kinds = sorted({type(value).__name__ for value in column}) if hasattr(column, "map") else [str(column.type)]
    return (
        f"`{key}` (column {quoted(roles.columns[key])}) must hold values of one plain type; it holds "
        f"{', '.join(kinds[:5])}. Convert the column first."
    )


def _text_of(name: str) -> Callable[[Any], str | None]:
    """What makes text of a value: of labels as they are read everywhere, of days and numbers as Python writes them."""
    return str if name in (*DATES, *NUMBERS, *PROBABILITIES) else label_text
