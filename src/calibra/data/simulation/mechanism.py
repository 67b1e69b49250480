"""The mechanism of a simulated world: who the reps are, how they read a prospect, and what becomes of it.

Nothing here is a formula of the models. A prospect has a latent readiness; readiness raises the chance that a need
ever arises (a Poisson number of needs) and shortens a log-normal lead time; hand-backs come on a Weibull clock of
their own; the rep sees readiness through bias, weight and noise, and cuts what is seen into ranks.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from calibra.tables import brief

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

SEGMENTS = ("Enterprise", "Mid-size", "Small")
SEGMENT_SHARES = np.array([0.25, 0.35, 0.40])
SEGMENT_STEPS = np.array([1.0, 0.0, -1.0])
"""Readiness of each segment, in units of `segment_gap`."""
SEASON_STEPS = np.array([1.0, -0.5, -0.5, 0.0])
"""Readiness by calendar quarter of the judgment, in units of `season_gap`: budgets are spent before the March close."""
NEED_PULL = 0.9
"""How steeply the log of the mean number of needs rises with readiness."""
DAYS_SD = 0.8
"""Spread of the log lead time among prospects of equal readiness."""
EXIT_SHAPE = 1.4
"""Weibull shape of the hand-back clock: above 1, hand-backs grow likelier with age."""
EXIT_PULL = 0.25
"""How much longer (log days) a readier prospect is kept."""
DAYS_PER_YEAR = 365.0

# fmt: off
SURNAMES = (
    "Aoki", "Bauer", "Chiba", "Dubois", "Endo", "Fischer", "Goto", "Hansen", "Ito", "Jensen",
    "Kimura", "Lopez", "Mori", "Novak", "Ogawa", "Peters", "Rossi", "Sato", "Tanaka", "Weber",
    "Abe", "Brandt", "Costa", "Doi", "Evans", "Fujita", "Garcia", "Hara", "Ivanova", "Jansen",
    "Kato", "Lindqvist", "Meyer", "Nakano", "Okada", "Petrov", "Ryan", "Suzuki", "Turner", "Ueda",
)
TEAMS = ("North", "East", "South", "West")
# fmt: on


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What a simulated world is made of; `simulate_judgments` describes each setting and checks it."""

    n_reps: int
    """Number of reps."""
    n_prospects: int
    """Number of prospects judged, one judgment each."""
    n_ranks: int
    """Number of ranks."""
    as_of: np.datetime64
    """Snapshot day, `datetime64[D]`."""
    span_days: int
    """Length of the time in which judgments are made, in days."""
    min_age_days: int
    """Age of the youngest possible judgment at `as_of`, in days."""
    observed_from: np.datetime64 | None
    """Day from which the export holds what is open, `datetime64[D]`; None: from the first judgment."""
    rank_shares: FloatArray
    """Shape (n_ranks,): share of each rank, best first, that a rep without bias gives."""
    rep_spread: float
    """Factor on every difference between reps."""
    optimism_sd: float
    """Spread between reps of their bias, in readiness units."""
    weight_sd: float
    """Spread between reps of the log weight they give to readiness."""
    noise: float
    """Noise of a typical rep's reading, in readiness units."""
    noise_sd: float
    """Spread between reps of the log noise."""
    cut_sd: float
    """Spread of each rep's own cut points, in readiness units."""
    tempo_sd: float
    """Spread between reps of the log lead time."""
    patience_sd: float
    """Spread between reps of the log time to hand back."""
    timing_sd: float
    """Spread between reps of the log error in the date they state."""
    win_sd: float
    """Spread between reps of winning, and of the log amount."""
    drift_sd: float
    """Spread between reps of the change in bias per year, in readiness units."""
    team_sd: float
    """Spread between teams of the bias, in readiness units."""
    n_teams: int
    """Number of teams."""
    extreme_reps: int
    """Number of reps, first in order, whose bias is set to ±3 `optimism_sd`."""
    workload_sd: float
    """Spread between reps of the log number of prospects."""
    mix_spread: float
    """Share of a rep's segment mix that is the rep's own."""
    segment_gap: float
    """Readiness between neighbouring segments."""
    season_gap: float
    """Readiness that January to March adds."""
    readiness_skew: float
    """Skew of readiness: 0 is normal; s is a standardised exp(s · normal)."""
    needs: float
    """Mean number of needs of a prospect of readiness 0."""
    median_days: float
    """Median lead time at readiness 0, in days."""
    pull: float
    """How much a unit of readiness shortens the log lead time."""
    exit_share: float
    """Share of prospects on which a hand-back clock runs."""
    exit_days: float
    """Scale of the hand-back clock, in days."""
    win_share: float
    """Probability that an opportunity of readiness 0 is won."""
    median_amount: float
    """Median amount of a win."""


