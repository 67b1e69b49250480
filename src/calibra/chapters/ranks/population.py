"""What the rank model says of reps in general: what a rank of a rep never seen means, and how far reps differ."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calibra.chapters.ranks.mix import new_case_weights, team_shares
from calibra.errors import InputError
from calibra.stats.intervals import equal_tailed
from calibra.words import quoted

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]

THESE_REPS, POPULATION = "these reps", "population"
"""Of whom a spread is: of the reps there are, or of all such reps, those never seen included."""
CORRELATION = "level_slope_correlation"
"""Name of the draws of the correlation of the reps' levels and slopes."""
_NEW_REPS = 8
"""Reps never seen drawn for each posterior draw: few enough to be cheap, and their mean is steady."""
_NODES = 21
"""Points of the Gauss–Hermite rule: exact to many digits for any spread that reps can have."""


def new_rep_draws(fit: "RankFit", *, team: str | None = None) -> Floats:
    """Draws of P(event) of reps never seen, (draw, new rep, rank), at all reps' mix of cases within each rank.

    Each of the rep's terms is drawn from its population, and the team from those there are, in proportion to their
    reps, unless it is named. The mean over cases is one of probabilities.
    """
    rng = np.random.default_rng([fit.diagnostics.seed, 1])
    draws, shape = fit.posterior.draws, (fit.posterior.n_draws, _NEW_REPS)

    level = rng.standard_normal(shape)
    terms = draws["level_scale"][:, None] * level, np.zeros(shape)
    if "slope_scale" in draws:
        rho = _correlation_draws(fit)[:, None]
        slope = rho * level + np.sqrt(1.0 - rho**2) * rng.standard_normal(shape)
        terms = terms[0], draws["slope_scale"][:, None] * slope
    if (odd := fit.declaration.odd_reps) is not None:
        added = odd.sample(rng, shape)
        terms = terms[0] + added[..., 0], terms[1] + (added[..., 1] if len(odd.terms) == 2 else 0.0)
    linpred = draws["rank_mean"][:, None, :] + terms[0][..., None] + terms[1][..., None] * fit.scores.values
    if "residual_scale" in draws:
        basis = fit.residual_basis
        residual = draws["residual_scale"][:, None, None] * rng.standard_normal((*shape, basis.shape[1]))
        linpred = linpred + residual @ basis.T
    if fit.team is not None:
        linpred = linpred + _team_effects(fit, team, rng, shape)[..., None]
    elif team is not None:
        raise InputError(
            f"`team` needs a fit with teams; got {quoted(team)}. Fit RankModel(team='team'), or leave it out."
        )
    weights, effects = new_case_weights(fit), fit.case_effects()
    return _over_cases(linpred, effects, weights)


