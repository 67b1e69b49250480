"""Arrays to tables and to a line of text: pandas, made on use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import pandas as pd


def make_table(columns: Mapping[str, ArrayLike], index: ArrayLike | None = None) -> pd.DataFrame:
    """What do these columns look like side by side? A pandas frame of equally long columns.

    pandas is imported here and not before: results hold arrays, and their `.table` calls this on use.

    Parameters
    ----------
    columns : mapping of str to array-like
        Column name to values; all of one length. The order is kept.
    index : array-like, optional
        Row labels; default 0, 1, 2, …

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    return pd.DataFrame(dict(columns), index=None if index is None else np.asarray(index))


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values for JSON; what is missing or endless becomes None."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def narrow_table(table: pd.DataFrame, *, most: int = 8) -> tuple[pd.DataFrame, list[str]]:
    """A table to be read: estimates with their intervals in one column, and what is the same in all rows beside it.

    Parameters
    ----------
    table : pandas.DataFrame
        An estimate is `estimate` with `lower` and `upper`, or any column `x` with `x_lower` and `x_upper`.
    most : int
        Columns at most: labels and whole numbers first, then estimates, then the other numbers.

    Returns
    -------
    pandas.DataFrame, list of str
        Text, and "name value" of each column that holds one value.
    """
    names = list(table.columns)
    ends = {"estimate": ("lower", "upper")} if {"estimate", "lower", "upper"} <= set(names) else {}
    ends |= {name: pair for name in names if {*(pair := (f"{name}_lower", f"{name}_upper"))} <= set(names)}
    left = [name for name in names if not any(name in pair for pair in ends.values())]
    one = [name for name in left if len(table) > 1 and name not in ends and table[name].nunique(dropna=False) == 1]
    rest = [name for name in left if name not in one]
    kinds = {name: 1 if name in ends else 2 if table[name].dtype.kind == "f" else 0 for name in rest}
    kept = set(sorted(rest, key=lambda name: kinds[name])[:most])
    columns: dict[str, ArrayLike] = {
        name: [
            _estimate(table, row, name, *ends[name]) if name in ends else _shown(table[name].iloc[row])
            for row in range(len(table))
        ]
        for name in rest
        if name in kept
    }
    return make_table(columns), [f"{name} {_shown(table[name].iloc[0])}" for name in one]


def _estimate(table: pd.DataFrame, row: int, *names: str) -> str:
    estimate, lower, upper = (_shown(table[name].iloc[row]) for name in names)
    return f"{estimate} ({lower}–{upper})" if lower or upper else estimate


def _shown(value: Any) -> str:
    """A value as text, numbers to three digits; nothing for what is missing."""
    item = _plain(value)
    return "" if item is None or item != item else f"{item:.3g}" if isinstance(item, float) else str(item)


def _plain(value: Any) -> Any:
    item = value.item() if hasattr(value, "item") else value
    return None if isinstance(item, float) and not math.isfinite(item) else item


def brief(result: Any) -> str:
    """What is in this result? Its fields, long arrays by shape: for `__repr__ = brief` in a dataclass."""
    told = (f"{field.name}={_told(getattr(result, field.name))}" for field in fields(result) if field.repr)
    return f"{type(result).__name__}({', '.join(told)})"


_SHORT = 60


def _told(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.size <= 6:
            return np.array2string(value, precision=4, separator=", ").replace("\n", "")
        if value.dtype.kind in "OU" and value.ndim == 1:
            return _cut([repr(one) for one in value[:3].tolist()], value.size, "[]")
        return f"<{value.dtype} {'×'.join(map(str, value.shape))}>"
    if isinstance(value, np.floating):
        return f"{float(value):.4g}"
    if isinstance(value, Mapping):
        return _cut([f"{key}: {_told(one)}" for key, one in list(value.items())[:4]], len(value), "{}")
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return _cut([_told(one) for one in value[:4]], len(value), "()")
    text = repr(value).replace("\n", " ")
    if len(text) <= _SHORT:
        return text
    return f"<{type(value).__name__}>" if is_dataclass(value) else f"{text[: _SHORT - 1]}…"


def _cut(told: list[str], n: int, ends: str) -> str:
    more = [f"… {n} in all"] if n > len(told) else []
    return f"{ends[0]}{', '.join([*told, *more])}{ends[1]}"