@dataclass(frozen=True, slots=True, eq=False)
class RepTraits:
    """Who the reps truly are; arrays in the order of `names`."""

    __repr__ = brief

    names: tuple[str, ...]
    """Labels of the reps."""
    teams: tuple[str, ...]
    """Team of each rep."""
    optimism: FloatArray
    """Shape (n_reps,): bias added to what is seen, in readiness units; above 0 reads too much into a prospect."""
    weight: FloatArray
    """Shape (n_reps,): what a unit of readiness adds to what is seen."""
    noise: FloatArray
    """Shape (n_reps,): sd of what is seen beyond readiness. Discrimination grows with `weight / noise`."""
    cuts: FloatArray
    """Shape (n_reps, n_ranks − 1), falling: seen above `cuts[r, 0]` is the best rank."""
    tempo: FloatArray
    """Shape (n_reps,): added to the log lead time; above 0 is slower."""
    patience: FloatArray
    """Shape (n_reps,): added to the log time to hand back; above 0 chases longer."""
    timing: FloatArray
    """Shape (n_reps,): added to the log days until the date the rep states; below 0 states it too early."""
    skill: FloatArray
    """Shape (n_reps,): raises the probability of winning an opportunity."""
    deal_size: FloatArray
    """Shape (n_reps,): added to the log amount of a win."""
    activity: FloatArray
    """Shape (n_reps,): contacts in the first day; they grow as days to the power 0.6."""
    drift: FloatArray
    """Shape (n_reps,): change of `optimism` per year, which is reached in the middle of the span."""
    mix: FloatArray
    """Shape (n_reps, n_segments): share of each segment among the rep's prospects."""
    workload: FloatArray
    """Shape (n_reps,): share of all prospects that the rep judges."""


@dataclass(frozen=True, slots=True, eq=False)
class Variates:
    """What chance decides about n prospects before it is known who judges them; arrays of length n."""

    age_days: IntArray
    """Days from the judgment to `as_of`."""
    clock: FloatArray
    """Time of day of the judgment, 0 to 1: days count the midnights passed, as differences of dates do."""
    season: FloatArray
    """Readiness added by the quarter of the judgment."""
    segment_u: FloatArray
    """Uniform that picks the segment."""
    readiness_z: FloatArray
    """Standardised readiness within segment and season."""
    seen_z: FloatArray
    """Standard normal error of the reading."""
    need_e: FloatArray
    """Standard exponential: a need arises where it is below the mean number of needs."""
    lead_z: FloatArray
    """Standard normal of the log lead time."""
    exit_u: FloatArray
    """Uniform that decides whether the hand-back clock runs."""
    exit_e: FloatArray
    """Standard exponential of the hand-back clock."""


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """What truly becomes of n prospects, as if followed for ever; arrays of length n."""

    __repr__ = brief

    segment: IntArray
    """Code of the segment."""
    readiness: FloatArray
    """Latent readiness."""
    seen: FloatArray
    """Readiness as the rep sees it, bias and noise included."""
    rank: IntArray
    """Code of the rank, 0 the best."""
    event_days: FloatArray
    """Whole days from the judgment to the event were there no exit; `inf` for never."""
    exit_days: FloatArray
    """Whole days from the judgment to the exit were there no event; `inf` for never."""

    @property
    def is_event(self) -> NDArray[np.bool_]:
        """Whether the event comes first; ties go to the event."""
        return np.isfinite(self.event_days) & (self.event_days <= self.exit_days)

    @property
    def is_exit(self) -> NDArray[np.bool_]:
        """Whether the exit comes first."""
        return self.exit_days < self.event_days


