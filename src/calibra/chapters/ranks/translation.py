"""Whose A is whose B? Each rep's ranks on the scale of the others' ranks, and the open stock in their best rank.

Per draw, the others' probabilities of the ranks are a scale on the log-odds: A is 1, B is 2, and between them it is
read off linearly; both ends stay open by half a rank. A rep's rank lies on it at its *place*. Open prospects of a rank
are as many of the others' As as bring as much, n p / p_A.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.open_rows import count_open
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FEWEST_SHOWN, FLAG_PROB
from calibra.reading.means import concordance, log_odds
from calibra.reading.rows import label_columns
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]

OPEN_END = 0.5
"""So many ranks beyond the best and the worst a place may lie."""
BETWEEN = "–"
"""Stands between two ranks that a rank reads as."""
_LEAST_STEP = 1e-6
"""Least distance of two neighbouring ranks of the others, in log-odds."""


def translation_columns(fit: "RankFit", *, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.translation`, which says what they mean."""
    found = beside_the_others(fit, margin=0.0, interval_prob=interval_prob)
    columns = label_columns(fit.reps, rank=fit.ranks)
    columns["reads_as"] = reading_labels(fit.ranks, found["nearest"], found["between"]).ravel()
    columns |= {name: found[name].ravel() for name in ("prob", "place", "lower", "upper", "open_now")}
    columns |= {f"equivalent{end}": found[f"equivalent{end}"].ravel() for end in ("", "_lower", "_upper")}
    return columns | {"n": fit.n.ravel().astype(int)}


def beside_the_others(fit: "RankFit", *, margin: float, interval_prob: float) -> dict[str, NDArray[Any]]:
    """Everything read of the reps beside the others: arrays (rep, rank) and (rep,).

    The others are the other reps with 30 judgments answered or more, each counted once, at all reps' mix of cases.
    Beside the columns of the translation: `others`, their probability at the same rank, `prob_fewer` and `prob_more`,
    that the rep's odds lie off theirs by more than `margin` (log-odds); `auc`, `others_auc` and `prob_sharper`;
    and `prob_turned` (rep, better, worse), that a worse rank brings more than a better one.
    """
    known = fit.n_answered.sum(axis=1) >= FEWEST_JUDGMENTS
    total, total_auc = np.zeros((fit.posterior.n_draws, len(fit.ranks))), np.zeros(fit.posterior.n_draws)
    for reps, prob in fit.in_chunks(case_mix="all reps"):
        total += prob[:, known[reps]].sum(axis=1)
        total_auc += concordance(prob[:, known[reps]], fit.rank_mix).sum(axis=1)
    opened, told = _open_now(fit), known[:, None] & (fit.n >= FEWEST_SHOWN)

    def read(reps: slice, prob: Floats) -> dict[str, NDArray[Any]]:
        own = known[reps].astype(float)
        count = known.sum() - own
        divisor = np.where(count > 1, count, np.nan)
        others = (total[:, None] - prob * own[:, None]) / divisor[:, None]
        auc = concordance(prob, fit.rank_mix)
        others_auc = (total_auc[:, None] - auc * own) / divisor
        rows = _places(prob, others, told[reps], interval_prob)
        rows |= _stock(prob, others, opened[reps], interval_prob)
        gap = log_odds(prob) - log_odds(others)
        rows |= {"own": prob.mean(axis=0), "others": others.mean(axis=0)}
        rows |= {"prob_fewer": (gap < -margin).mean(axis=0), "prob_more": (gap > margin).mean(axis=0)}
        rows["prob_turned"] = _turned(log_odds(prob), margin)
        sharper = log_odds(auc) - log_odds(others_auc) > margin
        return rows | {
            "auc": auc.mean(axis=0),
            "others_auc": others_auc.mean(axis=0),
            "prob_sharper": sharper.mean(axis=0),
        }

    return fit.read(read, case_mix="all reps")


def _turned(linpred: Floats, margin: float) -> Floats:
    """Probability that a worse rank brings more than a better one, by more than the margin: (rep, better, worse)."""
    n_ranks = linpred.shape[-1]
    turned = np.zeros((linpred.shape[1], n_ranks, n_ranks))
    for a in range(n_ranks):
        turned[:, a, a + 1 :] = (linpred[..., a + 1 :] - linpred[..., a : a + 1] > margin).mean(axis=0)
    return turned


