"""Which settings make a world? The checks behind `simulate_judgments`."""

import datetime as dt
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from calibra.data.simulation.mechanism import FloatArray, World
from calibra.errors import InputError

FIVE_RANK_SHARES = (0.10, 0.20, 0.25, 0.25, 0.20)
LARGEST_SKEW = 1.5
"""Above it a lognormal readiness is all tail."""

_WHOLE_FROM = {"n_reps": 1, "n_prospects": 1, "span_days": 1, "min_age_days": 0, "n_teams": 1, "extreme_reps": 0}
_ABOVE_ZERO = ("noise", "needs", "median_days", "exit_days", "median_amount")
_SHARES = ("mix_spread", "exit_share", "win_share")
_FROM_ZERO = (
    *("rep_spread", "optimism_sd", "weight_sd", "noise_sd", "cut_sd", "tempo_sd", "patience_sd", "timing_sd"),
    *("win_sd", "drift_sd", "team_sd", "workload_sd", "segment_gap", "season_gap", "readiness_skew", "pull"),
)


def check_world(world: World, seed: object) -> None:
    """Refuse settings no world can have."""
    _check_whole("seed", seed, 0)
    for name, least in _WHOLE_FROM.items():
        _check_whole(name, getattr(world, name), least)
    for name in _ABOVE_ZERO:
        _check_number(name, getattr(world, name), "a number above 0", 0.0, np.inf, open_below=True)
    for name in _SHARES:
        _check_number(name, getattr(world, name), "a share from 0 to 1", 0.0, 1.0)
    for name in _FROM_ZERO:
        _check_number(name, getattr(world, name), "a number, 0 or more", 0.0, np.inf)
    if world.readiness_skew > LARGEST_SKEW:
        raise InputError(f"`readiness_skew` must be at most {LARGEST_SKEW}; got {world.readiness_skew!r}.")
    if world.extreme_reps > world.n_reps:
        raise InputError(
            f"`extreme_reps` must be at most n_reps, {world.n_reps}; got {world.extreme_reps}. Ask for more reps."
        )
    if world.observed_from is not None and world.observed_from > world.as_of:
        raise InputError(
            f"`observed_from` must not be after as_of, {world.as_of}; got {world.observed_from}. Nothing would be seen."
        )


def check_day(name: str, value: object) -> np.datetime64:
    """Read a calendar day from an ISO text, a date or a datetime64."""
    message = f"`{name}` must be a calendar day like '2026-09-30'; got {value!r}."
    if not isinstance(value, str | dt.date | np.datetime64) or isinstance(value, dt.datetime):
        raise InputError(message)
    try:
        day = np.datetime64(value, "D")
    except ValueError as error:
        raise InputError(message) from error
    if np.isnat(day):
        raise InputError(message)
    return day


def choose_rank_shares(shares: Sequence[float] | None, n_ranks: int) -> FloatArray:
    """Use the shares given, else the default for so many ranks."""
    if shares is None:
        return np.array(FIVE_RANK_SHARES) if n_ranks == len(FIVE_RANK_SHARES) else np.full(n_ranks, 1.0 / n_ranks)
    values = np.asarray(shares, dtype=float)
    if values.shape != (n_ranks,) or not np.all(values > 0.0) or not np.isclose(values.sum(), 1.0):
        raise InputError(
            f"`rank_shares` must be {n_ranks} numbers above 0 that sum to 1, best rank first; got {shares!r}."
        )
    return values


def _check_whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"`{name}` must be a whole number, {least} or more; got {value!r}.")


def _check_number(name: str, value: object, wanted: str, low: float, high: float, *, open_below: bool = False) -> None:
    number = np.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not np.isfinite(number) or number < low or number > high or (open_below and number == low):
        raise InputError(f"`{name}` must be {wanted}; got {value!r}.")
