"""Worlds for the study of what is said: reps whose reading, prospects, days and endings are known, and no model's own.

A prospect has a quality; the event comes with a probability logistic in it, after log-normal days, unless an exit comes
before. A rep sees the quality with noise and compares it with cuts. Kinds of worlds bend this in one way each.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtr

import calibra as cb

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

RANKS = ("A", "B", "C", "D")
DAYS = 90
PROMISES = {"A": 0.55, "B": 0.38, "C": 0.20}
SCALE = cb.RankScale(list(RANKS), {rank: cb.Promise(share, within_days=DAYS) for rank, share in PROMISES.items()})
AS_OF = pd.Timestamp("2026-09-30")
KINDS = (
    "plain",
    "alike",
    "skewed",
    "two types",
    "heavy tails",
    "two camps",
    "changed world",
    "poor territory",
    "lazy exits",
    "early exits",
    "shared accounts",
    "heaps",
    "late joiners",
    "half a year",
)
"""The kinds of worlds."""
N_REPS, LONGEST, N_CENSUS = 10, 600, 30_000
LEVEL, WEIGHT = -1.1, 1.4
"""Log-odds of an event at average quality, and per standard deviation of quality."""
CUTS = np.array([1.25, 0.30, -0.50])
"""Cuts of an average rep on what is seen, best rank first."""
RECENT, FELL = 270, 0.9
"""In a changed world the log-odds of the last so many days lie so much lower."""
LAST_DAY = 2_000
"""Days beyond which nothing is followed."""


@dataclass(frozen=True, slots=True)
class Reps:
    """How reps read, whom they meet, and what becomes of it; arrays (rep,)."""

    shift: Floats
    """Added to what is seen: above 0 a rep uses good ranks early."""
    noise: Floats
    """Standard deviation of what is seen beside what is."""
    sign: Floats
    """-1 where the ranks stand upside down."""
    offset: Floats
    """Added to the log-odds of the rep's prospects: the territory."""
    tempo: Floats
    """Factor on the days to the event."""
    exit_rate: Floats
    """Exits a day of what is open."""
    n: Ints
    """Judgments."""
    oldest: Ints
    """Days since the first judgment."""
    quality: str = "normal"
    """Shape of the quality: normal, skewed, two types."""
    account_sd: float = 0.0
    """Standard deviation of what the judgments of one account share, in log-odds."""
    per_account: int = 1
    """Judgments of one account."""
    hands_back: frozenset[int] = field(default_factory=frozenset)
    """Reps who give everything back early."""
    heaped: bool = False
    """Whether events are entered at month's ends alone."""
    fell: float = 0.0
    """How far the log-odds of the last days lie lower."""


def draw_reps(kind: str, rng: np.random.Generator) -> Reps:
    """Ten reps of a kind of world; now and then one is blind, upside down or clear-sighted."""
    reps = Reps(
        shift=rng.normal(0.0, 0.3, N_REPS),
        noise=np.exp(rng.normal(np.log(0.75), 0.2, N_REPS)),
        sign=np.ones(N_REPS),
        offset=rng.normal(0.0, 0.15, N_REPS),
        tempo=np.exp(rng.normal(0.0, 0.2, N_REPS)),
        exit_rate=0.003 * np.exp(rng.normal(0.0, 0.25, N_REPS)),
        n=np.clip(np.exp(rng.normal(np.log(140.0), 0.5, N_REPS)), 40, 400).astype(int),
        oldest=np.full(N_REPS, LONGEST),
    )
    if kind == "alike":
        return replace(_same_reading(reps), tempo=np.ones(N_REPS), exit_rate=np.full(N_REPS, 0.003))
    odd = rng.random(N_REPS)
    reps.sign[odd < 0.04] = -1.0
    reps.noise[(odd >= 0.04) & (odd < 0.10)] = 8.0
    reps.noise[odd > 0.9] = 0.25
    return _bend(kind, reps, rng)


def _same_reading(reps: Reps) -> Reps:
    """Reps who draw the same lines, see as well, and meet the same prospects."""
    none, same = np.zeros(N_REPS), np.full(N_REPS, 0.75)
    return replace(reps, shift=none, noise=same, offset=none, sign=np.ones(N_REPS))


def _bend(kind: str, reps: Reps, rng: np.random.Generator) -> Reps:
    """What is special of a kind of world."""
    few = np.arange(N_REPS) < 2
    if kind in ("skewed", "two types"):
        return replace(reps, quality=kind)
    if kind == "heavy tails":
        return replace(reps, shift=0.25 * rng.standard_t(2, N_REPS), offset=0.12 * rng.standard_t(2, N_REPS))
    if kind == "two camps":
        return replace(reps, shift=np.where(np.arange(N_REPS) < 5, 0.6, -0.6) + rng.normal(0.0, 0.1, N_REPS))
    if kind == "changed world":
        return replace(_same_reading(reps), fell=FELL, oldest=np.where(few, RECENT, LONGEST))
    if kind == "poor territory":
        return replace(reps, offset=np.where(few, -0.9, 0.0))
    if kind == "lazy exits":
        return replace(reps, exit_rate=np.where(few, reps.exit_rate / 6.0, reps.exit_rate))
    if kind == "early exits":
        return replace(reps, hands_back=frozenset((0, 1)))
    if kind == "shared accounts":
        return replace(reps, account_sd=1.2, per_account=5)
    if kind == "heaps":
        return replace(reps, heaped=True)
    if kind == "late joiners":
        return replace(reps, oldest=np.where(np.arange(N_REPS) < 3, rng.integers(130, 220, N_REPS), LONGEST))
    if kind == "half a year":
        return replace(reps, oldest=np.full(N_REPS, 183))
    return reps