def place_draws(prob: Floats, others: Floats) -> Floats:
    """Places (draw, rep, rank) of probabilities on the scale of the others' (draw, rep, rank), best rank first.

    1 + Σ_j (L_j − x) / (L_j − L_{j+1}), each term kept within 0 and 1, but the first may be −½ and the last 1½.
    """
    steps = np.minimum.accumulate(log_odds(others), axis=-1) - _LEAST_STEP * np.arange(others.shape[-1])
    x, place, last = log_odds(prob), np.ones_like(prob), others.shape[-1] - 2
    for j in range(last + 1):
        above, below = steps[..., j, None], steps[..., j + 1, None]
        low, high = (-OPEN_END if j == 0 else 0.0), (1.0 + OPEN_END if j == last else 1.0)
        place += np.clip((above - x) / (above - below), low, high)
    return place


def _places(prob: Floats, others: Floats, told: NDArray[np.bool_], interval_prob: float) -> dict[str, NDArray[Any]]:
    """Place with its interval, and what each rank reads as; nothing where the others are too few or out of order."""
    n_ranks = prob.shape[-1]
    in_order = np.all(np.diff(others.mean(axis=0), axis=-1) < 0, axis=-1) & (n_ranks > 1)
    place = place_draws(prob, others)
    summary = equal_tailed(place, interval_prob=interval_prob)
    nearest = np.clip(np.rint(place), 1, n_ranks)
    shares = np.stack([(nearest == k + 1).mean(axis=0) for k in range(n_ranks)], axis=-1)
    alone, one = shares.max(axis=-1), shares.argmax(axis=-1)
    pairs = shares[..., :-1] + shares[..., 1:] if n_ranks > 1 else shares
    both, first = pairs.max(axis=-1), pairs.argmax(axis=-1)
    sure = in_order[:, None] & told
    nearest_rank = np.where(sure & (alone >= FLAG_PROB), one, -1)
    between = np.where(sure & (nearest_rank < 0) & (both >= FLAG_PROB), first, -1)
    shown = np.where(in_order, 1.0, np.nan)[:, None]
    return {
        "nearest": nearest_rank,
        "between": between,
        "prob": np.where(nearest_rank >= 0, alone, both) * shown,
        "place": np.median(place, axis=0) * shown,
        "lower": summary.lower * shown,
        "upper": summary.upper * shown,
    }


def _stock(prob: Floats, others: Floats, opened: Floats, interval_prob: float) -> dict[str, NDArray[Any]]:
    """Open prospects, and how many of the others' As they are like."""
    like = equal_tailed(opened * prob / others[..., :1], interval_prob=interval_prob)
    return {
        "open_now": opened,
        "equivalent": like.estimate,
        "equivalent_lower": like.lower,
        "equivalent_upper": like.upper,
    }


def reading_labels(ranks: tuple[str, ...], nearest: NDArray[Any], between: NDArray[Any]) -> NDArray[np.object_]:
    """What each rank reads as, in the labels of the ranks: one, or two neighbours, or that it cannot be told yet."""
    labels = np.full(nearest.shape, CANNOT_TELL, dtype=object)
    for k, rank in enumerate(ranks):
        labels[nearest == k] = rank
        labels[between == k] = BETWEEN.join(ranks[k : k + 2])
    return labels


def _open_now(fit: "RankFit") -> Floats:
    """Open prospects per rep and rank; NaN where nobody knows, as of ready-made counts."""
    opened = np.full(fit.n.shape, np.nan)
    if fit.judgments is None or fit.judgments.as_of is None:
        return opened
    counts, place = count_open(fit.judgments), {rep: i for i, rep in enumerate(fit.judgments.duration_counts().reps)}
    rows = np.array([place[rep] for rep in fit.reps])
    every = np.zeros((len(place), len(fit.ranks)))
    np.add.at(every, (counts.rep, counts.rank), counts.n)
    return np.asarray(every[rows])
