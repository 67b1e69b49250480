"""The threshold model as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from calibra.chapters.thresholds.recovery import interval_quantities, ranked_quantities
from calibra.errors import InputError
from calibra.reading.checked import Checked, PredictiveCells, Quantity, occupied_cells, thin
from calibra.stats.detection.curve import auc

if TYPE_CHECKING:
    from calibra.chapters.thresholds.fit import ThresholdFit
    from calibra.data.counting.judgments import Judgments


def checked_thresholds(fit: ThresholdFit) -> Checked:
    """What the checks read of a threshold fit."""

    def cells(_: Judgments | None, by: tuple[str, ...]) -> PredictiveCells:
        if by:
            raise InputError(
                "`by` needs the rank model and its `judgments`, to count the cells again by these groupings."
            )
        axes = {"rep": fit.reps, "rank": fit.ranks}
        return occupied_cells(axes, fit.n, fit.events, thin(fit.probability_draws()))

    return Checked(
        declarations={"event": fit.declaration},
        posteriors={"event": fit.posterior},
        with_posteriors=lambda posteriors: replace(fit, posterior=posteriors["event"]),
        cells=cells,
        quantities=lambda: _quantities(fit),
        ranked=lambda: ranked_quantities(fit),
        intervals=lambda: interval_quantities(fit),
    )


def _quantities(fit: ThresholdFit) -> dict[str, Quantity]:
    found = fit.draws()
    labels = tuple(f"{rep}, {rank}" for rep in fit.reps for rank in fit.ranks[:-1])
    return {
        "bar": Quantity(found.bars.reshape(len(found.bars), -1), labels),
        "AUC": Quantity(auc(found.discrimination), fit.reps),
    }
