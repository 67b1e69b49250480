"""Does what is said of the difference between reps hold in worlds that share no formula with the rank model?

`python -m studies.spread [FOLDER]` writes docs/studies/spread.md (about six minutes on one processor; the
worlds are kept in the folder, `.study` by default, and a run goes on where it stopped). Worlds are those of
`simulate_judgments`: how reps there differ is drawn as bias, weight, noise and cut points, and never as log-odds.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.fitting import usual_draws
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.ranks.population import POPULATION, THESE_REPS
from calibra.checks.recovery.rows import answered, cluster_mean, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

N_REPS, N_PROSPECTS, WITHIN_DAYS = 40, 12_000, 90
"""Of each world, and the horizon of the fit."""
N_WORLDS = 330
"""Worlds of the page: a standard error of 1.7 points where nine in ten hold."""
NEW_REP = "a rep never seen"
"""The third reading: where `expected()` says that the probability of another rep lies."""
_LAW_SEEDS, _LAW_REPS = range(10_000, 10_010), 400


@dataclass(frozen=True, slots=True)
class SpreadCoverage:
    """How often 90 % intervals held the truth at one rank."""

    reading: str
    """`these reps`, `population` (standard deviations between reps) or `a rep never seen` (a probability)."""
    rank: str
    """Rank."""
    true: float
    """Mean of the truth over worlds, points."""
    told: float
    """Mean of the estimates, points."""
    covered: float
    """Share of the intervals that held the truth; of a rep never seen, the share of such reps within."""
    standard_error: float
    """Of that share."""
    n_worlds: int
    """Worlds."""


def law_of_reps() -> Floats:
    """P(event) of many reps of the simulator at each rank, (rep, rank); NaN where a rep never gives the rank."""
    worlds = (simulate_judgments(seed=seed, n_reps=_LAW_REPS, n_prospects=4000) for seed in _LAW_SEEDS)
    return np.concatenate([world.truth.probabilities(WITHIN_DAYS) for world in worlds])


def study_spread(n_worlds: int, *, seed: int = 0, cache: Path | None = None) -> tuple[SpreadCoverage, ...]:
    """Simulate, fit by laplace, and hold spreads and the range of a new rep against the truth.

    Parameters
    ----------
    n_worlds : int
        World i is simulated and fitted with seed + i.
    cache : Path, optional
        File to keep the worlds in.
    """
    law = law_of_reps()
    rows = answered(run_worlds(lambda index: _one_world(seed + index, law), n_worlds=n_worlds, cache=cache))
    found = []
    for name in rows[0]:
        if not name.endswith(", held"):
            continue
        reading, rank = name.removesuffix(", held").split(": ")
        true, told = (cluster_mean(rows, f"{reading}: {rank}, {what}")[0] for what in ("true", "told"))
        found.append(SpreadCoverage(reading, rank, true, told, *cluster_mean(rows, name), len(rows)))
    return tuple(found)


def _one_world(seed: int, law: Floats) -> dict[str, float]:
    """Truth, estimate and whether the interval held, by reading and rank."""
    world = simulate_judgments(seed=seed, n_reps=N_REPS, n_prospects=N_PROSPECTS)
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    fit = RankModel(within_days=WITHIN_DAYS).fit(
        judgments, seed=seed, engine="laplace", draws=usual_draws(N_REPS), progress=False
    )
    spreads = {
        THESE_REPS: 100.0 * np.nanstd(world.truth.probabilities(WITHIN_DAYS), axis=0),
        POPULATION: 100.0 * np.nanstd(law, axis=0),
    }
    return _of_spreads(fit, spreads) | _of_new_reps(fit, law)


def _of_spreads(fit: RankFit, spreads: dict[str, Floats]) -> dict[str, float]:
    table = fit.spread().query("unit == 'points'")
    row: dict[str, float] = {}
    for reading, truth in spreads.items():
        told = table[table["of"] == reading]
        held = (told["lower"].to_numpy() <= truth) & (truth <= told["upper"].to_numpy())
        row |= _named(fit, reading, truth, told["estimate"].to_numpy(), held.astype(float))
    return row


def _of_new_reps(fit: RankFit, law: Floats) -> dict[str, float]:
    """Share of the law's reps within the interval for a rep never seen."""
    told = fit.expected()
    within = (told["lower"].to_numpy() <= law) & (law <= told["upper"].to_numpy())
    held = np.where(np.isnan(law), np.nan, within)
    estimate = 100.0 * told["estimate"].to_numpy()
    return _named(fit, NEW_REP, 100.0 * np.nanmean(law, axis=0), estimate, np.nanmean(held, axis=0))


def _named(fit: RankFit, reading: str, true: Floats, told: Floats, held: Floats) -> dict[str, float]:
    return {
        f"{reading}: {rank}, {what}": float(values[k])
        for k, rank in enumerate(fit.ranks)
        for what, values in (("true", true), ("told", told), ("held", held))
    }


def render(rows: tuple[SpreadCoverage, ...]) -> tuple[str, ...]:
    """The page's parts."""
    names = ("reading", "rank", "true", "told", "covered", "standard_error")
    return (
        f"Engine `laplace`, made by `python -m studies.spread`: {rows[0].n_worlds} worlds of "
        f"`simulate_judgments(n_reps={N_REPS}, n_prospects={N_PROSPECTS:_})`, fitted within {WITHIN_DAYS} days.",
        markdown_table({name: [getattr(row, name) for row in rows] for name in names}),
        "`true` and `told` are means over the worlds, in points: of *these reps* and the *population* the standard "
        "deviation between reps of P(event) at a rank (`spread()`), of *a rep never seen* that probability itself "
        "(`expected()`). `covered`: share of the 90 % intervals that hold the truth; of a rep never seen, the share of "
        f"{len(_LAW_SEEDS) * _LAW_REPS:,} other reps of the simulator whose probability lies within.",
    )


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--worlds", type=int, default=N_WORLDS, help="how many")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    rows = study_spread(asked.worlds, cache=asked.folder / "spread.npz")
    write_page("spread", "The difference between reps on trial", *render(rows))


if __name__ == "__main__":
    main()
