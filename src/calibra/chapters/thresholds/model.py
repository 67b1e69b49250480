"""Thresholds: where does each rep draw the line between ranks, and how well do the ranks tell outcomes apart?

    y ~ Bernoulli(φ_r),   signal s | y ~ Normal(d_r y, 1),   rank k where c_rk < s ≤ c_r,k−1

Equal-variance signal detection with base rate φ, discrimination d and cutpoints c of every rep partially pooled:
logit φ and d are normal around all reps', and the rank shares logistic-normal around all reps' shares, a shift of all
cutpoints apart from their spacing. d is not forced to be positive.

References
----------
Green, D. M. & Swets, J. A. (1966). Signal Detection Theory and Psychophysics. Wiley.
DeCarlo, L. T. (1998). Signal detection theory and generalized linear models. Psychological Methods 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.errors import check_kind
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.priors import HalfNormal, Normal, ScalePrior
from calibra.inference.engines import Engine
from calibra.inference.posterior import Posterior
from calibra.reading.cells import check_any
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm

    from calibra.chapters.design import Design, Reps, World


@dataclass(frozen=True, slots=True)
class ThresholdPriors:
    """What is believed of reps and their cutpoints before the counts are seen."""

    base_mean: Normal = Normal(-1.0, 1.5)
    """A typical rep's base rate, log-odds."""
    discrimination_mean: Normal = Normal(0.8, 0.6)
    """A typical rep's discrimination: an AUC between .45 and .90 with 90 % probability."""
    share_mean: Normal = Normal(0.0, 1.5)
    """Log-ratios of a typical rep's rank shares."""
    base_scale: ScalePrior = HalfNormal(0.5)
    """Standard deviation between reps of the base rate, log-odds."""
    discrimination_scale: ScalePrior = HalfNormal(0.3)
    """Standard deviation between reps of the discrimination."""
    shift_scale: ScalePrior = HalfNormal(0.5)
    """Standard deviation between reps of the shift of all cutpoints, in standard deviations of the signal."""
    spacing_scale: ScalePrior = HalfNormal(0.3)
    """Standard deviation between reps of the changes of spacing, log-ratio of shares."""


@dataclass(frozen=True, slots=True)
class ThresholdModel(Fits[ThresholdFit]):
    """At which probability does each rep start to use a rank, and how far should that move?

    Bars and shares are those of the rep's own pool of prospects under the present way of working: a rep with better
    prospects has the same bar at a larger share. Intervals are nominal on average over reps drawn from the population.

    Parameters
    ----------
    within_days : int, optional
        Horizon in days; None means the scale's only one.
    priors : ThresholdPriors
        Priors.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=800)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = ThresholdModel(within_days=90).fit(judgments, seed=1)
    >>> fit.bars().shape[0]  # five reps and all reps, four boundaries
    24
    """

    within_days: int | None = None
    """Horizon in days; None means the scale's only one."""
    priors: ThresholdPriors = ThresholdPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        kind = ThresholdPriors
        check_kind(self.priors, "priors", kind, more="Leave it out for the defaults, or write ThresholdPriors().")

    def draw_world(
        self, design: "Design", rng: np.random.Generator, *, exact: bool = True, reps: "Reps" = "priors"
    ) -> "World":
        """An organisation drawn from the priors, scales included, on a design of yours.

        Parameters
        ----------
        exact : bool
            True: the direction of the shift is declared before the counts are seen. False: it is taken from them, as
            in a user's fit.
        reps : {"priors", "identical", "extreme"}
            How reps differ.
        """
        from calibra.chapters.thresholds.worlds import draw_threshold_world

        return draw_threshold_world(self, design, rng, exact=exact, reps=reps)

    def lay_out(self, judgments: Judgments) -> LaidOut[ThresholdFit]:
        """The declaration on these judgments, and the fit that its draws make.

        Raises
        ------
        InputError
            A scale of one rank; a horizon that is not there; late entry or loss from sight before the horizon.
        NotEnoughDataError
            No judgment is old enough for the horizon (the message says when the first will be), or there is none.
        """
        return self._lay_out(self._cells(judgments), judgments.scale, None)

    def fit_by(
        self,
        judgments: Judgments,
        *,
        by: str,
        seed: int,
        engine: Engine = "auto",
        draws: int = 1000,
        progress: bool = True,
    ) -> dict[str, ThresholdFit]:
        """Fit each label of a grouping on its own, so that bars of unlike pools are not mixed.

        Parameters
        ----------
        by : str
            Grouping column, such as the segment. Labels without mature judgments are left out; reps without any in a
            label are left out of that label's fit.

        Returns
        -------
        dict of str to ThresholdFit
            One fit a label. Nothing is pooled between labels.
        """
        cells = self._cells(judgments, by=(by,))
        fits: dict[str, ThresholdFit] = {}
        for index, label in enumerate(cells.groups[by]):
            part = _one_label(cells, index)
            if part.reps:
                fits[label] = self.fit_cells(
                    part,
                    scale=judgments.scale,
                    pool=f"{by}: {label}",
                    seed=seed + index,
                    engine=engine,
                    draws=draws,
                    progress=progress,
                )
        return fits

    def build(self, judgments: Judgments) -> "pm.Model":
        """The model written out in PyMC, for reading and doubting: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_detection import build_detection

        return build_detection(self.declare(self._cells(judgments)))

    def fit_cells(
        self,
        cells: BinomialCells,
        *,
        scale: RankScale,
        seed: int,
        pool: str | None = None,
        engine: Engine = "auto",
        draws: int = 1000,
        progress: bool = True,
    ) -> ThresholdFit:
        """Fit the model to cells counted already; `pool` says in words which prospects they are."""
        return self._lay_out(cells, scale, pool).fit(seed=seed, engine=engine, draws=draws, progress=progress)

    def _lay_out(self, cells: BinomialCells, scale: RankScale, pool: str | None) -> LaidOut[ThresholdFit]:
        check_any(cells.n)
        declaration = self.declare(cells)

        def read(posteriors: Mapping[str, Posterior]) -> ThresholdFit:
            return ThresholdFit(cells, scale, pool, declaration, posteriors["threshold"])

        return LaidOut({"threshold": declaration}, read)

    def _cells(self, judgments: Judgments, *, by: tuple[str, ...] = ()) -> BinomialCells:
        check_kind(judgments, "judgments", Judgments)
        return judgments.binomial_cells(within_days=self.within_days, by=by)

    def declare(self, cells: BinomialCells) -> DetectionModel:
        """The declaration on these counts."""
        priors = self.priors
        return DetectionModel(
            n=cells.n.astype(float),
            events=cells.events.astype(float),
            reps=cells.reps,
            ranks=cells.ranks,
            base_mean=priors.base_mean,
            discrimination_mean=priors.discrimination_mean,
            share_mean=priors.share_mean,
            base_scale=priors.base_scale,
            discrimination_scale=priors.discrimination_scale,
            shift_scale=priors.shift_scale,
            spacing_scale=priors.spacing_scale,
        )


def _one_label(cells: BinomialCells, index: int) -> BinomialCells:
    """The cells of one label of the only grouping, reps without judgments left out."""
    n = cells.n[:, :, index]
    keep = np.flatnonzero(n.sum(axis=1) > 0)
    return replace(
        cells,
        reps=tuple(cells.reps[i] for i in keep),
        groups={},
        n=n[keep],
        events=cells.events[keep, :, index],
        n_immature=cells.n_immature[keep, :, index],
    )
