"""Worlds drawn from a model's own priors, scales included, on a design of the user's: what the trust studies fit.

Data are simulated in plain numpy from the definitions (binomial draws; exponential times and competing endings; an
outcome, a signal, a rank), never from a likelihood. The truth of a world is kept under the names of the posterior, so
that it can be read as a posterior of one draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibra.data.counts import BinomialCells
from calibra.data.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.inference.detection_model import DetectionModel
from calibra.inference.engines import Declaration
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.models.cells import pack_cells, residual_basis
from calibra.models.lead_time import LeadTimeModel
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.models.rank_population import CORRELATION
from calibra.models.threshold import ThresholdModel
from calibra.models.threshold_fit import ThresholdFit
from calibra.stats.detection_likelihood import cutpoints_of
from calibra.studies.trust_times import draw_lead_time_world
from calibra.tables import brief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Model = RankModel | LeadTimeModel | ThresholdModel
type Fit = RankFit | LeadTimeFit | ThresholdFit
type Truth = Mapping[str, Mapping[str, Floats]]
"""Part of the model (an ending, or "" where there is one part) to name to true value."""

type Reps = Literal["priors", "identical", "extreme"]
"""Reps as the priors draw them; all alike; or the first two of them 2.5 standard deviations out, one to each side."""

_FAR_OUT = 2.5
_REP_TERMS = ("level", "slope", "residual", "tempo", "deviation")
AS_OF = date(2026, 9, 30)
NO_DRAWS = Posterior({}, {}, {}, Diagnostics("none", "not fitted yet", 0, 0, 0.0, 0.0))
"""In place of the draws of a world that is not fitted yet."""
SCALE = RankScale(
    ["A", "B", "C"],
    {rank: Promise(p, within_days=90) for rank, p in zip("ABC", (0.5, 0.25, 0.08), strict=True)},
)
"""The scale of the designs that are made here."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Who judges how much, and how long it is watched: what is held fixed while worlds are drawn."""

    __repr__ = brief

    n: Ints
    """Judgments, (rep, rank), best rank first; the threshold model draws the ranks and keeps each rep's total."""
    scale: RankScale = SCALE
    """The ranks and their promises."""
    within_days: int = 90
    """Horizon of rank and threshold models."""
    edges_days: tuple[int, ...] = (15, 45, 90)
    """Interval edges of lead-time models that state none."""
    longest_days: int = 240
    """Age of the oldest judgment in lead-time worlds; judgments fall evenly over these days before the snapshot."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a design."""
        n = np.asarray(self.n)
        if (
            n.ndim != 2
            or n.shape[1] != len(self.scale.ranks)
            or n.dtype.kind not in "iu"
            or (n < 0).any()
            or not n.sum()
        ):
            raise InputError(
                f"`n` must hold whole numbers of judgments, (rep, {len(self.scale.ranks)} ranks), none negative and "
                f"some positive; got shape {n.shape}, dtype {n.dtype}."
            )
        if self.longest_days < max(self.edges_days):
            raise InputError(
                f"`longest_days` must reach the last edge ({max(self.edges_days)}); got {self.longest_days}."
            )
        object.__setattr__(self, "n", n.astype(np.int64))

    @classmethod
    def even(cls, *, n_reps: int, n_per_rep: int, scale: RankScale = SCALE) -> "Design":
        """Every rep judges as much, spread evenly over the ranks; what is left over goes to the last ranks."""
        k = len(scale.ranks)
        share = np.array([n_per_rep // k + (i >= k - n_per_rep % k) for i in range(k)])
        return cls(np.tile(share, (n_reps, 1)), scale)

    @classmethod
    def of(cls, judgments: Judgments, *, within_days: int | None = None) -> "Design":
        """The design of judgments in hand: their reps, ranks and mature counts, and for how long they are watched."""
        cells = judgments.binomial_cells(within_days=within_days)
        days = 90 if cells.within_days is None else cells.within_days
        longest = days
        if judgments.as_of is not None and (first := judgments.duration_counts().first_judged_at) is not None:
            longest = max(days, (judgments.as_of - first).days)
        edges = tuple(sorted({max(1, days // 4), max(2, days // 2), days}))
        return cls(cells.n, judgments.scale, days, edges, longest)

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return tuple(f"rep {i + 1:03d}" for i in range(len(self.n)))

    def cells(self, n: Ints, events: Ints) -> BinomialCells:
        """Counts of a world as the models take them."""
        return BinomialCells(
            self.reps, self.scale.ranks, {}, n, events, np.zeros_like(n), self.within_days, as_of=AS_OF
        )


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One simulated organisation: what is true, and the fit that waits for its draws."""

    truth: Truth
    """What is true, under the names of the posterior."""
    frame: Fit
    """The fit without draws."""
    true_frame: Fit
    """The same to read the truth from: it differs where a declaration depends on the counts."""

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        """What the engines are to fit, by part."""
        return self.frame.declarations if isinstance(self.frame, LeadTimeFit) else {"": self.frame.declaration}

    def fitted(self, posteriors: Mapping[str, Posterior]) -> Fit:
        """The fit with its draws."""
        return with_draws(self.frame, posteriors)

    def true_fit(self, posteriors: Mapping[str, Posterior]) -> Fit:
        """The truth as a fit of one draw, read by the same names as the posteriors'."""
        one = {
            part: replace(
                posterior,
                draws={name: np.asarray(self.truth[part][name])[None] for name in posterior.draws},
                diagnostics=replace(posterior.diagnostics, n_draws=1),
            )
            for part, posterior in posteriors.items()
        }
        return with_draws(self.true_frame, one)


def with_draws(frame: Fit, posteriors: Mapping[str, Posterior]) -> Fit:
    """A fit with other draws."""
    if isinstance(frame, LeadTimeFit):
        return replace(frame, posteriors=posteriors)
    return replace(frame, posterior=posteriors[""])


def draw_world(
    model: Model, design: Design, rng: np.random.Generator, *, exact: bool = True, reps: Reps = "priors"
) -> World:
    """An organisation drawn from the model's priors, scales included.

    Parameters
    ----------
    exact : bool
        True: the world is the model's to the letter. False: the data come as a user's do: whole days instead of exact
        times, and a threshold model that takes the direction of its shift from the counts.
    reps : {"priors", "identical", "extreme"}
        How reps differ.

    Raises
    ------
    NotEnoughDataError
        Whole days in which nobody was followed to the last edge.
    InputError
        A model with case mix or teams: there are no such columns here.
    """
    if isinstance(model, LeadTimeModel):
        _refuse_groups(model.adjust_for)
        truth, fit = draw_lead_time_world(
            model, rng, n=design.n, reps=design.reps, scale=design.scale, as_of=AS_OF, exact=exact,
            edges_days=model.interval_edges_days or design.edges_days, longest_days=design.longest_days,
            place_reps=lambda terms: place_reps(terms, reps),
        )  # fmt: skip
        return World(truth, fit, fit)
    if isinstance(model, RankModel):
        _refuse_groups(model.adjust_for + ((model.team,) if model.team else ()))
        return _draw_rank_world(model, design, rng, reps)
    return _draw_threshold_world(model, design, rng, exact=exact, reps=reps)


def _refuse_groups(names: tuple[str, ...]) -> None:
    if names:
        raise InputError(
            f"Worlds have reps and ranks only; the model asks for {', '.join(names)}. Pass the model without them."
        )


def place_reps(truth: dict[str, Floats], reps: Reps) -> dict[str, Floats]:
    """The same population with other reps in it; `truth` itself where they are the priors'."""
    if reps == "priors":
        return truth
    placed = dict(truth)
    if reps == "identical":
        return placed | {name: np.zeros_like(placed[name]) for name in _REP_TERMS if name in placed}
    far = np.array([_FAR_OUT, -_FAR_OUT])
    if "deviation" in placed:
        deviation = placed["deviation"].copy()
        deviation[:2, 0], deviation[:2, 2] = far * placed["base_scale"], far * placed["shift_scale"]
        return placed | {"deviation": deviation}
    level = placed["level"].copy()
    level[:2] = far * placed["level_scale"]
    return placed | {"level": level}


def draw_rank_truth(model: RankModel, design: Design, rng: np.random.Generator) -> dict[str, Floats]:
    """Rank means, scales and deviations of a rank model."""
    priors, (n_reps, n_ranks) = model.priors, design.n.shape
    truth: dict[str, Floats] = {
        "rank_mean": np.asarray(rng.normal(priors.rank_mean.mean, priors.rank_mean.sd, n_ranks))
    }
    for name, prior, width in (
        ("level", priors.level, 1), ("slope", priors.slope, int(n_ranks > 1)),
        ("residual", priors.residual, n_ranks - 2),
    ):  # fmt: skip
        if width > 0:
            scale: Floats = np.array(float(prior.sample(rng)), dtype=np.float64)
            own = scale * rng.standard_normal((n_reps, width))
            truth |= {f"{name}_scale": scale, name: own[:, 0] if width == 1 else own}
    if n_ranks > 1:
        rho: Floats = np.asarray(priors.correlation.sample(rng))
        given_level = rho * truth["slope_scale"] / truth["level_scale"] * truth["level"]
        truth |= {CORRELATION: rho, "slope": given_level + np.sqrt(1.0 - rho**2) * truth["slope"]}
    return truth


def rank_probabilities(truth: Mapping[str, Floats], scores: Floats) -> Floats:
    """P(event), (rep, rank), from the terms."""
    eta = truth["rank_mean"] + truth["level"][:, None]
    if "slope" in truth:
        eta = eta + truth["slope"][:, None] * scores
    if "residual" in truth:
        residual = truth["residual"].reshape(len(eta), -1)
        eta = eta + residual @ residual_basis(scores).T
    return np.asarray(1.0 / (1.0 + np.exp(-eta)))


def rank_frame(model: RankModel, design: Design, events: Ints) -> RankFit:
    """A rank fit of these counts that waits for its draws."""
    cells, packed = design.cells(design.n, events), pack_cells(design.n > 0, ())
    scores = design.scale.scores(design.n.sum(axis=0).astype(float))
    declaration = model._declare(cells, packed, scores)
    return RankFit(design.scale, (), None, cells, packed, scores, declaration, NO_DRAWS)


def _draw_rank_world(model: RankModel, design: Design, rng: np.random.Generator, reps: Reps) -> World:
    truth = place_reps(draw_rank_truth(model, design, rng), reps)
    scores = design.scale.scores(design.n.sum(axis=0).astype(float)).values
    frame = rank_frame(model, design, rng.binomial(design.n, rank_probabilities(truth, scores)))
    return World({"": truth}, frame, frame)


@dataclass(frozen=True, slots=True, eq=False)
class DeclaredShift(DetectionModel):
    """A detection model whose shift has a direction declared before the counts are seen."""

    direction: Floats
    """The block basis, (K + 1, K + 1)."""

    @property
    def block_basis(self) -> Floats:
        """The basis declared."""
        return self.direction


def declare_shift(model: DetectionModel, shares: Floats) -> DeclaredShift:
    """The same model with the shift's direction at these rank shares."""
    at_shares = replace(model, n=np.tile(np.rint(1e6 * shares), (model.n_reps, 1)), events=np.zeros_like(model.n))
    fields = {name: getattr(model, name) for name in DetectionModel.__dataclass_fields__}
    return DeclaredShift(**fields, direction=at_shares.block_basis)


def signal_counts(
    rng: np.random.Generator, n_each: Ints, base_rate: Floats, discrimination: Floats, cutpoints: Floats
) -> tuple[Ints, Ints]:
    """Judgments and events, (rep, rank), from the definition: outcome, then signal, then rank."""
    n_reps, n_ranks = cutpoints.shape[0], cutpoints.shape[1] + 1
    n, events = np.zeros((n_reps, n_ranks), dtype=np.int64), np.zeros((n_reps, n_ranks), dtype=np.int64)
    for r, size in enumerate(n_each):
        outcome = rng.random(size) < base_rate[r]
        signal = rng.standard_normal(size) + outcome * discrimination[r]
        rank = (signal[:, None] <= cutpoints[r]).sum(axis=1)
        n[r], events[r] = np.bincount(rank, minlength=n_ranks), np.bincount(rank[outcome], minlength=n_ranks)
    return n, events


def threshold_frame(model: ThresholdModel, design: Design, n: Ints, events: Ints) -> ThresholdFit:
    """A threshold fit of these counts that waits for its draws."""
    cells = design.cells(n, events)
    return ThresholdFit(cells, design.scale, None, model._declare(cells), NO_DRAWS)


def _draw_threshold_world(
    model: ThresholdModel, design: Design, rng: np.random.Generator, *, exact: bool, reps: Reps
) -> World:
    n_reps, n_ranks = design.n.shape
    nothing = threshold_frame(model, design, design.n, np.zeros_like(design.n))
    mean, sd = nothing.declaration.mean_prior
    population = rng.normal(mean, sd)
    scales = {name: np.asarray(float(p.sample(rng))) for name, p in nothing.declaration.scale_priors.items()}
    spread = np.array(list(scales.values()))[nothing.declaration.scale_of_column]
    deviation = spread * rng.standard_normal((n_reps, n_ranks + 1))
    shares = np.full(n_ranks, 1.0 / n_ranks) if exact else _nominal_shares(population)
    truth = place_reps({"population": population, "deviation": deviation, **scales}, reps)
    deviation = truth["deviation"]
    declared = declare_shift(nothing.declaration, shares)
    params = declared.rep_params(population[None], deviation[None])[0]
    base_rate = 1.0 / (1.0 + np.exp(-params[:, 0]))
    n, events = signal_counts(rng, design.n.sum(axis=1), base_rate, params[:, 1], cutpoints_of(params))
    frame = threshold_frame(model, design, n, events)
    known = replace(frame, declaration=declare_shift(frame.declaration, shares))
    return World({"": truth}, known if exact else frame, known)


def _nominal_shares(population: Floats) -> Floats:
    """Nominal rank shares of a typical rep: the softmax of its log-ratios (Helmert contrasts)."""
    n_ranks = len(population) - 1
    log_share = np.zeros(n_ranks)
    for column, value in enumerate(population[2:]):
        unit = np.array([1.0] * (column + 1) + [-(column + 1.0)] + [0.0] * (n_ranks - column - 2))
        log_share += value * unit / np.linalg.norm(unit)
    share = np.maximum(np.exp(log_share - log_share.max()), 1e-6)
    return np.asarray(share / share.sum())
