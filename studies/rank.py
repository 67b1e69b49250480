"""Does the rank model keep its promises? Coverage of its intervals, and how often it flags reps who are alike.

`python -m studies.rank` writes docs/studies/rank_study.md (about five minutes on one processor). Truth
is drawn here in plain numpy from the model's own priors, scales included, or held fixed; the counts go through
`Judgments.from_counts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.inference.declare.odd_reps import odd_reps
from calibra.reading.cells import residual_basis
from calibra.tables import make_table
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]
type Truth = Literal["priors", "fixed scales", "identical reps", "extreme reps"]

SCALE = RankScale(
    ["A", "B", "C", "D", "E"],
    {rank: Promise(p, within_days=90) for rank, p in zip("ABCDE", (0.6, 0.35, 0.2, 0.1, 0.03), strict=True)},
)
"""The scale of the simulated organisations."""
TYPICAL = np.log(np.array([0.55, 0.35, 0.22, 0.12, 0.04]) / (1.0 - np.array([0.55, 0.35, 0.22, 0.12, 0.04])))
"""Log-odds of the ranks of a typical rep where truth is not drawn from the priors."""
FIXED_SCALES = {"level": 0.4, "slope": 0.25, "residual": 0.15}
"""Spread between reps where the scales are held."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One simulated organisation: true probabilities and what was counted."""

    prob: Floats
    """True P(event) per rep and rank."""
    n: NDArray[np.int64]
    """Mature judgments per rep and rank."""
    events: NDArray[np.int64]
    """Events among them."""

    @property
    def judgments(self) -> Judgments:
        """The counts as the library takes them."""
        n_reps, n_ranks = self.n.shape
        frame = make_table(
            {
                "rep": np.repeat([f"rep {i:03d}" for i in range(n_reps)], n_ranks),
                "rank": np.tile(SCALE.ranks, n_reps),
                "n": self.n.ravel(),
                "events": self.events.ravel(),
            }
        )
        return Judgments.from_counts(frame, scale=SCALE, within_days=90)


