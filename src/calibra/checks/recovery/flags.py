"""What the library utters of reps: how often of reps who are alike, and how often of reps who truly differ?

Worlds are of a typical organisation on a design of your own: one pool of prospects, ranks by a cut signal, lead times
with constant hazards. In a false-flag study all reps are the same rep; in a power study a quarter of the reps lie so
far to one side, a quarter as far to the other, and half are in line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.design import Design
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.ranks.worlds import rank_frame
from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.chapters.thresholds.style import ABOVE, BELOW, STARTS_HIGHER, STARTS_LOWER, describe_styles
from calibra.chapters.thresholds.worlds import signal_counts, threshold_frame
from calibra.checks.recovery.rows import Row, answered, cluster_mean, load_rows, run_worlds
from calibra.checks.recovery.typical import (
    later_by,
    lead_time_fit,
    points_lower,
    promises_kept,
    share_higher,
    typical_pool,
    typical_probabilities,
)
from calibra.errors import InputError
from calibra.inference.engines import sample_posterior
from calibra.reading.flags import FLAG_PROB
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Gap = Literal["outcomes", "shares", "lead times"]
"""What reps differ in: P(event) at the same ranks; the share of the best rank; median lead time."""

STATED_RATE = 1.0 - FLAG_PROB
"""Highest share of utterances about reps who are alike that the flags' probability allows."""
UTTERANCES = (
    "profile: below the others",
    "profile: above the others",
    "tempo: slower than all reps",
    "tempo: faster than all reps",
    "verdict: tighten (to all reps)",
    "verdict: loosen (to all reps)",
    "verdict: tighten (promise kept)",
    "verdict: loosen (promise kept)",
    "style: starts lower",
    "style: starts higher",
    "style: below, reading or territory",
    "style: above, reading or territory",
)
"""Everything that is said of a rep, or of a rep's boundary, as a deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class FalseFlags:
    """How often something is said of reps who are alike, one entry per utterance."""

    __repr__ = brief

    utterances: tuple[str, ...]
    """What is said."""
    rate: Floats
    """Share of the reps (verdicts: of their boundaries) of whom it is said."""
    standard_error: Floats
    """Its standard error, worlds as clusters."""
    largest: Floats
    """Largest share in one world."""
    n_reps: int
    """Reps per world."""
    judgments_per_rep: float
    """Mean judgments of a rep."""
    n_worlds: int
    """Worlds."""
    stated_rate: float = STATED_RATE
    """Rate that the flags' probability states."""

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Whether the rate is at most the one stated."""
        return np.asarray(self.rate <= self.stated_rate)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per utterance."""
        n = len(self.utterances)
        return make_table(
            {
                "utterance": list(self.utterances),
                "rate": self.rate,
                "standard_error": self.standard_error,
                "largest_in_a_world": self.largest,
                "stated_rate": [self.stated_rate] * n,
                "holds": self.holds,
                "judgments_per_rep": [self.judgments_per_rep] * n,
                "n_reps": [self.n_reps] * n,
                "n_worlds": [self.n_worlds] * n,
            }
        )

    def __str__(self) -> str:
        """In words."""
        worst = int(np.argmax(self.rate))
        return (
            f"{self.n_worlds} worlds of {self.n_reps} reps who are alike, {self.judgments_per_rep:g} judgments each: "
            f"most often said: {self.utterances[worst]!r}, of {100.0 * self.rate[worst]:.2f} % "
            f"(stated: at most {100.0 * self.stated_rate:.0f} %)."
        )


def false_flag_study(
    *, design: Design, n_worlds: int, seed: int, draws: int = 400, cache: Path | None = None
) -> FalseFlags:
    """How often is something said of reps who are alike, with reps and counts like yours?

    Parameters
    ----------
    design : Design
        Reps, ranks and numbers of judgments; `Design.of(judgments)` for your own.
    n_worlds, seed : int
        World i is drawn from (seed, i); engine laplace.
    cache : Path, optional
        File to keep the worlds in.
    """
    rows = run_worlds(lambda i: _said_of_identical(design, seed, i, draws), n_worlds=n_worlds, cache=cache)
    return gather_flags(design, rows)


def gather_flags(design: Design, rows: Sequence[Row]) -> FalseFlags:
    """The study of rows kept."""
    known = answered(rows)
    found = [cluster_mean(known, name) for name in UTTERANCES]
    return FalseFlags(
        UTTERANCES,
        np.array([mean for mean, _ in found]),
        np.array([error for _, error in found]),
        np.array([max(row[name] for row in known) for name in UTTERANCES]),
        len(design.n),
        float(design.n.sum(axis=1).mean()),
        len(known),
    )


