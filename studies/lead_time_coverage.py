"""Do the lead-time model's intervals hold the truth as often as they say?

Run it by `python -m studies.lead_time_coverage`.

Worlds are drawn from the model's own priors: hazards of events and exits, differences between ranks and reps, scales
included. Times are drawn exactly, judgments fall evenly on the clock of a day, and 40 % of them are younger than the
promise. In the worlds with left truncation the export begins late: of the judgments made before, only those still
open then are in it. They are fitted twice: with `entered_at`, and as if it were not known.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.baseline import bend_columns, trend_columns
from calibra.chapters.lead_times.cells import interval_clock, rank_contrasts
from calibra.chapters.lead_times.curves import incidence
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel, LeadTimePriors, step_widths
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import FitError, NotEnoughDataError
from calibra.inference.declare.priors import Normal
from calibra.reading.cells import residual_basis
from calibra.tables import make_table
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

PROMISE_DAYS, EDGES = 90, (15, 45, 90)
PRIORS = LeadTimePriors(first_hazard=Normal(-5.0, 0.7))
"""The library's priors, but for a first hazard that leaves every world with some events and somebody to follow."""
SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.6, within_days=PROMISE_DAYS)})
N_REPS, FEWEST, MOST = 8, 5, 40
"""Reps, and how many judgments each makes per rank."""
YOUNG, OLDEST_DAYS, SEEN_SINCE_DAYS = 0.4, 240, 60
"""Share of judgments younger than the promise, age of the oldest, and age of the export where it begins late."""
AS_OF = np.datetime64("2026-09-30")


@dataclass(frozen=True, slots=True)
class PriorWorld:
    """Hazards drawn from the priors, per ending (rep, rank, interval)."""

    event: Floats
    """Event hazard per day."""
    exit: Floats
    """Exit hazard per day."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the intervals held the truth."""

    kind: str
    """What was fitted: complete, late entry handled, late entry ignored."""
    n_worlds: int
    """Worlds."""
    n_failed: int
    """Worlds left out because the engine gave no answer."""
    n_not_yet: int
    """Worlds left out because nobody was followed to the promise."""
    coverage: float
    """Share of rep × rank incidences at the promise inside their interval."""
    coverage_error: float
    """Monte Carlo standard error, worlds as units."""
    all_reps: float
    """The same of the rows of all reps."""
    bias: float
    """Mean of estimate minus truth, in percentage points."""
    chi_square_ratio: float
    """Sum over worlds of X² on rep × rank and rank × interval cells, over that of its degrees of freedom."""
    n_doubtful: int
    """Fits whose diagnostics had a problem."""


def draw_world(rng: np.random.Generator, scores: Floats) -> PriorWorld:
    """Hazards of both endings from the priors of the study."""
    hazards = []
    bounds = np.concatenate([[0.0], np.array(EDGES) + 0.5])
    clock = interval_clock(bounds)
    widths, basis = np.sqrt(step_widths(bounds)), rank_contrasts(len(SCALE.ranks))
    for _ in ("event", "exit"):
        steps = PRIORS.step.sample(rng) * widths * rng.standard_normal(len(widths))
        walk = np.cumsum(np.concatenate([[rng.normal(PRIORS.first_hazard.mean, PRIORS.first_hazard.sd)], steps]))
        trend = trend_columns(clock)
        walk = walk + trend.design @ rng.normal(PRIORS.trend.mean, PRIORS.trend.sd, len(trend.labels))
        rank, late = (
            basis @ rng.normal(prior.mean, prior.sd, basis.shape[1]) for prior in (PRIORS.rank, PRIORS.rank_tempo)
        )
        level, slope, tempo = (
            float(prior.sample(rng)) * rng.standard_normal(N_REPS)
            for prior in (PRIORS.level, PRIORS.slope, PRIORS.tempo)
        )
        bends = bend_columns(clock)
        bent = bends.design @ rng.normal(PRIORS.rank_bend.mean, PRIORS.rank_bend.sd, len(bends.labels))
        common = walk + rank[:, None] + late[:, None] * clock + scores[:, None] * bent
        residual = float(PRIORS.residual.sample(rng)) * rng.standard_normal((N_REPS, len(scores) - 2))
        own = level[:, None, None] + slope[:, None, None] * scores[:, None] + tempo[:, None, None] * clock
        own = own + (residual @ residual_basis(scores).T)[:, :, None]
        hazards.append(np.exp(common + own))
    return PriorWorld(*hazards)