def simulate_world(rng: np.random.Generator, *, n_reps: int, n_per_rank: int, truth: Truth = "priors") -> World:
    """Draw an organisation.

    Parameters
    ----------
    n_reps, n_per_rank : int
        Reps, and judgments of each at each rank.
    truth : {"priors", "fixed scales", "identical reps", "extreme reps"}
        Everything from the default priors; typical ranks and fixed scales; no difference between reps; typical ranks
        with the first tenth of the reps two and a half standard deviations below and the second tenth as far above.
    """
    priors, scores = RankPriors(), SCALE.scores(np.ones(5)).values
    mean = TYPICAL
    level, slope, residual = (FIXED_SCALES[name] for name in ("level", "slope", "residual"))
    correlation, odd = 0.0, None
    if truth == "priors":
        mean = rng.normal(priors.rank_mean.mean, priors.rank_mean.sd, 5)
        level, slope, residual = (float(p.sample(rng)) for p in (priors.level, priors.slope, priors.residual))
        correlation = float(priors.correlation.sample(rng))
        odd = odd_reps(("level", "slope"), (priors.odd_level, priors.odd_slope), priors.odd_share, n_reps)
    elif truth == "identical reps":
        level = slope = residual = 0.0
    standard = rng.standard_normal(n_reps)
    own = level * standard
    if truth == "extreme reps":
        tenth = max(1, n_reps // 10)
        own[:tenth], own[tenth : 2 * tenth] = -2.5 * level, 2.5 * level
    tilt = correlation * standard + np.sqrt(1.0 - correlation**2) * rng.standard_normal(n_reps)
    terms = np.stack([own, slope * tilt], axis=1)
    if odd is not None:
        terms += odd.sample(rng, (n_reps,))
    eta = mean + terms[:, :1] + terms[:, 1:] * scores
    eta = eta + residual * rng.standard_normal((n_reps, 3)) @ residual_basis(scores).T
    prob = 1.0 / (1.0 + np.exp(-eta))
    n = np.full(prob.shape, n_per_rank)
    return World(prob, n, rng.binomial(n, prob))


def fitted_worlds(
    n_worlds: int, *, seed: int, n_reps: int, n_per_rank: int, truth: Truth = "priors"
) -> Iterator[tuple[World, RankFit]]:
    """Simulate organisations and fit each with the laplace engine."""
    if n_worlds < 1:
        raise InputError(f"`n_worlds` must be 1 or more; got {n_worlds!r}.")
    for index in range(n_worlds):
        world = simulate_world(np.random.default_rng([seed, index]), n_reps=n_reps, n_per_rank=n_per_rank, truth=truth)
        fit = RankModel().fit(world.judgments, seed=index, engine="laplace", progress=False)
        yield world, fit


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often 90 % intervals of rep × rank probabilities held the truth."""

    truth: str
    """How the truth was drawn."""
    n_reps: int
    """Reps per world."""
    n_per_rank: int
    """Judgments per rep and rank."""
    n_worlds: int
    """Worlds."""
    covered: float
    """Share of intervals that held the truth."""
    standard_error: float
    """Standard error of the share, worlds as clusters."""

    @property
    def is_nominal(self) -> bool:
        """Within two points or three world-clustered standard errors of 90 %."""
        return abs(self.covered - 0.9) <= max(0.02, 3.0 * self.standard_error)


def study_coverage(
    n_worlds: int,
    *,
    seed: int,
    n_reps: int = 20,
    n_per_rank: int = 10,
    truth: Truth = "priors",
    only_extreme: bool = False,
) -> Coverage:
    """How often do 90 % intervals hold the truth, averaged over reps, ranks and worlds?

    Parameters
    ----------
    only_extreme : bool
        Count only the fifth of the reps that `truth="extreme reps"` put far out.
    """
    shares = []
    for world, fit in fitted_worlds(n_worlds, seed=seed, n_reps=n_reps, n_per_rank=n_per_rank, truth=truth):
        table = fit.probabilities().iloc[len(SCALE.ranks) :]
        true = world.prob.ravel()
        held = ((table["lower"] <= true) & (true <= table["upper"])).to_numpy().reshape(world.prob.shape)
        shares.append(held[: 2 * max(1, n_reps // 10)].mean() if only_extreme else held.mean())
    error = float(np.std(shares, ddof=1) / np.sqrt(n_worlds)) if n_worlds > 1 else float("nan")
    name = f"{truth}, the extreme ones" if only_extreme else truth
    return Coverage(name, n_reps, n_per_rank, n_worlds, float(np.mean(shares)), error)


@dataclass(frozen=True, slots=True)
class Flags:
    """How often the rank model flags reps, and how often to the wrong side."""

    world: str
    """What differs between reps."""
    n_reps: int
    """Reps per world."""
    n_per_rep: int
    """Mature judgments per rep."""
    n_worlds: int
    """Worlds."""
    flagged: float
    """Share of reps with P(below) or P(above) of at least 0.9."""
    wrong_side: float
    """Share of the flags whose rep truly lies to the other side; NaN where nobody was flagged."""


def study_flags(n_worlds: int, *, seed: int, optimism_sd: float, prob: tuple[float, ...], n_per_rank: int) -> Flags:
    """How many of forty reps are flagged whose levels differ by `optimism_sd` (log-odds), and how many wrongly?

    Parameters
    ----------
    prob : tuple of float
        Event probability of each of the five ranks for a typical rep.
    """
    flagged = wrong = 0
    centre = np.log(np.array(prob) / (1.0 - np.array(prob)))
    for index in range(n_worlds):
        rng = np.random.default_rng([seed, index])
        eta = centre - optimism_sd * rng.standard_normal((40, 1))
        true = 1.0 / (1.0 + np.exp(-eta))
        n = np.full(true.shape, n_per_rank)
        world = World(true, n, rng.binomial(n, true))
        fit = RankModel().fit(world.judgments, seed=index, engine="laplace", progress=False)
        profiles = fit.profiles()
        below, above = (profiles[name].to_numpy() >= 0.9 for name in ("prob_below", "prob_above"))
        gap = (true.mean(axis=0) - true).mean(axis=1)
        flagged += int(below.sum() + above.sum())
        wrong += int((below & (gap < 0)).sum() + (above & (gap > 0)).sum())
    name = "identical reps" if optimism_sd == 0 else f"optimism sd {optimism_sd}"
    share = wrong / flagged if flagged else float("nan")
    return Flags(
        f"{name}, P(event) {prob[0]} to {prob[-1]}", 40, 5 * n_per_rank, n_worlds, flagged / (40 * n_worlds), share
    )


HIGH_LOW = (0.7, 0.6, 0.5, 0.4, 0.3)
PROMISED = (0.55, 0.35, 0.22, 0.12, 0.04)
BALANCED = (0.6, 0.55, 0.5, 0.45, 0.4)


def main() -> None:
    """Run everything and write the page."""
    coverages = [study_coverage(200, seed=1, n_per_rank=n) for n in (1, 4, 20)]
    coverages += [
        study_coverage(200, seed=2, truth="fixed scales"),
        study_coverage(200, seed=3, truth="identical reps"),
    ]
    coverages += [
        study_coverage(200, seed=4, truth="extreme reps", n_per_rank=n, only_extreme=True) for n in (1, 4, 20)
    ]
    flags = [
        study_flags(100, seed=5, optimism_sd=sd, prob=prob, n_per_rank=20)
        for sd in (0.0, 0.6)
        for prob in (PROMISED, HIGH_LOW, BALANCED)
    ]
    fields = ("truth", "n_reps", "n_per_rank", "n_worlds", "covered", "standard_error", "is_nominal")
    names = ("world", "n_reps", "n_per_rep", "n_worlds", "flagged", "wrong_side")
    write_page(
        "rank_study",
        "The rank model on trial",
        "Engine `laplace`, made by `python -m studies.rank`.",
        "## Do 90 % intervals of rep × rank probabilities hold the truth?",
        markdown_table({field: [getattr(row, field) for row in coverages] for field in fields}),
        "Nominal is promised for truth drawn from the priors, on average over reps. Identical reps are covered more "
        "often, reps fixed far out less often: their estimates are drawn toward the others, the more so the fewer "
        "their judgments.",
        "## How often is a rep flagged?",
        markdown_table({name: [getattr(row, name) for row in flags] for name in names}),
        "A flag is P(below) or P(above) of at least 0.9 with the default margin, a factor of 1.25 on the odds.",
    )


if __name__ == "__main__":
    main()