@dataclass(frozen=True, slots=True)
class Seen:
    """Prospects of one rep, strongest as the rep sees them first."""

    seen: Floats
    """What the rep sees."""
    rank: Ints
    """Index of the rank given."""
    comes: Floats
    """Probability that the event ever comes, exits apart."""


def quality_of(kind: str, rng: np.random.Generator, n: int) -> Floats:
    """Qualities with mean 0 and standard deviation 1."""
    if kind == "skewed":
        return np.asarray((rng.gamma(0.83, 1.0, n) - 0.83) / np.sqrt(0.83))
    if kind == "two types":
        return np.asarray((np.where(rng.random(n) < 0.15, 1.9, -0.335) + rng.normal(0.0, 0.5, n)) / 0.95)
    return rng.standard_normal(n)


def look(
    reps: Reps, rep: int, rng: np.random.Generator, n: int, *, fallen: NDArray[np.bool_] | None = None
) -> tuple[Floats, Floats, Ints]:
    """What a rep sees of so many prospects, the probability of each, and the rank given; in any order."""
    quality = quality_of(reps.quality, rng, n)
    seen = reps.sign[rep] * (quality + reps.noise[rep] * rng.standard_normal(n)) + reps.shift[rep]
    shared = np.repeat(rng.normal(0.0, 1.0, n // reps.per_account + 1), reps.per_account)[:n]
    fell = 0.0 if fallen is None else reps.fell * fallen
    comes = expit(LEVEL + reps.offset[rep] + WEIGHT * quality + reps.account_sd * shared - fell)
    return seen, comes, (seen[:, None] <= CUTS).sum(axis=1)


def days_of(reps: Reps, rep: int) -> tuple[Floats, Floats]:
    """Law of the days: chance that the event, where it comes, falls on day 1, 2, …; that no exit came before that day.

    An exit of the same day leaves the event standing.
    """
    day = np.arange(LAST_DAY + 1)
    by = ndtr(np.log(np.maximum(day, 1e-9) / (30.0 * reps.tempo[rep])) / 0.8)
    on = np.diff(by)
    if reps.heaped:
        month = 30 * np.ceil(day[1:] / 30).astype(int)
        on = np.bincount(np.minimum(month, LAST_DAY), on, LAST_DAY + 1)[1:]
    still = np.exp(-reps.exit_rate[rep] * (day[1:] - 1.0))
    if rep in reps.hands_back:
        still = still * np.clip((60.0 - (day[1:] - 1.0)) / 40.0, 0.0, 1.0)
    return on, still


@dataclass(frozen=True, slots=True)
class World:
    """One world: what is known of it, and what an organisation would have counted."""

    kind: str
    """Which kind."""
    reps: Reps
    """How they read."""
    names: tuple[str, ...]
    """Labels of the reps."""
    census: tuple[Seen, ...]
    """Many prospects of each rep, strongest first."""
    judgments: cb.Judgments
    """What was counted."""
    coming: int
    """Events that do come within the next 90 days of what is open."""


def draw_world(kind: str, seed: int) -> World:
    """A world of a kind."""
    rng = np.random.default_rng([20261201, KINDS.index(kind), seed])
    reps = draw_reps(kind, rng)
    frames, coming = [], 0
    names = tuple(f"Rep {rep:02d}" for rep in range(N_REPS))
    for rep in range(N_REPS):
        frame, more = _rows(reps, rep, rng)
        frames.append(
            frame.assign(rep=names[rep], prospect=[f"{rep}-{i // reps.per_account}" for i in range(len(frame))])
        )
        coming += more
    columns = {name: name for name in ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at")}
    judgments = cb.Judgments.from_frame(
        pd.concat(frames, ignore_index=True),
        scale=SCALE,
        as_of=AS_OF.date(),
        columns=columns,
        check_duplicates=reps.per_account == 1,
    )
    census = tuple(_census(reps, rep, rng) for rep in range(N_REPS))
    return World(kind, reps, names, census, judgments, coming)


def _rows(reps: Reps, rep: int, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Judgments of a rep as known today, and how many events of the open ones fall within the next 90 days."""
    n = int(reps.n[rep])
    age = rng.integers(1, reps.oldest[rep] + 1, n)
    _, comes, rank = look(reps, rep, rng, n, fallen=age < RECENT)
    on, still = days_of(reps, rep)
    by = np.cumsum(on)
    u = rng.random(n)
    event = np.where(rng.random(n) < comes, np.searchsorted(by, u) + 1, LAST_DAY + 1)
    exit_day = np.searchsorted(-still, -rng.random(n), side="right")  # P(exit on day t or later) = still[t - 1]
    exit_day = np.where(exit_day < len(still), exit_day, LAST_DAY + 1)
    event = np.where(event <= exit_day, event, LAST_DAY + 1)
    exit_day = np.where(event <= exit_day, LAST_DAY + 1, exit_day)
    judged = AS_OF - pd.to_timedelta(age, unit="D")
    frame = pd.DataFrame({"rank": np.array(RANKS)[rank], "judged_at": judged})
    for name, day in (("event_at", event), ("exit_at", exit_day)):
        frame[name] = (judged + pd.to_timedelta(np.minimum(day, LAST_DAY), unit="D")).where(day <= age)
    opened = (event > age) & (exit_day > age)
    return frame, int((opened & (event <= age + DAYS)).sum())


def _census(reps: Reps, rep: int, rng: np.random.Generator) -> Seen:
    """Many prospects of a rep: of a world that changed, as many of each time as everybody's mature judgments are."""
    age = rng.integers(DAYS, LONGEST + 1, N_CENSUS)
    seen, comes, rank = look(reps, rep, rng, N_CENSUS, fallen=age < RECENT)
    order = np.argsort(-seen, kind="stable")
    return Seen(seen[order], rank[order], comes[order])
