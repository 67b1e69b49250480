"""Agreement of several people on the same things: chance-corrected coefficients, by name, with a jackknife interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from calibra.errors import InputError
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob

type Floats = NDArray[np.float64]
type Coefficient = Literal["AC", "alpha", "kappa", "fleiss", "brennan-prediger"]
type Weights = Literal["identity", "linear", "quadratic", "ordinal", "ratio", "krippendorff ordinal"]

NOT_RATED = -1
"""Stands for a rating that is missing."""
FEWEST_SHARED = 8
"""With fewer things rated twice or more there is neither coefficient nor interval (people.md §C)."""


class Agreement(NamedTuple):
    """How far ratings agree."""

    estimate: float
    """The coefficient: 1 where all agree, 0 where they agree as by chance; NaN where too few things were shared."""
    lower: float
    """Lower end of its jackknife-t interval."""
    upper: float
    """Upper end of it."""
    share_same: float
    """Share of pairs of ratings of one thing that are the same."""
    share_within_one: float
    """Share of them at most one category apart."""
    n: int
    """Things rated by two or more."""


def measure_agreement(
    ratings: ArrayLike,
    *,
    n_categories: int,
    coefficient: Coefficient = "AC",
    weights: Weights | ArrayLike = "quadratic",
    interval_prob: float = INTERVAL_PROB,
) -> Agreement:
    """How far do ratings of the same things agree, beyond chance?

    With weights w, shares π of the categories and p the mean weight of two ratings of one thing: (p − e)/(1 − e), where
    e is by chance Σ w π(1 − π)/(q(q − 1)) for AC (AC1 with identity weights, else AC2), Σ w_kl π_k π_l for `fleiss`,
    the same of pairs of raters for `kappa` (Cohen's where there are two, else Conger's), Σ w/q² for `brennan-prediger`;
    Krippendorff's `alpha` is 1 − observed/expected disagreement. Where nearly all things are of one category, alpha and
    kappas are near 0 whatever the agreement; AC is not.

    Parameters
    ----------
    ratings : array of int, shape (thing, rater)
        Categories from 0; −1 where a rating is missing.
    n_categories : int
        Categories there are, those included that nobody used.
    coefficient : {"AC", "alpha", "kappa", "fleiss", "brennan-prediger"}
        Which coefficient.
    weights : {"identity", "linear", "quadratic", "ordinal", "ratio", "krippendorff ordinal"} or array
        "ordinal" are Gwet's weights; "krippendorff ordinal" is another metric, of the ranks' frequencies, for alpha
        alone. An array (category, category) holds agreement weights, 1 on its diagonal.
    interval_prob : float
        Level of the interval: jackknife over things with the quantile of Student's t, n − 1 degrees of freedom.

    Returns
    -------
    Agreement
        NaN for the coefficient below 8 things rated twice.

    Raises
    ------
    InputError
        Ratings that are none of the categories; fewer than two raters or categories; names that are none.

    References
    ----------
    Gwet, K. L. (2014). Handbook of Inter-Rater Reliability, 4th edition. Krippendorff, K. (2011). Computing
    Krippendorff's alpha-reliability.

    Examples
    --------
    >>> found = measure_agreement([[0, 0], [1, 1], [0, 1], [1, 1]] * 2, n_categories=2, weights="identity")
    >>> round(found.estimate, 3), found.share_same, found.n
    (0.529, 0.75, 8)
    """
    check_interval_prob(interval_prob)
    table = _check(ratings, n_categories, coefficient)
    weight = _weight_matrix(weights, coefficient, n_categories)
    shared = (table >= 0).sum(axis=1) >= 2
    pairs = _pair_shares(_counts(table[shared], n_categories))
    distance = np.abs(np.subtract.outer(np.arange(n_categories), np.arange(n_categories)))
    same, near = (float(pairs[distance <= most].sum()) if shared.any() else float("nan") for most in (0, 1))
    n = int(shared.sum())
    if n < FEWEST_SHARED:
        return Agreement(float("nan"), float("nan"), float("nan"), same, near, n)
    read = _COEFFICIENTS[coefficient]
    estimate = read(table, weight, n_categories)
    lower, upper = _jackknife(lambda part: read(part, weight, n_categories), table, estimate, interval_prob)
    return Agreement(estimate, lower, upper, same, near, n)


def _check(ratings: ArrayLike, n_categories: int, coefficient: str) -> NDArray[np.int64]:
    table = np.asarray(ratings)
    if table.ndim != 2 or table.shape[1] < 2 or n_categories < 2:
        raise InputError(
            f"`ratings` must be (thing, rater) with two raters and categories or more; got shape {table.shape} and "
            f"{n_categories} categories."
        )
    wrong = ~np.isin(table, np.arange(NOT_RATED, n_categories))
    if wrong.any():
        raise InputError(
            f"`ratings` must be 0 to {n_categories - 1}, or −1 where missing; got {table[wrong][:3].tolist()}."
        )
    names = get_args(Coefficient.__value__)
    if coefficient not in names:
        raise InputError(f"`coefficient` must be one of {', '.join(names)}; got {coefficient!r}.")
    return table.astype(np.int64)


def _weight_matrix(weights: Weights | ArrayLike, coefficient: str, q: int) -> Floats | None:
    """Agreement weights (category, category); None for the metric that goes by the data."""
    if not isinstance(weights, str):
        given = np.asarray(weights, dtype=float)
        if given.shape != (q, q) or not np.allclose(np.diag(given), 1.0):
            raise InputError(f"`weights` must be ({q}, {q}) with 1 on the diagonal; got shape {given.shape}.")
        return given
    names = get_args(Weights.__value__)
    if weights not in names or (weights == "krippendorff ordinal" and coefficient != "alpha"):
        raise InputError(
            f"`weights` must be one of {', '.join(names)}, the last for alpha alone; got {weights!r} for {coefficient}."
        )
    k = np.arange(1.0, q + 1.0)
    apart = np.abs(np.subtract.outer(k, k))
    match weights:
        case "krippendorff ordinal":
            return None
        case "identity":
            off = (apart > 0).astype(float)
        case "ordinal":
            off = apart * (apart + 1.0) / 2.0
        case "ratio":
            off = (apart / np.add.outer(k, k)) ** 2
        case _:
            off = apart if weights == "linear" else apart**2
    return np.asarray(1.0 - off / off.max())


def _counts(table: NDArray[np.int64], q: int) -> Floats:
    """Ratings per thing and category."""
    return np.asarray((table[:, :, None] == np.arange(q)).sum(axis=1), dtype=float)


def _pair_shares(counts: Floats) -> Floats:
    """Mean over things of the shares of pairs of categories among the pairs of ratings of one thing."""
    each = counts.sum(axis=1)
    pairs = np.einsum("ik,il->ikl", counts, counts) - np.einsum("ik,kl->ikl", counts, np.eye(counts.shape[1]))
    return np.asarray((pairs / (each * (each - 1.0))[:, None, None]).mean(axis=0)) if len(counts) else pairs.sum(axis=0)


def _beyond(observed: float, chance: float) -> float:
    return float((observed - chance) / (1.0 - chance)) if chance < 1.0 else float("nan")


def _parts(table: NDArray[np.int64], weight: Floats | None, q: int) -> tuple[Floats, float, Floats]:
    """Weights, mean weight of two ratings of one thing, and shares of the categories over all things rated."""
    counts, used = _counts(table, q), weight if weight is not None else np.eye(q)
    each = counts.sum(axis=1)
    observed = float((_pair_shares(counts[each >= 2]) * used).sum())
    rated = each > 0
    return used, observed, (counts[rated] / each[rated, None]).mean(axis=0)


def _ac(table: NDArray[np.int64], weight: Floats | None, q: int) -> float:
    used, observed, shares = _parts(table, weight, q)
    return _beyond(observed, float(used.sum() * (shares * (1.0 - shares)).sum() / (q * (q - 1.0))))


def _fleiss(table: NDArray[np.int64], weight: Floats | None, q: int) -> float:
    used, observed, shares = _parts(table, weight, q)
    return _beyond(observed, float(shares @ used @ shares))


def _brennan_prediger(table: NDArray[np.int64], weight: Floats | None, q: int) -> float:
    used, observed, _ = _parts(table, weight, q)
    return _beyond(observed, float(used.sum()) / q**2)


def _kappa(table: NDArray[np.int64], weight: Floats | None, q: int) -> float:
    """Chance is two different raters, each with shares of categories of their own."""
    used, observed, _ = _parts(table, weight, q)
    by_rater = np.array([(table[:, :, None] == np.arange(q))[:, g].sum(axis=0) for g in range(table.shape[1])], float)
    shares = by_rater[by_rater.sum(axis=1) > 0]
    shares /= shares.sum(axis=1, keepdims=True)
    raters, total = len(shares), shares.sum(axis=0)
    apart = (total @ used @ total - np.einsum("gk,kl,gl->", shares, used, shares)) / (raters * (raters - 1.0))
    return _beyond(observed, float(apart))


def _alpha(table: NDArray[np.int64], weight: Floats | None, q: int) -> float:
    counts = _counts(table, q)
    counts = counts[counts.sum(axis=1) >= 2]
    each = counts.sum(axis=1)
    pairs = np.einsum("ik,il->ikl", counts, counts) - np.einsum("ik,kl->ikl", counts, np.eye(q))
    together = (pairs / (each - 1.0)[:, None, None]).sum(axis=0)
    total = together.sum(axis=1)
    apart = _rank_metric(total) if weight is None else 1.0 - weight
    expected = float(total @ apart @ total) / (total.sum() - 1.0)
    return 1.0 - float((together * apart).sum()) / expected if expected > 0 else float("nan")


def _rank_metric(total: Floats) -> Floats:
    """Krippendorff's ordinal metric: the square of how many ratings lie between, half of both ends among them."""
    middle = np.cumsum(total) - total / 2.0
    return np.asarray(np.subtract.outer(middle, middle) ** 2)


_COEFFICIENTS: dict[str, Callable[[NDArray[np.int64], Floats | None, int], float]] = {
    "AC": _ac,
    "alpha": _alpha,
    "kappa": _kappa,
    "fleiss": _fleiss,
    "brennan-prediger": _brennan_prediger,
}


def _jackknife(
    read: Callable[[NDArray[np.int64]], float], table: NDArray[np.int64], estimate: float, interval_prob: float
) -> tuple[float, float]:
    """Estimate ± t · jackknife standard error, each thing left out once; at most 1."""
    rated = np.flatnonzero((table >= 0).any(axis=1))
    n = len(rated)
    without = np.array([read(np.delete(table, i, axis=0)) for i in rated])
    error = np.sqrt((n - 1.0) / n * ((without - without.mean()) ** 2).sum())
    reach = float(stdtrit(n - 1.0, 0.5 + interval_prob / 2.0) * error)
    return max(-1.0, estimate - reach), min(1.0, estimate + reach)
