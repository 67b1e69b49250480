"""Worlds of reps who state a percentage, drawn in plain numpy by the definitions of docs/theory/stated.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.stated.findings import findings
from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel
from calibra.chapters.stated.rows import Stated
from calibra.chapters.stated.shape import Shape, shape_of
from calibra.checks.recovery.rows import Row
from calibra.checks.recovery.sbc import place_of, thin
from calibra.data.counting.stated import StatedCells
from calibra.inference.engines import sample_posterior
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import MARGIN_ODDS

type Floats = NDArray[np.float64]
type Curve = Callable[[Floats], Floats]

STATED = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
"""What the reps of these worlds state, each as often as the others, but where .5 is a heap."""
GRID = np.arange(1, 10) / 10
SURE_FROM = (0.9, 0.95, 0.99)
"""Sentences are held against the truth from each of these to the next."""
SIZES = (10, 40, 200)
"""Statements of a rep; three reps of each in every world."""


def log_odds(prob: Floats) -> Floats:
    """Log-odds of a probability."""
    return np.asarray(np.log(prob / (1.0 - prob)))


def logistic(linpred: Floats) -> Floats:
    """Probability of a log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-linpred)))


def s_shape(stated: Floats) -> Floats:
    """Steep in the middle, flat outside: log-odds of an event."""
    return np.asarray(1.6 * np.tanh(1.5 * log_odds(stated)))


def heap_at_half(stated: Floats) -> Floats:
    """As stated, but for .5, which is said where nothing is known: there one in four comes."""
    return np.where(stated == 0.5, log_odds(np.array(0.25)), log_odds(stated))


BENDS: Mapping[str, tuple[Curve, float]] = {"S-shape": (s_shape, 1 / 11), "heap at .5": (heap_at_half, 0.3)}
"""Worlds that no line fits: log-odds of an event by what is stated, and the share of statements that say .5."""


def count_world(
    rng: np.random.Generator, sizes: NDArray[np.int64], stated: Floats = STATED, *, heap: float | None = None
) -> NDArray[np.int64]:
    """How often each rep states each percentage, (rep, stated); all alike, or .5 with the share `heap`."""
    shares = np.full(len(stated), 1.0 / len(stated))
    if heap is not None:
        shares = np.where(stated == 0.5, heap, (1.0 - heap) / (len(stated) - 1))
    return rng.multinomial(sizes, shares)


def cells_of(n: NDArray[np.int64], events: NDArray[np.int64], stated: Floats = STATED) -> StatedCells:
    """Mature counts of reps called rep 1, rep 2, … at these stated probabilities."""
    rows, reps = np.broadcast_to(stated, n.shape).copy(), tuple(f"rep {i + 1}" for i in range(len(n)))
    return StatedCells(reps, n, events, rows, log_odds(rows), 90, date(2026, 6, 30), 0, 0)


def fit_counts(n: NDArray[np.int64], events: NDArray[np.int64], *, seed: int, draws: int = 400) -> StatedFit:
    """The default model fitted to counts by laplace."""
    cells = cells_of(n, events)
    shape = shape_of(cells)
    declaration = StatedModel().declare(cells, shape)
    posterior = sample_posterior(declaration, seed=seed, engine="laplace", draws=draws, progress=False)
    return StatedFit(cells, shape, declaration, posterior)


def draw_truth(rng: np.random.Generator, shape: Shape, n_reps: int) -> dict[str, Floats]:
    """Everything the model learns, drawn from its priors; one rep more than judges, not yet seen."""
    priors = StatedModel().priors
    scale = {name: float(getattr(priors, name).sample(rng)) for name in ("rep_intercept", "rep_slope", "departure")}
    rho, z = float(priors.correlation.sample(rng)), rng.standard_normal((2, n_reps + 1))
    return {
        "intercept": np.atleast_1d(rng.normal(priors.intercept.mean, priors.intercept.sd)),
        "slope": np.atleast_1d(rng.normal(priors.slope.mean, priors.slope.sd)),
        "departure": scale["departure"] * rng.standard_normal(shape.size),
        "departure_scale": np.asarray(scale["departure"]),
        "rep_intercept": scale["rep_intercept"] * z[0],
        "rep_slope": scale["rep_slope"] * (rho * z[0] + np.sqrt(1.0 - rho**2) * z[1]),
        "rep_intercept_scale": np.asarray(scale["rep_intercept"]),
        "rep_slope_scale": np.asarray(scale["rep_slope"]),
        "rep_intercept_rep_slope_correlation": np.asarray(rho),
    }


