"""The rank model as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.ranks.recovery import interval_quantities, ranked_quantities
from calibra.errors import InputError
from calibra.reading.checked import Checked, PredictiveCells, Quantity, at_cells, thin
from calibra.reading.means import log_odds, logistic, mean_over_reps

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit
    from calibra.data.counting.judgments import Judgments


def checked_ranks(fit: RankFit) -> Checked:
    """What the checks read of a rank fit."""
    return Checked(
        declarations={"event": fit.declaration},
        posteriors={"event": fit.posterior},
        with_posteriors=lambda posteriors: replace(fit, posterior=posteriors["event"]),
        cells=lambda judgments, by: _cells(fit, judgments, by),
        quantities=lambda: _quantities(fit),
        ranked=lambda: ranked_quantities(fit),
        intervals=lambda: interval_quantities(fit),
    )


def _cells(fit: RankFit, judgments: Judgments | None, by: tuple[str, ...]) -> PredictiveCells:
    """Cells of the rank model, or the finer ones counted by further groupings, and draws of their probability."""
    if by and judgments is None:
        raise InputError("`by` needs the rank model and its `judgments`, to count the cells again by these groupings.")
    own = tuple(fit.cells.groups)
    cells = fit.cells
    if judgments is not None and by:
        cells = judgments.binomial_cells(
            within_days=fit.within_days, by=[*own, *(name for name in by if name not in own)]
        )
        if cells.reps != fit.reps or int(cells.n.sum()) != int(fit.cells.n.sum()):
            raise InputError("`judgments` must be those the fit was made from; reps or counts differ. Fit them first.")
    linpred = thin(fit.rep_linpred())
    effects = thin(fit.group_effects()) if own else np.zeros((len(linpred),))
    wide = linpred.reshape(*linpred.shape, *[1] * len(own)) + effects.reshape(len(effects), 1, 1, *effects.shape[1:])
    kept = np.nonzero(cells.n > 0)
    axes = {"rep": cells.reps, "rank": cells.ranks, **cells.groups}
    labels = {name: np.array(axes[name], dtype=object)[kept[i]] for i, name in enumerate(axes)}
    prob = logistic(at_cells(wide, kept[: 2 + len(own)]))
    return PredictiveCells(
        " × ".join(axes), labels, cells.n[kept].astype(float), cells.events[kept].astype(float), prob
    )


def _quantities(fit: RankFit) -> dict[str, Quantity]:
    own, common = fit.probability_draws(), fit.probability_draws(case_mix="all reps")
    everyone = mean_over_reps(common, fit.n)
    optimism = (log_odds(everyone)[:, None] - log_odds(common)) @ fit.rank_mix
    labels = tuple(f"{rep}, {rank}" for rep in fit.reps for rank in fit.ranks)
    return {
        "probability": Quantity(own.reshape(len(own), -1), labels),
        "all reps' probability": Quantity(mean_over_reps(own, fit.n), fit.ranks),
        **({"optimism": Quantity(optimism, fit.reps)} if len(fit.reps) > 1 else {}),
    }
