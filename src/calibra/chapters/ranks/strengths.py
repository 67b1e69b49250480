"""Who reads as meant and tells prospects apart as well as the others: somebody who could show how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import concordance
from calibra.stats.margin import log_odds_gap
from calibra.values import Listed, Number, Rank, Rep, Value, Within

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit
    from calibra.chapters.ranks.rows import RankRows

type Floats = NDArray[np.float64]


class Strengths(NamedTuple):
    """What is known of each rep, (rep,)."""

    prob: Floats
    """Probability that a rep reads as meant and tells prospects apart as well as the others; NaN without others."""
    n: Floats
    """Mature judgments at the ranks that promise an average."""
    came: Floats
    """Events among them."""
    meant: Floats
    """Events that the promises mean of them."""


def find_strengths(fit: RankFit, promised: Floats, *, margin: float) -> Strengths:
    """How sure is it that a rep both reads as meant and tells prospects apart as well as the others, or better?

    As meant: over the rep's own judgments at the ranks that promise an average (`promised`, (rank,), NaN for any
    other), the odds of what comes lie within the margin of what is promised. As well as the others: of two prospects
    the better rank is on the right one at least as often as with the mean of the other reps with 30 judgments answered
    or more, at the all-reps mix of ranks. Both in one draw.
    """
    asked = np.isfinite(promised)
    n = np.where(asked, fit.n, 0.0)
    share = n / np.maximum(n.sum(axis=1, keepdims=True), 1.0)
    meant = share @ np.where(asked, promised, 0.0)
    known = fit.n_answered.sum(axis=1) >= FEWEST_JUDGMENTS
    area = np.empty((fit.posterior.n_draws, len(fit.reps)))
    as_meant = np.empty(area.shape, dtype=bool)
    for reps, prob in fit.in_chunks(case_mix="all reps"):
        area[:, reps] = concordance(prob, fit.rank_mix)
    for reps, prob in fit.in_chunks():
        brought = np.einsum("srk,rk->sr", prob, share[reps])
        as_meant[:, reps] = np.abs(log_odds_gap(brought, meant[reps])) <= margin
    count = known.sum() - known
    others = (area[:, known].sum(axis=1, keepdims=True) - np.where(known, area, 0.0)) / np.where(count > 1, count, 1)
    prob = (as_meant & (area >= others)).mean(axis=0)
    told = known & (count > 1) & (n.sum(axis=1) >= FEWEST_JUDGMENTS)
    came = np.where(asked, fit.events, 0.0).sum(axis=1)
    return Strengths(np.where(told, prob, np.nan), n.sum(axis=1), came, meant * n.sum(axis=1))


def strength(rows: RankRows, rep: str) -> Iterator[Finding]:
    """That a rep reads as meant and tells prospects apart as well as the others, in counts, where it is sure."""
    if rep not in rows.fit.reps:
        return
    i, found = rows.fit.reps.index(rep), rows.strengths
    prob = float(found.prob[i])
    if not prob >= FLAG_PROB:
        return
    values: dict[str, Value] = {
        "rep": Rep(rep),
        "ranks": Listed(tuple(Rank(rank) for rank in rows.fit.ranks if rows.aim(rank) is not None), "or"),
        "n": int(found.n[i]),
        "came": int(found.came[i]),
        "meant": Number(float(found.meant[i]), 0),
        "within": Within(rows.days),
    }
    yield Finding("ranks.strength", values, "found", rep, within_days=rows.days, prob=prob, side="above")
