"""Worlds for the studies of the threshold advice: reps whose bars are known, and their counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from calibra.chapters.thresholds.fit import ThresholdDraws, ThresholdFit
from calibra.chapters.thresholds.model import ThresholdModel, ThresholdPriors
from calibra.data.counting.counts import BinomialCells
from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import demo_scale
from calibra.inference.declare.detection import DetectionModel
from calibra.stats.detection.likelihood import cutpoints_of, params_of_shares

type Floats = NDArray[np.float64]

TYPICAL_SHARES = (0.10, 0.20, 0.25, 0.25, 0.20)
TYPICAL_SCALES = (0.4, 0.25, 0.4, 0.2)
"""Spread between reps in the typical population: base rate (log-odds), d, shift, spacing."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownReps:
    """Reps whose pool and cutpoints are known."""

    base_rate: Floats
    """(rep,)."""
    discrimination: Floats
    """(rep,)."""
    cutpoints: Floats
    """(rep, boundary)."""

    @property
    def as_draws(self) -> ThresholdDraws:
        """The truth as a posterior of one draw, to be read by the same names."""
        return ThresholdDraws(self.base_rate[None], self.discrimination[None], self.cutpoints[None])

    def counts(self, rng: np.random.Generator, n_judgments: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Judgments and events per rep and rank, from the definition: outcome, then signal, then rank."""
        n_reps, n_ranks = self.cutpoints.shape[0], self.cutpoints.shape[1] + 1
        y = rng.random((n_reps, n_judgments)) < self.base_rate[:, None]
        signal = rng.standard_normal(y.shape) + y * self.discrimination[:, None]
        rank = (signal[:, :, None] <= self.cutpoints[:, None, :]).sum(axis=2)
        return tabulate(rank, y, n_ranks)


def tabulate(rank: NDArray[np.intp], y: NDArray[np.bool_], n_ranks: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Judgments and events per rep and rank from one row a rep."""
    hit = rank[:, :, None] == np.arange(n_ranks)
    return hit.sum(axis=1).astype(np.int64), (hit & y[:, :, None]).sum(axis=1).astype(np.int64)


def draw_prior_reps(rng: np.random.Generator, *, n_reps: int, priors: ThresholdPriors) -> KnownReps:
    """A population drawn from the priors, scales included, and reps drawn from it.

    The direction of the shift depends on all reps' shares; here it is taken at the population's own.
    """
    means = [priors.base_mean, priors.discrimination_mean, *[priors.share_mean] * 4]
    population = np.array([rng.normal(prior.mean, prior.sd) for prior in means])
    scales = [priors.base_scale, priors.discrimination_scale, priors.shift_scale, priors.spacing_scale]
    return _draw_reps(rng, population, np.array([float(prior.sample(rng)) for prior in scales]), n_reps)


def draw_typical_reps(rng: np.random.Generator, *, n_reps: int) -> KnownReps:
    """Reps of a typical organisation: base rate .25, discrimination 1, differences as in `TYPICAL_SCALES`."""
    population = params_of_shares(TYPICAL_SHARES, base_rate=0.25, discrimination=1.0)
    return _draw_reps(rng, population, np.array(TYPICAL_SCALES), n_reps)


def _draw_reps(rng: np.random.Generator, population: Floats, scales: Floats, n_reps: int) -> KnownReps:
    shares = np.diff(ndtr(np.r_[-np.inf, cutpoints_of(np.r_[0.0, 0.0, population[2:]])[::-1], np.inf]))[::-1]
    declaration = _declaration(np.round(1e4 * shares))
    deviation = rng.standard_normal((1, n_reps, 6)) * scales[declaration.scale_of_column]
    params = declaration.rep_params(population[None], deviation)[0]
    return KnownReps(expit(params[:, 0]), params[:, 1], cutpoints_of(params))


def _declaration(counts: Floats) -> DetectionModel:
    """A declaration that only lends its basis."""
    priors = ThresholdPriors()
    return DetectionModel(
        n=counts[None],
        events=0.0 * counts[None],
        reps=("all",),
        ranks=("A", "B", "C", "D", "E"),
        base_mean=priors.base_mean,
        discrimination_mean=priors.discrimination_mean,
        share_mean=priors.share_mean,
        base_scale=priors.base_scale,
        discrimination_scale=priors.discrimination_scale,
        shift_scale=priors.shift_scale,
        spacing_scale=priors.spacing_scale,
    )


def fit_counts(
    n: NDArray[np.int64], events: NDArray[np.int64], *, seed: int, scale: RankScale | None = None, draws: int = 1000
) -> ThresholdFit:
    """The threshold model on simulated counts, by laplace."""
    used = demo_scale() if scale is None else scale
    reps = tuple(f"rep {i + 1:02d}" for i in range(len(n)))
    cells = BinomialCells(reps, used.ranks, {}, n, events, np.zeros_like(n), 90)
    return ThresholdModel(within_days=90).fit_cells(
        cells, scale=used, seed=seed, engine="laplace", draws=draws, progress=False
    )


def markdown(columns: dict[str, list[str]]) -> str:
    """A table in Markdown."""
    rows = zip(*columns.values(), strict=True)
    head = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])
