"""World by world: run, keep, go on where it stopped."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from calibra.errors import FitError, InputError, NotEnoughDataError

type Row = dict[str, float]
"""Name to number; `#failed` or `#refused` alone where a world has no answer."""

_CHUNK = 25


def run_worlds(one: Callable[[int], Row], *, n_worlds: int, cache: Path | None) -> list[Row]:
    """The rows of worlds 0, 1, …; those in the cache are not run again.

    A world without enough data for any fit, or without an answer from the engine, is marked and counted, not dropped.
    """
    if isinstance(n_worlds, bool) or n_worlds < 1:
        raise InputError(f"`n_worlds` must be 1 or more; got {n_worlds!r}.")
    rows = load_rows(cache)
    while len(rows) < n_worlds:
        for index in range(len(rows), min(len(rows) + _CHUNK, n_worlds)):
            try:
                rows.append(one(index))
            except NotEnoughDataError:
                rows.append({"#refused": 1.0})
            except (FitError, np.linalg.LinAlgError):
                rows.append({"#failed": 1.0})
        save_rows(cache, rows)
    return rows[:n_worlds]


def answered(rows: Sequence[Row]) -> list[Row]:
    """Those with an answer.

    Raises
    ------
    FitError
        There is none.
    """
    found = [row for row in rows if "#failed" not in row and "#refused" not in row]
    if not found:
        raise FitError(f"none of {len(rows)} worlds could be fitted; the design may hold too few judgments.")
    return found


def count(rows: Sequence[Row], mark: str) -> int:
    """Rows with this mark."""
    return sum(mark in row for row in rows)


def cluster_mean(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """Mean over worlds and its standard error, worlds as clusters; worlds that say nothing of it are left out."""
    values = np.array([row[name] for row in rows if name in row and np.isfinite(row[name])])
    if not values.size:
        return float("nan"), float("nan")
    error = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
    return float(values.mean()), error


def load_rows(cache: Path | None) -> list[Row]:
    """Worlds done so far."""
    if cache is None or not cache.exists():
        return []
    with np.load(cache) as kept:
        names, values = kept["names"].tolist(), kept["values"]
    return [{name: v for name, v in zip(names, row.tolist(), strict=True) if not np.isnan(v)} for row in values]


def save_rows(cache: Path | None, rows: Sequence[Mapping[str, float]]) -> None:
    """Keep the worlds done so far; the file is whole at any time."""
    if cache is None:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = np.array([[row.get(name, np.nan) for name in names] for row in rows])
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_suffix(".part.npz")
    np.savez_compressed(partial, names=np.array(names), values=values)
    partial.replace(cache)
