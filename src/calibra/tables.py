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
