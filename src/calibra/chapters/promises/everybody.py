"""Is a definition missed by nearly everybody? What all reps share is told once, of the team and of no person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibra.chapters.promises.reliability import LESS, MORE
from calibra.chapters.promises.rows import Days, Promises
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FEWEST_SHOWN, FLAG_PROB
from calibra.reading.means import ALL_REPS, log_odds
from calibra.values import Number, Rank, Value, Within

KEYS = {
    (True, LESS): "promises.everybody_less",
    (True, MORE): "promises.everybody_more",
    (False, LESS): "promises.meant_less",
    (False, MORE): "promises.meant_more",
}
"""Whether it is so with nearly everybody, and the verdict, to the key."""
SHARED = (KEYS[True, LESS], KEYS[True, MORE])
"""Keys of what is so with nearly everybody."""
NEARLY_ALL = 0.75
"""Share of the reps from which on it is nearly everybody."""
FEWEST_REPS = 3
"""Of fewer reps nothing is said of everybody."""


def everybody(promises: Promises) -> Iterator[Finding]:
    """The rank whose definition is furthest from what comes, in prospects: with nearly everybody, or all together."""
    found = [
        finding
        for days in promises
        for rank, row in promises.rows(days)[ALL_REPS].items()
        if row["kind"] == "average" and row["verdict"] in (LESS, MORE)
        for finding in _of_rank(promises, days, rank, row["verdict"])
    ]
    if found:
        yield max(found, key=lambda finding: (finding.key in SHARED, finding.weight))


def _of_rank(promises: Promises, days: Days, rank: str, verdict: str) -> Iterator[Finding]:
    fit, margin = promises.ranks[days], float(np.log(promises.ranks.margin_odds))
    k, promised = fit.ranks.index(rank), promises.rows(days)[ALL_REPS][rank]["promised"]
    sign = 1.0 if verdict == LESS else -1.0
    known = (fit.n.sum(axis=1) >= FEWEST_JUDGMENTS) & (fit.n[:, k] >= FEWEST_SHOWN)
    everyone = fit.all_reps_draws()[:, k]
    off = sign * (log_odds(np.array(promised)) - log_odds(everyone)) > margin
    n_off = np.zeros(len(everyone))
    for reps, prob in fit.in_chunks():
        n_off += (sign * (promised - prob[:, known[reps], k]) > 0).sum(axis=1)
    shared = off & (n_off >= NEARLY_ALL * known.sum())
    is_shared = bool(known.sum() >= FEWEST_REPS and shared.mean() >= FLAG_PROB)
    sure = float(shared.mean() if is_shared else off.mean())
    if sure < FLAG_PROB:
        return
    values: dict[str, Value] = {
        "rank": Rank(rank),
        "came": Number(100 * float(everyone.mean()), 0),
        "meant": Number(100 * promised, 0),
        "within": Within(days),
    }
    weight = sure * float(fit.n[:, k].sum()) * abs(float(everyone.mean()) - promised)
    yield Finding(KEYS[is_shared, verdict], values, rank=rank, within_days=days, prob=sure, weight=weight)
