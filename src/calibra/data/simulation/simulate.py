"""A sales organisation whose truth is known: judgments to try the library on, beside what the reps really do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.scale import Promise, RankScale
from calibra.data.simulation.mechanism import (
    SEGMENT_STEPS,
    SEGMENTS,
    FloatArray,
    IntArray,
    Lives,
    RepTraits,
    World,
    draw_traits,
    draw_variates,
    live,
)
from calibra.data.simulation.settings import check_day, check_world, choose_rank_shares
from calibra.data.simulation.truth import WorldTruth, choose_n_latent
from calibra.errors import InputError
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

type Day = str | dt.date | np.datetime64

CRITERIA_CUTS = {"budget": 0.6, "authority": 0.3, "need": -0.2, "timing": 0.8}
"""A criterion is ticked where 0.8 × readiness + a normal error is above this."""
WIN_PULL, DEAL_DAYS, DEAL_DAYS_SD, AMOUNT_SD, AMOUNT_BY_SEGMENT = 0.4, 45.0, 0.5, 0.7, 0.6
"""How wins and amounts come about; see `_draw_wins`."""
LONGEST_EXPECTED_DAYS = 1825
"""No rep states a date further away than this."""


def demo_scale() -> RankScale:
    """Which scale do the reps of the default world use? A to E, all promised within 90 days."""
    promised = {"A": 0.60, "B": 0.35, "C": 0.20, "D": 0.10, "E": 0.03}
    return RankScale(list(promised), {rank: Promise(prob, within_days=90) for rank, prob in promised.items()})


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWorld:
    """Judgments of a simulated organisation as they are known at `as_of`, and the truth behind them."""

    arrays: Mapping[str, NDArray[Any]] = field(repr=False)
    """One array per role, one entry per judgment, oldest first; dates are `datetime64[D]`, `NaT` where not known."""
    truth: WorldTruth = field(repr=False)
    """What the reps and prospects really are."""
    scale: RankScale
    """The ranks and what is promised by each."""
    as_of: dt.date
    """Snapshot date: nothing later is in `arrays`."""
    seed: int
    """The seed."""

    @property
    def columns(self) -> dict[str, str]:
        """Role to column name, ready for `Judgments.from_frame`."""
        return {role: role for role in self.arrays}

    @property
    def frame(self) -> pd.DataFrame:
        """What would a CRM export of this world look like? A pandas frame, made anew at each use."""
        is_date = {role: np.issubdtype(values.dtype, np.datetime64) for role, values in self.arrays.items()}
        return make_table(
            {role: values.astype("datetime64[us]") if is_date[role] else values for role, values in self.arrays.items()}
        )


def simulate_judgments(
    *,
    seed: int,
    n_reps: int = 20,
    n_prospects: int = 6000,
    scale: RankScale | None = None,
    as_of: Day = "2026-09-30",
    span_days: int = 540,
    min_age_days: int = 0,
    observed_from: Day | None = None,
    rank_shares: Sequence[float] | None = None,
    rep_spread: float = 1.0,
    optimism_sd: float = 0.4,
    weight_sd: float = 0.2,
    noise: float = 0.7,
    noise_sd: float = 0.25,
    cut_sd: float = 0.1,
    tempo_sd: float = 0.2,
    patience_sd: float = 0.3,
    timing_sd: float = 0.3,
    win_sd: float = 0.2,
    drift_sd: float = 0.0,
    team_sd: float = 0.1,
    n_teams: int = 4,
    extreme_reps: int = 0,
    workload_sd: float = 0.4,
    mix_spread: float = 0.3,
    segment_gap: float = 0.4,
    season_gap: float = 0.15,
    readiness_skew: float = 0.0,
    needs: float = 0.8,
    median_days: float = 160.0,
    pull: float = 0.7,
    exit_share: float = 0.6,
    exit_days: float = 200.0,
    win_share: float = 0.35,
    median_amount: float = 3_000_000.0,
) -> SimulatedWorld:
    """What would judgments look like if we knew the truth? An organisation made from a mechanism of its own.

    Each prospect has a latent readiness q: normal (or skewed), shifted by segment and by the quarter of the year. It
    sends a Poisson number of needs, mean `needs` · exp(0.9 q); without one there is never an event. With one, the event
    comes after a log-normal time, median `median_days` · exp(−`pull` · q + tempo). On a share of prospects a Weibull
    hand-back clock runs. The rep sees optimism + weight · q + noise · z, and gives the rank between whose cut points it
    falls. None of this is a formula of the models, so agreement with the truth means something.

    The same seed gives the same world (PCG64; same NumPy version). The reps depend on the seed and the settings that
    name them, not on `n_prospects`.

    Parameters
    ----------
    seed : int
        Seed, 0 or more.
    n_reps, n_prospects : int
        How many reps, and prospects in all; each prospect is judged once.
    scale : RankScale, optional
        Ranks and promises; default `demo_scale()`. The promises do not steer the world.
    as_of : str, date or datetime64
        Snapshot day. What happens later is in the truth and not in the frame.
    span_days, min_age_days : int
        Judgments are made evenly over `span_days` days; the youngest is at least `min_age_days` old at `as_of`. With
        `min_age_days` at the horizon all are mature.
    observed_from : str, date or datetime64, optional
        Left truncation: of the prospects judged before this day only those still open when it ended are in the frame,
        and their `entered_at` is this day.
    rank_shares : sequence of float, optional
        Share of each rank, best first, that a rep without bias gives, about; default 10, 20, 25, 25, 20 % for five
        ranks, else equal.
    rep_spread : float
        Factor on every difference between reps but the workload; 0 makes them identical.
    optimism_sd, cut_sd, drift_sd : float
        Spread between reps of bias, of each own cut point, and of the change in bias per year, in readiness units
        (readiness has sd 1 within segment).
    weight_sd, noise_sd : float
        Spread between reps of the log weight on readiness and of the log noise; weight / noise makes discrimination.
    noise : float
        Noise of a typical rep, in readiness units, above 0.
    tempo_sd, patience_sd, timing_sd : float
        Spread between reps of the log lead time, of the log time to hand back, and of the log error in stated dates.
    win_sd : float
        Spread between reps of winning (log-log units) and of the log amount.
    team_sd, n_teams : float, int
        Spread between teams of the bias; number of teams.
    extreme_reps : int
        So many reps, first in order, get a bias of +3, −3, +3 … `optimism_sd`, whatever `rep_spread`.
    workload_sd : float
        Spread between reps of the log number of prospects.
    mix_spread : float
        Share, 0 to 1, of a rep's segment mix that is the rep's own.
    segment_gap, season_gap : float
        Readiness between neighbouring segments, and what January to March adds.
    readiness_skew : float
        0 for normal readiness; s up to 1.5 for a standardised exp(s · normal).
    needs, median_days, pull : float
        See above.
    exit_share, exit_days : float
        Share of prospects with a hand-back clock (0: no exits), and its scale in days.
    win_share, median_amount : float
        Probability that an opportunity of readiness 0 is won; median amount of a win.

    Returns
    -------
    SimulatedWorld
        `frame`, `columns`, `arrays`, `scale`, `as_of` for the library, and `truth` to hold its answers against.

    Raises
    ------
    InputError
        A setting is outside what it can be.

    Examples
    --------
    >>> world = simulate_judgments(n_reps=3, n_prospects=200, seed=1)
    >>> world.truth.reps.names
    ('Aoki', 'Bauer', 'Chiba')
    >>> world.truth.probabilities(90).shape
    (3, 5)
    """
    used_scale = demo_scale() if scale is None else scale
    if not isinstance(used_scale, RankScale):
        raise InputError(f"`scale` must be a RankScale; got {scale!r}. Write RankScale(['A', 'B']).")
    n_ranks = len(used_scale.ranks)
    world = World(
        n_reps=n_reps,
        n_prospects=n_prospects,
        n_ranks=n_ranks,
        as_of=check_day("as_of", as_of),
        span_days=span_days,
        min_age_days=min_age_days,
        observed_from=None if observed_from is None else check_day("observed_from", observed_from),
        rank_shares=choose_rank_shares(rank_shares, n_ranks),
        rep_spread=rep_spread,
        optimism_sd=optimism_sd,
        weight_sd=weight_sd,
        noise=noise,
        noise_sd=noise_sd,
        cut_sd=cut_sd,
        tempo_sd=tempo_sd,
        patience_sd=patience_sd,
        timing_sd=timing_sd,
        win_sd=win_sd,
        drift_sd=drift_sd,
        team_sd=team_sd,
        n_teams=n_teams,
        extreme_reps=extreme_reps,
        workload_sd=workload_sd,
        mix_spread=mix_spread,
        segment_gap=segment_gap,
        season_gap=season_gap,
        readiness_skew=readiness_skew,
        needs=needs,
        median_days=median_days,
        pull=pull,
        exit_share=exit_share,
        exit_days=exit_days,
        win_share=win_share,
        median_amount=median_amount,
    )
    check_world(world, seed)
    return _simulate(world, used_scale, int(seed))


def _simulate(world: World, scale: RankScale, seed: int) -> SimulatedWorld:
    # Streams 0 to 2; stream 3 is the truth's. Each part keeps its numbers when another part draws more.
    for_reps, for_prospects, for_details = (
        np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream,)))) for stream in range(3)
    )
    traits = draw_traits(for_reps, world)
    chance = draw_variates(for_prospects, world, world.n_prospects)
    assigned = np.searchsorted(np.cumsum(traits.workload), for_prospects.random(world.n_prospects), side="right")
    rep = np.minimum(assigned, world.n_reps - 1).astype(np.int64)
    lives = live(world, traits, rep, chance)
    is_won, won_days, amount = _draw_wins(for_details, world, traits, rep, lives)
    truth = WorldTruth(
        ranks=scale.ranks,
        reps=traits,
        rep=rep,
        age_days=chance.age_days,
        lives=lives,
        is_won=is_won,
        won_days=won_days,
        amount=amount,
        in_frame=_is_exported(world, chance.age_days, lives),
        world=world,
        seed=seed,
        n_latent=choose_n_latent(world.n_reps),
    )
    known = _known_at_as_of(truth) | _draw_details(for_details, truth)
    arrays = {role: values[truth.in_frame] for role, values in known.items()}
    return SimulatedWorld(arrays, truth, scale, world.as_of.astype(dt.date), seed)


def _draw_wins(
    rng: np.random.Generator, world: World, traits: RepTraits, rep: IntArray, lives: Lives
) -> tuple[NDArray[np.bool_], FloatArray, FloatArray]:
    """Which opportunities are won, when, and for how much? P(win) = win_share ^ exp(−0.4 q − skill)."""
    n = rep.size
    prob = world.win_share ** np.exp(-WIN_PULL * lives.readiness - traits.skill[rep])
    is_won = lives.is_event & (rng.random(n) < prob)
    deal_days = np.floor(DEAL_DAYS * np.exp(DEAL_DAYS_SD * rng.standard_normal(n)))
    log_factor = AMOUNT_BY_SEGMENT * SEGMENT_STEPS[lives.segment] + AMOUNT_SD * rng.standard_normal(n)
    amount = np.maximum(1.0, np.rint(world.median_amount * np.exp(log_factor + traits.deal_size[rep])))
    return is_won, np.where(is_won, lives.event_days + deal_days, np.inf), np.where(is_won, amount, np.nan)


def _is_exported(world: World, age_days: IntArray, lives: Lives) -> NDArray[np.bool_]:
    """Which prospects does the export hold? All, or those judged since, or still open after, `observed_from`."""
    if world.observed_from is None:
        return np.ones(age_days.size, dtype=bool)
    entry_day = age_days - (world.as_of - world.observed_from).astype(np.int64)
    return (entry_day <= 0) | (np.minimum(lives.event_days, lives.exit_days) > entry_day)


def _known_at_as_of(truth: WorldTruth) -> dict[str, NDArray[Any]]:
    """What is known at `as_of`, role by role? An end counts as known when it is not later than that day."""
    world, lives, age = truth.world, truth.lives, truth.age_days
    judged_at = world.as_of - age.astype("timedelta64[D]")

    def date_of(days: FloatArray, happened: NDArray[np.bool_]) -> NDArray[np.datetime64]:
        is_known = happened & (days <= age)
        day = judged_at + np.where(is_known, days, 0).astype("timedelta64[D]")
        return np.where(is_known, day, np.datetime64("NaT", "D"))

    number = np.arange(1, world.n_prospects + 1).astype(np.str_)
    known: dict[str, NDArray[Any]] = {
        "prospect": np.strings.add("P", np.strings.zfill(number, max(6, len(str(world.n_prospects))))),
        "rep": np.array(truth.reps.names)[truth.rep],
        "rank": np.array(truth.ranks)[lives.rank],
        "judged_at": judged_at,
        "event_at": date_of(lives.event_days, lives.is_event),
        "exit_at": date_of(lives.exit_days, lives.is_exit),
        "won_at": date_of(truth.won_days, truth.is_won),
        "amount": np.where(truth.won_days <= age, truth.amount, np.nan),
        "team": np.array(truth.reps.teams)[truth.rep],
        "segment": np.array(SEGMENTS)[lives.segment],
    }
    if world.observed_from is not None:
        is_late = judged_at < world.observed_from
        known["entered_at"] = np.where(is_late, world.observed_from, np.datetime64("NaT", "D"))
    return known


def _draw_details(rng: np.random.Generator, truth: WorldTruth) -> dict[str, NDArray[Any]]:
    """What else stands in the CRM? The date the rep stated, contacts until the end or `as_of`, criteria ticked."""
    world, reps, rep, lives = truth.world, truth.reps, truth.rep, truth.lives
    stated = np.exp(reps.timing[rep] - world.pull * lives.seen + 0.25 * rng.standard_normal(rep.size))
    expected_days = 1 + np.floor(np.minimum(world.median_days * stated, LONGEST_EXPECTED_DAYS))
    followed_days = np.minimum(np.minimum(lives.event_days, lives.exit_days), truth.age_days)
    care = 1.0 + 0.5 * (world.n_ranks - 1 - lives.rank) / max(1, world.n_ranks - 1)
    judged_at = world.as_of - truth.age_days.astype("timedelta64[D]")
    details: dict[str, NDArray[Any]] = {
        "expected_at": judged_at + expected_days.astype("timedelta64[D]"),
        "touches": rng.poisson(reps.activity[rep] * care * (followed_days + 1.0) ** 0.6),
    }
    for name, cut in CRITERIA_CUTS.items():
        details[name] = 0.8 * lives.readiness + rng.standard_normal(rep.size) > cut
    return details
