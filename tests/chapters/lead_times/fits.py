"""Small lead-time fits that between them give every finding of the chapter; each fitted once."""

from functools import cache
from typing import Any

import numpy as np

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from tests.chapters.lead_times.worlds import EVENT, EXIT, OPEN, competing, judgments_of, scale_of

REPS = ("Abe", "Bo", "Cy", "Di", "Eve")
SCALE = RankScale(["A", "B"], {"A": Promise(0.6, within_days=60), "B": Promise(0.3, within_days=90)})


@cache
def plateau() -> LeadTimeFit:
    """Events of log-normal days, nearly all within 200: Cy's are three times as late, Bo's prospects exit more often.

    Di's prospects exit less often. Everybody has old prospects open, of whom hardly an event is still to come.
    """
    rng, n = np.random.default_rng(7), 4000
    rep, rank = rng.integers(0, len(REPS), n), rng.integers(0, 2, n)
    latent = np.array([30.0, 30.0, 90.0, 30.0, 30.0])[rep] * np.exp(0.5 * rng.standard_normal(n))
    latent[rng.random(n) > np.array([0.7, 0.35])[rank]] = np.inf
    exits = rng.exponential(np.array([400.0, 60.0, 400.0, 3000.0, 400.0])[rep])
    clock, age = rng.random(n), rng.integers(1, 700, n)
    event, exit_ = np.floor(clock + latent), np.floor(clock + exits)
    days = np.minimum(np.minimum(event, exit_), age).astype(int)
    ending = np.select([event <= np.minimum(exit_, age), exit_ <= age], [EVENT, EXIT], OPEN)
    labels: dict[str, Any] = {"rep": np.array(REPS)[rep], "rank": np.array(["A", "B"])[rank]}
    return fitted(judgments_of(days, ending, scale=SCALE, **labels))


@cache
def young() -> LeadTimeFit:
    """Nobody followed as long as B's promise; the edges end before A's."""
    days, ending = competing(600, seed=3, follow_days=80)
    scale = RankScale(["A", "B"], {"A": Promise(0.5, within_days=60), "B": Promise(0.3, within_days=120)})
    judgments = judgments_of(days, ending, rep=alternating(REPS[:3], 600), rank=alternating("AB", 600), scale=scale)
    return fitted(judgments, interval_edges_days=(20, 50))


@cache
def quick() -> LeadTimeFit:
    """One of three reps whose events come three times as fast, nothing promised, no exits; labels with braces."""
    days, ending = competing(900, seed=5, exit_days=np.inf)
    slow, slow_ending = competing(900, seed=6, exit_days=np.inf, event_days=25.0)
    fast = np.arange(900) % 3 == 0
    rep = alternating(("{x}", "Bo", "Cy"), 900)
    judgments = judgments_of(
        np.where(fast, slow, days),
        np.where(fast, slow_ending, ending),
        rep=rep,
        rank=alternating(("{days}", "B"), 900),
        scale=RankScale(["{days}", "B"]),
        exits=False,
    )
    return fitted(judgments)


@cache
def alone() -> LeadTimeFit:
    """One rep and one rank."""
    days, ending = competing(200, seed=8)
    return fitted(judgments_of(days, ending, scale=scale_of("A")))


def fits() -> dict[str, LeadTimeFit]:
    """Every fit by name."""
    return {make.__name__: make() for make in (plateau, young, quick, alone)}


def alternating(labels: tuple[str, ...] | str, n: int) -> np.ndarray:
    """These labels, one after the other."""
    return np.array(list(labels))[np.arange(n) % len(labels)]


def fitted(judgments: Judgments, **model: Any) -> LeadTimeFit:
    """A quick fit."""
    return LeadTimeModel(**model).fit(judgments, seed=1, engine="laplace", draws=300, progress=False)