def draw_times(rng: np.random.Generator, world: PriorWorld, rep: Ints, rank: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Days from the judgment to its end, and whether that is an event; the last hazards go on for ever."""
    event, total = world.event[rep, rank], (world.event + world.exit)[rep, rank]
    bounds = np.concatenate([[0.0], np.array(EDGES[:-1]) + 0.5])
    begun = np.concatenate([np.zeros((len(rep), 1)), np.cumsum(total[:, :-1] * np.diff(bounds), axis=1)], axis=1)
    target = rng.standard_exponential(len(rep))
    place = (begun <= target[:, None]).sum(axis=1) - 1
    row = np.arange(len(rep))
    days = bounds[place] + (target - begun[row, place]) / total[row, place]
    return days, rng.random(len(rep)) < event[row, place] / total[row, place]


def make_judgments(rng: np.random.Generator, world: PriorWorld, n: Ints, *, late: bool, told: bool) -> Judgments:
    """Judgments of a world as the export holds them.

    Parameters
    ----------
    n
        Judgments per rep and rank, (rep, rank), before the export leaves any out.
    late, told
        Whether the export begins late, and whether `entered_at` says so.
    """
    rep, rank = (np.repeat(codes.ravel(), n.ravel()) for codes in np.indices(n.shape))
    young = rng.random(len(rep)) < YOUNG
    age = np.where(young, rng.integers(1, PROMISE_DAYS, len(rep)), rng.integers(PROMISE_DAYS, OLDEST_DAYS, len(rep)))
    times, is_event = draw_times(rng, world, rep, rank)
    days = np.floor(rng.random(len(rep)) + times)
    known = days <= age
    judged = AS_OF - age.astype("timedelta64[D]")
    ended = judged + np.where(known, days, 0).astype("timedelta64[D]")
    nothing = np.datetime64("NaT", "D")
    entered = AS_OF - np.timedelta64(SEEN_SINCE_DAYS, "D")
    kept = (judged >= entered) | (days > age - SEEN_SINCE_DAYS) if late else np.ones(len(rep), dtype=bool)
    columns = {
        "prospect": np.arange(len(rep)),
        "rep": np.array([f"rep {i:02d}" for i in range(len(n))])[rep],
        "rank": np.array(SCALE.ranks)[rank],
        "judged_at": judged.astype("datetime64[us]"),
        "event_at": np.where(known & is_event, ended, nothing).astype("datetime64[us]"),
        "exit_at": np.where(known & ~is_event, ended, nothing).astype("datetime64[us]"),
    }
    if told:
        columns["entered_at"] = np.where(judged < entered, entered, nothing).astype("datetime64[us]")
    frame = make_table({name: values[kept] for name, values in columns.items()})
    return Judgments.from_frame(
        frame, scale=SCALE, as_of=AS_OF, columns={name: name for name in columns}, check_duplicates=False
    )


def study_coverage(*, n_worlds: int, seed: int, late: bool, told: bool, draws: int = 1000) -> Coverage:
    """Fit so many worlds from the priors, and count how often the intervals hold the truth."""
    model = LeadTimeModel(interval_edges_days=EDGES, priors=PRIORS)
    inside, together, bias, chi, not_yet, doubtful = [], [], [], np.zeros(2), 0, 0
    failed = 0
    for number in range(n_worlds):
        rng = np.random.default_rng([seed, number])
        n = rng.integers(FEWEST, MOST + 1, (N_REPS, len(SCALE.ranks)))
        world = draw_world(rng, SCALE.scores(n.sum(axis=0)).values)
        judgments = make_judgments(rng, world, n, late=late, told=told)
        try:
            fit = model.fit(judgments, seed=seed + number, engine="laplace", draws=draws, progress=False)
        except NotEnoughDataError:
            not_yet += 1
            continue
        except (FitError, np.linalg.LinAlgError):
            failed += 1
            continue
        doubtful += not fit.diagnostics.ok
        truth = incidence(world.event, world.exit, fit.cells.bounds, fit.cells.bounds[-1:]).event[..., 0]
        table = fit.probability_within(PROMISE_DAYS)
        weight = fit.n / np.maximum(fit.n.sum(axis=0), 1.0)
        true = np.concatenate([(weight * truth).sum(axis=0)[None], truth]).ravel()
        held = ((table.lower <= true) & (true <= table.upper)).to_numpy()
        together.append(held[: truth.shape[1]].mean())
        inside.append(held[truth.shape[1] :].mean())
        bias.append(100.0 * (table.estimate.to_numpy() - true)[truth.shape[1] :].mean())
        chi += chi_squares(fit)
    kind = ("late entry handled" if told else "late entry ignored") if late else "complete"
    error = float(np.std(inside) / np.sqrt(len(inside)))
    return Coverage(
        kind,
        n_worlds,
        failed,
        not_yet,
        float(np.mean(inside)),
        error,
        float(np.mean(together)),
        float(np.mean(bias)),
        float(chi[0] / chi[1]),
        doubtful,
    )


def chi_squares(fit: LeadTimeFit) -> Floats:
    """Sum of X² and of its degrees of freedom over the endings and the two-way tables of ranks."""
    tests = fit.check().tests
    chosen = np.isin(tests["grouping"], ["rep × rank", "rank × interval"])
    return np.array([tests["chi_square"][chosen].sum(), tests["df"][chosen].sum()])


def main() -> None:
    """Run everything and write the page."""
    rows = [
        study_coverage(n_worlds=60, seed=1, late=False, told=False),
        study_coverage(n_worlds=40, seed=2, late=True, told=True),
        study_coverage(n_worlds=40, seed=2, late=True, told=False),
    ]
    names = [field.name for field in fields(Coverage)]
    write_page(
        "lead_time_coverage",
        "The lead-time model on trial",
        "Engine `laplace`, made by `python -m studies.lead_time_coverage`. Worlds are drawn from the priors of "
        f"the study: {N_REPS} reps, {len(SCALE.ranks)} ranks, {FEWEST} to {MOST} judgments per rep and rank, intervals "
        f"up to {', '.join(map(str, EDGES))} days, events and exits competing, {YOUNG:.0%} of the judgments younger "
        f"than the promise of {PROMISE_DAYS} days. Late entry: the export begins {SEEN_SINCE_DAYS} days before its "
        "date.",
        markdown_table({name: [getattr(row, name) for row in rows] for name in names}),
        "`coverage`: share of the 90 % intervals of P(event within the promise), per rep and rank, that hold the "
        "truth. `chi_square_ratio`: 1 says that the degrees of freedom of the calibration test are right on average.",
    )


if __name__ == "__main__":
    main()