def expected_columns(fit: "RankFit", *, team: str | None, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.expected`, which says what they mean."""
    new = new_rep_draws(fit, team=team)
    summary = equal_tailed(new.reshape(-1, new.shape[-1]), interval_prob=interval_prob)
    return {
        "rank": np.array(fit.ranks, dtype=object),
        "estimate": summary.estimate,
        "lower": summary.lower,
        "upper": summary.upper,
        "n": fit.n.sum(axis=0).astype(int),
        "n_reps": (fit.n > 0).sum(axis=0),
    }


def spread_columns(fit: "RankFit", *, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.spread`, which says what they mean."""
    terms = list(fit.declaration.outer_names)
    of_reps = 100.0 * _spread_of_reps(fit)
    of_terms = np.stack([fit.posterior[name] for name in terms], axis=1)
    draws = np.concatenate([of_terms, of_reps, 100.0 * population_spread(fit)], axis=1)
    summary = equal_tailed(draws, interval_prob=interval_prob)
    units = ["correlation" if name == CORRELATION else "log-odds" for name in terms]
    by_rank, n_ranks = [f"probability at rank {rank}" for rank in fit.ranks], len(fit.ranks)
    return {
        "quantity": np.array([*terms, *by_rank, *by_rank], dtype=object),
        "of": np.array([POPULATION] * len(terms) + [THESE_REPS] * n_ranks + [POPULATION] * n_ranks, dtype=object),
        "unit": np.array([*units, *["points"] * (2 * n_ranks)], dtype=object),
        "estimate": summary.estimate,
        "lower": summary.lower,
        "upper": summary.upper,
        "n_reps": np.full(draws.shape[1], len(fit.reps)),
    }


def _spread_of_reps(fit: "RankFit") -> Floats:
    """Standard deviation over the reps there are of P(event) at each rank, (draw, rank)."""
    mean, square = np.zeros((2, fit.posterior.n_draws, len(fit.ranks)))
    for _, prob in fit.in_chunks(case_mix="all reps"):
        mean += prob.sum(axis=1) / len(fit.reps)
    for _, prob in fit.in_chunks(case_mix="all reps"):
        square += ((prob - mean[:, None]) ** 2).sum(axis=1) / len(fit.reps)
    return np.asarray(np.sqrt(square))


def population_spread(fit: "RankFit") -> Floats:
    """Standard deviation over all such reps of P(event) at each rank, (draw, rank), integrated draw by draw.

    sd of Σ_g w_g logistic(μ_k + β_g + τ_k z) over z ~ Normal(0, 1), and over reps that are odd and reps that are not.
    The shortcut τ p (1 − p) overstates it by a quarter to a third where τ is large.
    """
    variance, added = _variances(fit), _added_to_odd(fit)
    if fit.team is not None:
        variance = variance + fit.posterior["team_level_scale"][:, None] ** 2
    share = 0.0 if fit.declaration.odd_reps is None else fit.declaration.odd_reps.share
    nodes, mass = np.polynomial.hermite_e.hermegauss(_NODES)
    tau = np.sqrt(np.stack([variance, variance + added], axis=1))
    away = (tau[:, :, None] * nodes[:, None]).reshape(len(tau), -1, tau.shape[-1])
    both = np.outer([1.0 - share, share], mass / mass.sum()).ravel()
    prob = _over_cases(fit.posterior["rank_mean"][:, None, :] + away, fit.case_effects(), new_case_weights(fit))
    mean = np.einsum("szk,z->sk", prob, both)
    return np.asarray(np.sqrt(np.einsum("szk,z->sk", (prob - mean[:, None]) ** 2, both)))


def _over_cases(linpred: Floats, effects: Floats, weights: Floats) -> Floats:
    """Mean over cases of the probability: (draw, anything, rank), (draw, *group) and (rank, *group)."""
    total = np.zeros_like(linpred)
    for cell in np.ndindex(weights.shape[1:]):
        weight = weights[(slice(None), *cell)]
        if weight.any():
            total += weight * expit(linpred + effects[(slice(None), *cell)][:, None, None])
    return total


def _team_effects(fit: "RankFit", team: str | None, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Effect of the team of each new rep, (draw, new rep)."""
    labels, effects = fit.teams, fit.posterior["team_level"]
    if team is None:
        shares = team_shares(fit.cells.n).mean(axis=0)
        chosen = rng.choice(len(labels), size=shape, p=shares / shares.sum())
        return np.take_along_axis(effects, chosen, axis=1)
    if team not in labels:
        more = " …" if len(labels) > 5 else ""
        raise InputError(
            f"`team` must be one of {', '.join(labels[:5])}{more}; got {quoted(team)}. Leave it out if unknown."
        )
    return effects[:, [labels.index(team)]]


def rep_share(fit: "RankFit", prob: Floats, n: Floats, reps: slice) -> Floats:
    """τ²/(τ² + 1/(n p (1 − p))) of some reps at each rank, posterior mean; 0 where n is 0.

    τ² is the variance that pulls a rep to the others: the harmonic mean over being odd and not.
    """
    information = n * (prob * (1.0 - prob)).mean(axis=0)
    variance, added, odd = _variances(fit), _added_to_odd(fit), _chance_of_odd(fit, reps)
    shares = []
    for own, most, more in zip(information.T, variance.T, added, strict=True):
        signal = own / ((1.0 - odd) / most[:, None] + odd / (most[:, None] + more))
        shares.append((signal / (1.0 + signal)).mean(axis=0))
    return np.stack(shares, axis=1)


def _variances(fit: "RankFit") -> Floats:
    """Variance between reps, odd ones left out, of the log-odds at each rank, (draw, rank)."""
    draws = fit.posterior.draws
    variance = np.repeat(draws["level_scale"][:, None] ** 2, len(fit.ranks), axis=1)
    if "slope_scale" in draws:
        variance = variance + draws["slope_scale"][:, None] ** 2 * fit.scores.values**2
        both = _correlation_draws(fit) * draws["level_scale"] * draws["slope_scale"]
        variance = variance + 2.0 * both[:, None] * fit.scores.values
    if "residual_scale" in draws:
        variance = variance + draws["residual_scale"][:, None] ** 2 * (fit.residual_basis**2).sum(axis=1)
    return variance


def _added_to_odd(fit: "RankFit") -> Floats:
    """By how much it is larger of odd reps, (rank,)."""
    odd = fit.declaration.odd_reps
    if odd is None:
        return np.zeros(len(fit.ranks))
    of_slope = odd.sd[1] ** 2 if len(odd.sd) == 2 else 0.0
    return np.asarray(odd.sd[0] ** 2 + of_slope * fit.scores.values**2)


def _chance_of_odd(fit: "RankFit", reps: slice) -> Floats:
    """Probability that each rep is odd given level and slope, (draw, rep); 0 where none can be."""
    draws, odd = fit.posterior.draws, fit.declaration.odd_reps
    if odd is None:
        return np.zeros((1, 1))
    deviations = [draws[name][:, reps] for name in odd.terms]
    scales = [draws[f"{name}_scale"][:, None] for name in odd.terms]
    return np.asarray(expit(odd.log_odds_at(deviations, scales, _correlation_draws(fit)[:, None])))


def _correlation_draws(fit: "RankFit") -> Floats:
    """Correlation of the reps' levels and slopes, (draw,); 0 in fits of a version that had none."""
    return fit.posterior.draws.get(CORRELATION, np.zeros(fit.posterior.n_draws))