def linpred_of(truth: Mapping[str, Floats], shape: Shape, stated: Floats) -> Floats:
    """Log-odds of an event, (rep, stated)."""
    at = log_odds(stated)
    own = (truth["intercept"] + truth["rep_intercept"])[:, None] + (truth["slope"] + truth["rep_slope"])[:, None] * at
    return np.asarray(own + shape.design(at) @ truth["departure"])


def covers(draws: Floats, truth: Floats) -> Floats:
    """1 where the 90 % interval of the draws holds the truth."""
    _, lower, upper = equal_tailed(draws)
    return ((lower <= truth) & (truth <= upper)).astype(float)


def is_told(fit: StatedFit) -> float:
    """Whether the doubt is uttered that no straight line holds."""
    return float(any(found.role == "doubt" for found in findings(Stated({90: fit}))))


def prior_world(seed: int, index: int) -> Row:
    """One world drawn from the priors: what is covered, and where the truth stands among draws."""
    rng = np.random.default_rng([seed, index])
    sizes = np.repeat(SIZES, 3)
    n = count_world(rng, sizes)
    shape = shape_of(cells_of(n, 0 * n))
    truth = draw_truth(rng, shape, len(sizes))
    events = rng.binomial(n, logistic(linpred_of(truth, shape, STATED)[:-1]))
    fit = fit_counts(n, events, seed=seed * 100_000 + index)
    curves = logistic(linpred_of(truth, shape, GRID))
    lines = [(truth[name] + truth[f"rep_{name}"])[:-1] for name in ("intercept", "slope")]
    row = coverage_of(fit, sizes, lines, curves[:-1])
    row["new rep"] = float(np.mean(covers(fit.new_rep_draws(GRID), curves[-1])))
    row["told"] = is_told(fit)
    row |= sentences(fit, n, logistic(linpred_of(truth, shape, STATED))[:-1], lines[1])
    return row | places(fit, truth, np.random.default_rng([seed, index, 1]))


def sentences(fit: StatedFit, n: NDArray[np.int64], prob: Floats, slope: Floats) -> Row:
    """How many sentences of reps were said with which sureness, and how many of them hold of the truth."""
    share = n / n.sum(axis=1, keepdims=True)
    off = log_odds((share * prob).sum(axis=1)) - log_odds((share * STATED).sum(axis=1))
    margin, steepness = np.log(MARGIN_ODDS), np.log(MARGIN_ODDS) / np.log(9.0)
    holds = {
        "stated.too_high": off < -margin,
        "stated.too_low": off > margin,
        "stated.too_extreme": slope < 1.0 - steepness,
        "stated.too_timid": slope > 1.0 + steepness,
    }
    row = {f"{what} from {least}": 0.0 for least in SURE_FROM for what in ("said", "sure", "true")}
    for found in findings(Stated({90: fit})):
        if found.key in holds and found.rep is not None and found.prob is not None:
            least = max(sure for sure in SURE_FROM if sure <= found.prob)
            is_so = holds[found.key][fit.reps.index(found.rep)]
            for what, value in (("said", 1.0), ("sure", found.prob), ("true", float(is_so))):
                row[f"{what} from {least}"] += value
    return row


def coverage_of(fit: StatedFit, sizes: NDArray[np.int64], lines: Sequence[Floats], curves: Floats) -> Row:
    """Share of the 90 % intervals that hold the truth, of reps of each size."""
    intercept, slope = fit.line_draws()
    read = {
        "intercept": covers(intercept, lines[0]),
        "slope": covers(slope, lines[1]),
        "curve": covers(fit.curve_draws(GRID), curves).mean(axis=1),
    }
    return {f"{name}, {size}": float(held[sizes == size].mean()) for name, held in read.items() for size in SIZES}


def places(fit: StatedFit, truth: Mapping[str, Floats], ties: np.random.Generator) -> Row:
    """Place of the truth among 99 draws, of everything that `StatedFit.checked` ranks."""
    known = {name: value[:-1] if name in ("rep_intercept", "rep_slope") else value for name, value in truth.items()}
    posterior = fit.posterior
    one = replace(posterior, draws={name: np.asarray(known[name])[None] for name in posterior.draws})
    true = replace(fit, posterior=one).checked().ranked()
    return {
        f"@{name}": place_of(float(true[name][0]), thin(values), ties)
        for name, values in fit.checked().ranked().items()
    }
