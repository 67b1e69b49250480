"""The metrics of every night in one Parquet file: tonight's appended, or in place of an earlier run of the same day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from calibra.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def with_run(metrics: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """The metrics with the run they are of beside their day."""
    table = metrics.copy()
    table.insert(1, "run_id", run_id)
    return table


def append_metrics(before: Path, tonight: pd.DataFrame, path: Path) -> Path:
    """Write the rows of earlier days that are in a file, then tonight's.

    Raises
    ------
    InputError
        The file is there and holds no metrics.
    """
    import pandas as pd
    import pyarrow as pa

    kept = []
    if before.is_file():
        try:
            old = pd.read_parquet(before)
            kept = [old[~old["as_of"].isin(tonight["as_of"])]]
        except (pa.ArrowInvalid, KeyError) as error:
            raise InputError(
                f"{before} must hold the metrics of earlier nights; it cannot be read ({error}). Move it away, and a "
                "new one is begun."
            ) from error
    parts = [part for part in (*kept, tonight) if len(part)]
    table = pd.concat([part.astype(_TYPES) for part in parts], ignore_index=True) if parts else tonight
    table.to_parquet(path, index=False)
    return path


_TYPES = {"within_days": "Int64", "n": "Int64", "prob": "float64", "estimate": "float64"}
"""Columns that are empty in some nights, and so must be told their type."""