def _said_of_identical(design: Design, seed: int, index: int, draws: int) -> Row:
    rng = np.random.default_rng([seed, index])
    pool = typical_pool(design)
    n_reps = len(design.n)
    n, events = signal_counts(
        rng,
        design.n.sum(axis=1),
        np.full(n_reps, pool.base_rate),
        np.full(n_reps, pool.discrimination),
        np.tile(pool.cutpoints, (n_reps, 1)),
    )
    kept = replace(design, scale=promises_kept(design, pool))
    own = seed * 100_000 + index
    rank, threshold = fit_rank(kept, n, events, own, draws), fit_threshold(kept, n, events, own, draws)
    tempo = lead_time_fit(design, rng, np.zeros(n_reps), seed=own, draws=draws).tempo()["finding"].to_numpy()
    finding = rank.profiles()["finding"].to_numpy()
    style = describe_styles(threshold, rank).style
    to_all, to_promise = (
        recommend_thresholds(threshold, target=aim).columns["verdict"] for aim in ("all reps", "promise")
    )
    said = {
        "below the others": finding,
        "above the others": finding,
        "slower than all reps": tempo,
        "faster than all reps": tempo,
    }
    shares = [np.mean(words == word) for word, words in said.items()]
    shares += [np.mean(words == word) for words in (to_all, to_promise) for word in (TIGHTEN, LOOSEN)]
    shares += [np.mean(style == word) for word in (STARTS_LOWER, STARTS_HIGHER, BELOW, ABOVE)]
    return dict(zip(UTTERANCES, map(float, shares), strict=True))


def fit_rank(design: Design, n: Ints, events: Ints, seed: int, draws: int) -> RankFit:
    """The rank model of these counts by laplace."""
    frame = rank_frame(RankModel(), replace(design, n=n), events)
    posterior = sample_posterior(frame.declaration, seed=seed, engine="laplace", draws=draws, progress=False)
    return replace(frame, posterior=posterior)


def fit_threshold(design: Design, n: Ints, events: Ints, seed: int, draws: int) -> ThresholdFit:
    """The threshold model of these counts by laplace."""
    frame = threshold_frame(ThresholdModel(), design, n, events)
    posterior = sample_posterior(frame.declaration, seed=seed, engine="laplace", draws=draws, progress=False)
    return replace(frame, posterior=posterior)


# power ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class PowerStudy:
    """The share of truly different reps found, one entry per gap and number of judgments."""

    __repr__ = brief

    kind: str
    """What reps differ in."""
    gap: Floats
    """How far a rep lies from all reps, in points or per cent."""
    n: Ints
    """Judgments per rep."""
    found: Floats
    """Share of the different reps of whom the right thing is said."""
    standard_error: Floats
    """Its standard error, worlds as clusters."""
    wrong_side: Floats
    """Share of the different reps of whom the opposite is said."""
    in_line_flagged: Floats
    """Share of the reps in line of whom either is said."""
    n_reps: int
    """Reps per world."""
    n_worlds: int
    """Worlds per entry."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per gap and number of judgments."""
        n = len(self.gap)
        return make_table(
            {
                "differs_in": [self.kind] * n,
                "gap": self.gap,
                "judgments_per_rep": self.n,
                "found": self.found,
                "standard_error": self.standard_error,
                "wrong_side": self.wrong_side,
                "in_line_flagged": self.in_line_flagged,
                "n_reps": [self.n_reps] * n,
                "n_worlds": [self.n_worlds] * n,
            }
        )

    def judgments_until_found(self, *, power: float = 0.8) -> dict[float, float]:
        """Gap to about how many judgments per rep it takes until such a rep is found so often; inf beyond the grid.

        Linear in log n between the numbers of judgments that were run.
        """
        needed: dict[float, float] = {}
        for gap in np.unique(self.gap):
            chosen = self.gap == gap
            n, found = np.log(self.n[chosen]), np.maximum.accumulate(self.found[chosen])
            reached = np.flatnonzero(found >= power)
            if not reached.size:
                needed[float(gap)] = float("inf")
                continue
            i = int(reached[0])
            at = n[i] if i == 0 else np.interp(power, found[i - 1 : i + 1], n[i - 1 : i + 1])
            needed[float(gap)] = float(np.exp(at))
        return needed

    def __str__(self) -> str:
        """In words."""
        each = "; ".join(
            f"{gap:g}: " + (f"about {n:.0f}" if np.isfinite(n) else f"more than {self.n.max()}")
            for gap, n in self.judgments_until_found().items()
        )
        return f"Reps who differ in {self.kind}; judgments until four in five of them are found, by gap: {each}."


