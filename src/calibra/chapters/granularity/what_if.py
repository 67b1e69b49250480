"""What would each rep's ranks mean if some of them were one?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.ranks.fit import RankFit
from calibra.data.scale import as_label
from calibra.errors import InputError, check_kind
from calibra.reading.means import ALL_REPS, mean_over_reps
from calibra.reading.rows import label_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd


def merged_probabilities(
    fit: RankFit, groups: Sequence[Sequence[str | int]], *, interval_prob: float = INTERVAL_PROB
) -> "pd.DataFrame":
    """What would each rep's ranks mean if some were one?

    Parameters
    ----------
    fit : RankFit
        A fitted rank model.
    groups : sequence of sequences of str or int
        The ranks that would be left, best first, each with the ranks it is made of: neighbours, all of them, each once.

    Returns
    -------
    pandas.DataFrame
        `rep`, `rank`, `estimate`, `lower`, `upper`, `n`, `events`: ranks weighted as the rep uses them.
    """
    check_kind(fit, "fit", RankFit)
    if not isinstance(groups, Sequence) or any(isinstance(g, str) or not isinstance(g, Sequence) for g in groups):
        raise InputError(f"`groups` must be a list of lists of ranks, such as [['A', 'B'], ['C']]; got {groups!r}.")
    wanted = tuple(tuple(map(as_label, group)) for group in groups)
    if tuple(rank for group in wanted for rank in group) != fit.ranks or not all(wanted):
        raise InputError(
            f"`groups` must hold all ranks in order ({', '.join(fit.ranks)}), each once; got {list(groups)!r}."
        )
    prob = fit.probability_draws()
    everyone = mean_over_reps(prob, fit.n)
    n = np.concatenate([fit.n.sum(axis=0)[None], fit.n])
    events = np.concatenate([fit.events.sum(axis=0)[None], fit.events])
    draws = np.concatenate([everyone[:, None], prob], axis=1)
    weight = np.where(n.sum(axis=1, keepdims=True) > 0, n, n[:1])
    merged, index = [], {rank: i for i, rank in enumerate(fit.ranks)}
    for group in wanted:
        at = [index[rank] for rank in group]
        share = np.where(weight[:, at].sum(axis=1, keepdims=True) > 0, weight[:, at], 1.0)
        merged.append((draws[:, :, at] * share).sum(axis=2) / share.sum(axis=1))
    summary = equal_tailed(np.stack(merged, axis=2), interval_prob=interval_prob)
    labels = (ALL_REPS, *fit.reps)
    counted = [np.stack([c[:, [index[r] for r in g]].sum(axis=1) for g in wanted], axis=1) for c in (n, events)]
    return make_table(
        {
            **label_columns(labels, rank=["+".join(group) for group in wanted]),
            "estimate": summary.estimate.ravel(),
            "lower": summary.lower.ravel(),
            "upper": summary.upper.ravel(),
            "n": counted[0].astype(int).ravel(),
            "events": counted[1].astype(int).ravel(),
        }
    )