def draw_traits(rng: np.random.Generator, world: World) -> RepTraits:
    """Who are the reps? One draw of all of them."""
    n, spread = world.n_reps, world.rep_spread

    def vary(sd: float) -> FloatArray:
        return spread * sd * rng.standard_normal(n)

    team = np.arange(n) % world.n_teams
    optimism = vary(world.optimism_sd) + spread * world.team_sd * rng.standard_normal(world.n_teams)[team]
    extreme = np.arange(world.extreme_reps)
    optimism[extreme] = 3.0 * world.optimism_sd * np.where(extreme % 2 == 0, 1.0, -1.0)
    cut_noise = spread * world.cut_sd * rng.standard_normal((n, world.n_ranks - 1))
    own_mix = rng.dirichlet(np.ones(len(SEGMENTS)), size=n)
    own_share = min(1.0, spread * world.mix_spread)
    load = np.exp(world.workload_sd * rng.standard_normal(n))
    return RepTraits(
        names=tuple(
            SURNAMES[r % len(SURNAMES)] + (f" {r // len(SURNAMES) + 1}" if r >= len(SURNAMES) else "") for r in range(n)
        ),
        teams=tuple(TEAMS[t] if t < len(TEAMS) else f"Team {t + 1}" for t in team),
        optimism=optimism,
        weight=np.exp(vary(world.weight_sd)),
        noise=world.noise * np.exp(vary(world.noise_sd)),
        cuts=-np.sort(-(common_cuts(world) + cut_noise), axis=1),
        tempo=vary(world.tempo_sd),
        patience=vary(world.patience_sd),
        timing=vary(world.timing_sd),
        skill=vary(world.win_sd),
        deal_size=vary(world.win_sd),
        activity=0.35 * np.exp(vary(0.3)),
        drift=vary(world.drift_sd),
        mix=(1.0 - own_share) * SEGMENT_SHARES + own_share * own_mix,
        workload=load / load.sum(),
    )


def common_cuts(world: World) -> FloatArray:
    """Where does a rep without bias cut? Falling cut points that give about `rank_shares`, shape (n_ranks − 1,)."""
    centre = world.segment_gap * float(SEGMENT_SHARES @ SEGMENT_STEPS)
    segment_var = world.segment_gap**2 * float(SEGMENT_SHARES @ SEGMENT_STEPS**2) - centre**2
    seen = NormalDist(centre, (1.0 + segment_var + world.noise**2) ** 0.5)
    below = 1.0 - np.cumsum(world.rank_shares)[:-1]
    return np.array([seen.inv_cdf(float(p)) for p in below])


def draw_variates(rng: np.random.Generator, world: World, n: int) -> Variates:
    """What does chance decide about n prospects? Oldest judgment first."""
    first, last = world.min_age_days, world.min_age_days + world.span_days
    age = np.sort(rng.integers(first, last, size=n))[::-1].copy()
    month = (world.as_of - age.astype("timedelta64[D]")).astype("datetime64[M]").astype(np.int64)
    z = rng.standard_normal(n)
    skew = world.readiness_skew
    if skew > 0.0:
        growth = np.exp(skew**2)
        z = (np.exp(skew * z) - growth**0.5) / (growth * (growth - 1.0)) ** 0.5
    return Variates(
        age_days=age,
        clock=rng.random(n),
        season=world.season_gap * SEASON_STEPS[month % 12 // 3],
        segment_u=rng.random(n),
        readiness_z=z,
        seen_z=rng.standard_normal(n),
        need_e=rng.standard_exponential(n),
        lead_z=rng.standard_normal(n),
        exit_u=rng.random(n),
        exit_e=rng.standard_exponential(n),
    )


def live(world: World, traits: RepTraits, rep: IntArray | int, chance: Variates) -> Lives:
    """What does each rep see and say, and what truly happens? `rep` is one code per prospect, or one code for all."""
    edges = np.cumsum(traits.mix, axis=1)
    segment = np.zeros(len(chance.age_days), dtype=np.int64)
    for s in range(len(SEGMENTS) - 1):
        segment += chance.segment_u > edges[rep, s]
    readiness = world.segment_gap * SEGMENT_STEPS[segment] + chance.season + chance.readiness_z

    middle_age = world.min_age_days + world.span_days / 2.0
    bias = traits.optimism[rep] + traits.drift[rep] * (middle_age - chance.age_days) / DAYS_PER_YEAR
    seen = bias + traits.weight[rep] * readiness + traits.noise[rep] * chance.seen_z
    rank = np.zeros_like(segment)
    for k in range(world.n_ranks - 1):
        rank += seen <= traits.cuts[rep, k]

    has_need = chance.need_e < world.needs * np.exp(NEED_PULL * readiness)
    lead = world.median_days * np.exp(DAYS_SD * chance.lead_z - world.pull * readiness + traits.tempo[rep])
    kept = world.exit_days * chance.exit_e ** (1.0 / EXIT_SHAPE) * np.exp(EXIT_PULL * readiness + traits.patience[rep])
    return Lives(
        segment=segment,
        readiness=readiness,
        seen=seen,
        rank=rank,
        event_days=np.where(has_need, np.floor(chance.clock + lead), np.inf),
        exit_days=np.where(chance.exit_u < world.exit_share, np.floor(chance.clock + kept), np.inf),
    )
