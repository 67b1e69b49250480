"""What gives reason to doubt the thresholds: a promise that tells nothing apart, a model that does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.advice_rules import MISFIT_P_VALUE
from calibra.chapters.thresholds.answer import Thresholds
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.findings import Finding
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap
from calibra.values import Count, Number, Rank, Rep, Share, Value, Within

type Floats = NDArray[np.float64]

NEARLY_ALL = 0.98
"""A promise that such a share of the prospects keeps tells nothing apart."""
FEWEST_IN_CELL, APART = 30, 2.0
"""Two models are compared in cells of so many judgments, and are apart beyond so many joint standard deviations. Both
read the same counts, so that where the threshold model holds they hardly differ."""


def threshold_doubts(found: Thresholds) -> list[Finding]:
    """List everything that gives reason to doubt."""
    doubts = [] if found.advice is None else [*promises_met_by_all(found.advice), *threshold_misfits(found.advice)]
    for days, fit in found.fits.items():
        if days in found.ranks:
            doubts += models_apart(found.ranks[days], fit, margin_odds=found.margin_odds)
    return doubts


def promises_met_by_all(advice: ThresholdAdvice) -> list[Finding]:
    """Find the first rank whose promise most reps would keep with nearly every prospect."""
    rank, share_target = advice.columns["rank"], advice.columns["share_target"]
    for label in dict.fromkeys(rank[np.isfinite(advice.promises)].tolist()):
        shares = share_target[(rank == label) & np.isfinite(share_target)]
        if shares.size and (shares > NEARLY_ALL).mean() > 0.5:
            return [Finding("thresholds.doubt_met_by_all", {"rank": Rank(label)}, "doubt", rank=label)]
    return []


def threshold_misfits(advice: ThresholdAdvice) -> list[Finding]:
    """Find the horizons at which the threshold model does not give back its counts."""
    days_of_rows, p_of_rows = (advice.columns[name].tolist() for name in ("within_days", "fit_p_value"))
    p_values = dict(zip(days_of_rows, p_of_rows, strict=True))
    return [
        Finding(
            "thresholds.doubt_threshold_misfit", {"within": Within(days), "p": Number(p, 3)}, "doubt", within_days=days
        )
        for days, p in p_values.items()
        if p < MISFIT_P_VALUE
    ]


def models_apart(rank_fit: RankFit, threshold_fit: ThresholdFit, *, margin_odds: float = MARGIN_ODDS) -> list[Finding]:
    """Find the cell in which the rank model and the threshold model are furthest apart, if any is.

    Apart: by more than the margin in log-odds, and by more than `APART` joint standard deviations, in a cell with
    enough judgments. Both models read the same counts; the threshold model has no residual of a rep at a rank, and its
    probabilities are pulled to what its normal signals can give.
    """
    models = tuple(_log_odds(fit.probability_draws()) for fit in (rank_fit, threshold_fit))
    n, events = rank_fit.n, rank_fit.events
    apart, cell = _furthest(n, *models, margin=math.log(margin_odds))
    if not apart.any():
        return []
    one, other = (float(1.0 / (1.0 + np.exp(-model[0][cell]))) for model in models)
    rep, rank = rank_fit.reps[cell[0]], rank_fit.ranks[cell[1]]
    values: Mapping[str, Value] = {
        "cells": Count(int(apart.sum()), "cell"),
        "within": Within(rank_fit.within_days),
        "rep": Rep(rep),
        "rank": Rank(rank),
        "one": Share(one),
        "other": Share(other),
        "observed": Share(float(events[cell] / n[cell])),
        "n": int(n[cell]),
    }
    return [Finding("thresholds.doubt_models_apart", values, "doubt", rank=rank, within_days=rank_fit.within_days)]


def _furthest(n: Floats, one: Floats, other: Floats, *, margin: float) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """Which cells are apart, (rep, rank), and the place of the one that is furthest; mean and variance by model."""
    gap = np.abs(one[0] - other[0])
    score = gap / np.sqrt(one[1] + other[1])
    apart = (n >= FEWEST_IN_CELL) & (gap > margin) & (score > APART)
    place: Sequence[np.intp] = np.unravel_index(int(np.argmax(np.where(apart, score, -1.0))), n.shape)
    return apart, tuple(map(int, place))


def _log_odds(prob: Floats) -> Floats:
    """Mean and variance of the log-odds of each cell, (2, rep, rank)."""
    draws = log_odds_gap(prob, 0.5)
    return np.stack([draws.mean(axis=0), draws.var(axis=0)])
