"""What the advice says in the calibration table: the verdict on the threshold of each rep's rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.reading.scores import Asked, Columns

if TYPE_CHECKING:
    from calibra.chapters.thresholds.chapter import Thresholds


def scores(found: Thresholds, asked: Asked) -> Columns:
    """The verdict, None where there is no advice."""
    verdicts = np.full((1 + len(asked.reps), len(asked.ranks), 1), None, dtype=object)
    if found.advice is not None:
        rows, at = {rep: i + 1 for i, rep in enumerate(asked.reps)}, found.advice.columns
        for rep, rank, verdict in zip(at["rep"], at["rank"], at["verdict"], strict=True):
            verdicts[rows[rep], asked.ranks.index(rank), 0] = str(verdict)
    return {"verdict": verdicts}