def power_study(
    *,
    design: Design,
    kind: Gap,
    gaps: Sequence[float],
    n_per_rep: Sequence[int],
    n_worlds: int,
    seed: int,
    draws: int = 400,
    cache: Path | None = None,
) -> PowerStudy:
    """A rep who lies so far off: how often is that seen, and with how many judgments?

    Parameters
    ----------
    design : Design
        Reps and ranks; each rep's judgments are scaled to the numbers asked for.
    kind : {"outcomes", "shares", "lead times"}
        Outcomes so many points below or above all reps' at the same ranks (found: `profiles` says so); the best rank
        used for so many points more or fewer of the prospects (found: the verdict on its threshold, to all reps' bars);
        median lead time so many per cent longer or shorter (found: `tempo` says so).
    gaps, n_per_rep : sequence
        The grid.
    cache : Path, optional
        Folder to keep the worlds in.
    """
    if kind not in ("outcomes", "shares", "lead times"):
        raise InputError(f"`kind` must be 'outcomes', 'shares' or 'lead times'; got {kind!r}.")
    rows: dict[tuple[float, int], Sequence[Row]] = {}
    for gap in gaps:
        for n in n_per_rep:
            rows[gap, n] = run_worlds(
                lambda i, gap=gap, n=n: _found(_scaled(design, n), kind, gap, seed, i, draws),  # type: ignore[misc]
                n_worlds=n_worlds,
                cache=None if cache is None else power_file(cache, kind, gap, n, seed),
            )
    return _power_of(rows, kind, len(design.n))


def gather_power(
    folder: Path, design: Design, kind: Gap, gaps: Sequence[float], n_per_rep: Sequence[int], *, seed: int
) -> PowerStudy | None:
    """The study of what has been kept; None where nothing has."""
    kept = {(gap, n): load_rows(power_file(folder, kind, gap, n, seed)) for gap in gaps for n in n_per_rep}
    rows = {key: found for key, found in kept.items() if found}
    return _power_of(rows, kind, len(design.n)) if rows else None


def power_file(folder: Path, kind: Gap, gap: float, n: int, seed: int) -> Path:
    """Where the worlds of one gap and number of judgments are kept."""
    return folder / f"power_{kind.replace(' ', '_')}_{gap:g}_{n}_{seed}.npz"


def _power_of(rows: Mapping[tuple[float, int], Sequence[Row]], kind: Gap, n_reps: int) -> PowerStudy:
    lines: list[tuple[float, ...]] = []
    for (gap, n), found in rows.items():
        known = answered(found)
        (hit, error), (wrong, _), (in_line, _) = (cluster_mean(known, name) for name in ("found", "wrong", "in line"))
        lines.append((gap, n, hit, error, wrong, in_line))
    gap_, n_, found_, error_, wrong_, in_line_ = (np.array(column, dtype=float) for column in zip(*lines, strict=True))
    fewest = min(len(found) for found in rows.values())
    return PowerStudy(kind, gap_, n_.astype(np.int64), found_, error_, wrong_, in_line_, n_reps, fewest)


def _scaled(design: Design, n: int) -> Design:
    """The same reps and ranks with about so many judgments a rep."""
    share = design.n.sum(axis=0) / design.n.sum()
    each = np.maximum(np.round(share * n).astype(np.int64), 1)
    return replace(design, n=np.tile(each, (len(design.n), 1)))


def _found(design: Design, kind: Gap, gap: float, seed: int, index: int, draws: int) -> Row:
    rng = np.random.default_rng([seed, index])
    side = np.zeros(len(design.n))
    quarter = max(1, len(side) // 4)
    side[:quarter], side[quarter : 2 * quarter] = 1.0, -1.0
    low, high = _say(design, kind, gap * side, rng, seed * 100_000 + index, draws)
    right = np.where(side > 0, low, high)[side != 0]
    wrong = np.where(side > 0, high, low)[side != 0]
    return {
        "found": float(right.mean()),
        "wrong": float(wrong.mean()),
        "in line": float((low | high)[side == 0].mean()),
    }


def _say(
    design: Design, kind: Gap, gaps: Floats, rng: np.random.Generator, seed: int, draws: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of whom it is said that the gap is positive, and of whom negative."""
    if kind == "outcomes":
        prob = points_lower(typical_probabilities(design), design.n.sum(axis=0), gaps)
        words = fit_rank(design, design.n, rng.binomial(design.n, prob), seed, draws).profiles()["finding"].to_numpy()
        return words == "below the others", words == "above the others"
    if kind == "lead times":
        fit: LeadTimeFit = lead_time_fit(design, rng, later_by(design, gaps), seed=seed, draws=draws)
        words = fit.tempo()["finding"].to_numpy()
        return words == "slower than all reps", words == "faster than all reps"
    pool = typical_pool(design)
    n_reps = len(design.n)
    cuts = share_higher(pool, gaps)
    n, events = signal_counts(
        rng, design.n.sum(axis=1), np.full(n_reps, pool.base_rate), np.full(n_reps, pool.discrimination), cuts
    )
    advice = recommend_thresholds(fit_threshold(design, n, events, seed, draws), target="all reps").columns
    words = advice["verdict"][advice["rank"] == design.scale.ranks[0]]
    return words == TIGHTEN, words == LOOSEN
