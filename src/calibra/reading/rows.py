"""The rows of a table with all reps first: their labels, and counts with all reps' total before them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.inference.posterior import Diagnostics
from calibra.stats.intervals import Interval
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd


def label_columns(labels: Sequence[str], **of_each: Sequence[str]) -> dict[str, Any]:
    """Column `rep`, each label repeated, and beside it what each rep's rows are called: ranks, or pairs of them."""
    n_rows = len(next(iter(of_each.values())))
    columns: dict[str, Any] = {"rep": np.repeat(np.array(labels, dtype=object), n_rows)}
    return columns | {name: np.tile(np.array(names, dtype=object), len(labels)) for name, names in of_each.items()}


def all_reps_first[Number: (np.float64, np.int64)](counts: NDArray[Number]) -> NDArray[Number]:
    """Counts (rep, …) with the total over the reps before them."""
    return np.concatenate([counts.sum(axis=0, keepdims=True), counts])


def flat_columns(name: str, found: Interval) -> dict[str, NDArray[np.float64]]:
    """Columns `name`, `name_lower`, `name_upper`; `estimate`, `lower`, `upper` for no name."""
    names = (name, f"{name}_lower", f"{name}_upper") if name else ("estimate", "lower", "upper")
    return {label: values.ravel() for label, values in zip(names, found, strict=True)}


def resting_table(
    columns: Mapping[str, Any], diagnostics: Diagnostics, *, interval_prob: float, **settings: Any
) -> "pd.DataFrame":
    """A table that says what it rests on: its engine in a column, level, settings, seed and engine in `attrs`."""
    n_rows = len(next(iter(columns.values())))
    table = make_table({**columns, "engine": np.full(n_rows, diagnostics.engine, dtype=object)})
    table.attrs.update(interval_prob=interval_prob, **settings, seed=diagnostics.seed, engine=diagnostics.engine)
    return table
