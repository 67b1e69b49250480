"""Which judgments are still open at the snapshot date? Their names, and their ages as counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import OPEN
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.labels import label_text
from calibra.data.counting.open_counts import OpenCounts as OpenCounts
from calibra.data.counting.packed import prepare
from calibra.data.counting.problems import FINE, reason_expression
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, first_copies
from calibra.data.frames.open import collect
from calibra.tables import brief

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OpenJudgments:
    """Judgments still open at the snapshot date, oldest first; arrays of one length."""

    __repr__ = brief

    prospect: NDArray[np.object_]
    """Prospect as it stands in the data."""
    rep: NDArray[np.object_]
    """Rep label."""
    rank: NDArray[np.object_]
    """Rank of the scale."""
    judged_at: NDArray[np.datetime64]
    """Day of the judgment."""
    age_days: IntArray
    """Whole days from the judgment to the snapshot date."""


def open_judgments(judgments: Judgments) -> OpenJudgments:
    """Which prospects are still open, and how old are their judgments?

    One more query in the frame's own engine, over the rows that were counted. A judgment lost from sight before the
    snapshot date (`censored_at`) is not known to be open, one re-ranked (`reranked_at`) gave way to the next: both are
    left out.

    Parameters
    ----------
    judgments : Judgments
        Judgments with rows.

    Raises
    ------
    InputError
        Ready-made counts, which name nobody.
    """
    checked = judgments._rows("open_judgments")
    with ONE_AT_A_TIME:
        rows = collect(_open_rows(checked).select("prospect", "rep", "rank", "judged_day"))
    choices = checked.choices
    if not {"censored_at", "reranked_at"} & set(checked.plan.present):  # else some end open before the day
        checked.first.check_endings(OPEN, len(rows))
    reps = [label_text(value) for value in rows["rep"].to_list()]
    ranks = [str(label_text(value)) for value in rows["rank"].to_list()]
    judged = np.asarray(rows["judged_day"].to_numpy()).astype(np.int64)
    order = np.lexsort((np.array([str(value) for value in rows["prospect"].to_list()], dtype=str), judged))
    return OpenJudgments(
        prospect=np.array(rows["prospect"].to_list(), dtype=object)[order],
        rep=np.array(reps, dtype=object)[order],
        rank=np.array([choices.rank_labels.get(rank, rank) for rank in ranks], dtype=object)[order],
        judged_at=np.array([date.fromordinal(int(day)) for day in judged[order]], dtype="datetime64[D]"),
        age_days=checked.plan.as_of_day - judged[order],
    )


def count_open(judgments: Judgments) -> OpenCounts:
    """How many are still open, by rep, rank and age? Read off the counts; from rows where some are lost from sight."""
    kept: OpenCounts | None = getattr(judgments, "opened", None)  # of a saved calibration, which has no rows
    if kept is not None:
        return kept
    counts = judgments.duration_counts()
    if not {"censored_at", "reranked_at"} & set(judgments.columns):
        still = (counts.ending == OPEN) & (counts.n > 0)
        return OpenCounts(counts.rep[still], counts.rank[still], counts.days[still], counts.n[still])
    rows = open_judgments(judgments)
    index = {label: i for i, label in enumerate(counts.reps)}
    rep = np.array([index[label] for label in rows.rep], dtype=np.int64)
    place = {rank: i for i, rank in enumerate(counts.ranks)}
    rank = np.array([place[label] for label in rows.rank], dtype=np.int64)
    keys, n = np.unique(np.stack([rep, rank, rows.age_days]), axis=1, return_counts=True)
    whole = keys.astype(np.int64)
    return OpenCounts(whole[0], whole[1], whole[2], n.astype(np.int64))


def _open_rows(checked: CheckedRows) -> nw.LazyFrame[Any]:
    """The good rows whose packed code says: seen open on the snapshot date itself."""
    frame = prepare(checked.plan, ())
    if checked.duplicated:
        good = first_copies(checked.plan, frame, checked.unknown_ranks)
    else:
        good = frame.filter(reason_expression(checked.plan, checked.unknown_ranks) == FINE)
    return good.filter(nw.col("code") == (nw.col("as_of_day") - nw.col("judged_day")) * 4 + OPEN)
