"""What do young judgments add where there is half a year of history, and do intervals still hold?

`python -m studies.young [FOLDER] [--worlds N]` writes docs/studies/young.md (worlds are kept in the folder, `.study` by
default, and a run goes on where it stopped). Ten reps, 391 judgments over half a year; outcomes come after log-normal
days, which are no model's here. Each world is fitted twice: with young judgments, and by the mature ones alone.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from calibra.chapters.ranks.doubts import doubts
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.ranks.rows import Ranks
from calibra.checks.recovery.rows import Row, answered, cluster_mean, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.stats.margin import MARGIN_ODDS
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

N_REPS, N_JUDGMENTS, HISTORY_DAYS, WITHIN_DAYS = 10, 391, 183, 90
"""Reps and judgments of a world, days of history, horizon."""
N_WORLDS = 100
"""Worlds of each kind."""
RANKS = {"A": 0.55, "B": 0.32, "C": 0.15}
"""Rank to the share that comes in the end."""
GIVEN = (0.25, 0.35, 0.40)
"""How often each rank is given."""
N_OFF, OFF = 3, 0.8
"""So many reps' outcomes lie so much lower, in log-odds."""
MEDIAN_DAYS, SIGMA = 40.0, 0.7
SCALE = RankScale(list(RANKS), {rank: Promise(share, within_days=WITHIN_DAYS) for rank, share in RANKS.items()})
AS_OF = pd.Timestamp("2026-09-30")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of world."""

    name: str
    """What it is called."""
    tempo_sd: float = 0.0
    """Standard deviation over reps of the logarithm of how long events take."""
    slower: float = 1.0
    """Factor on the days of the judgments of the last 90 days."""


KINDS = (Kind("even tempo"), Kind("reps differ in tempo", tempo_sd=0.4), Kind("slower of late", slower=1.5))


def one_world(kind: Kind, seed: int) -> Row:
    """Widths, what is covered, and what is said, by both fits."""
    rng = np.random.default_rng([20261201, KINDS.index(kind), seed])
    tempo = np.exp(kind.tempo_sd * rng.standard_normal(N_REPS))
    level = np.where(np.arange(N_REPS) < N_OFF, -OFF, 0.0)
    comes = expit(logit(np.array(list(RANKS.values()))) + level[:, None])
    by_then = ndtr(np.log(WITHIN_DAYS / (MEDIAN_DAYS * tempo)) / SIGMA)
    judgments = _judgments(kind, comes, tempo, rng)
    found: Row = {}
    for name, young in (("young", "count"), ("mature", "leave out")):
        model = RankModel(within_days=WITHIN_DAYS, young=young)  # type: ignore[arg-type]
        fit = model.fit(judgments, seed=seed, engine="laplace", progress=False)
        found |= {f"{name}, {what}": value for what, value in _read(fit, comes * by_then[:, None]).items()}
    return found


def _judgments(kind: Kind, comes: Floats, tempo: Floats, rng: np.random.Generator) -> Judgments:
    rep, age = rng.integers(0, N_REPS, N_JUDGMENTS), rng.integers(0, HISTORY_DAYS, N_JUDGMENTS)
    rank = rng.choice(len(RANKS), N_JUDGMENTS, p=GIVEN)
    slow = np.where(age < WITHIN_DAYS, kind.slower, 1.0) * tempo[rep]
    days = np.ceil(MEDIAN_DAYS * slow * np.exp(SIGMA * rng.standard_normal(N_JUDGMENTS)))
    came = (rng.random(N_JUDGMENTS) < comes[rep, rank]) & (days <= age)
    judged = AS_OF - pd.to_timedelta(age, unit="D")
    frame = pd.DataFrame({"prospect": np.arange(N_JUDGMENTS), "rep": [f"rep {i}" for i in rep], "judged_at": judged})
    frame["rank"] = np.array(list(RANKS))[rank]
    frame["event_at"] = (judged + pd.to_timedelta(np.minimum(days, 9999), unit="D")).where(came)
    return Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns={str(name): str(name) for name in frame})


def _read(fit: RankFit, truth: Floats) -> Row:
    """Of one fit: mean width and coverage of the cells and gaps, who is said to lie below, and the doubt."""
    place = [int(rep.split()[-1]) for rep in fit.reps]
    rows = fit.probabilities()
    own = rows[rows["rep"].isin(fit.reps)]
    so = truth[place].ravel()
    table = fit.profiles()
    below = table["finding"].to_numpy() == "below the others"
    is_off = np.array(place) < N_OFF
    keys = {doubt.key for doubt in doubts(Ranks({WITHIN_DAYS: fit}, MARGIN_ODDS))}
    return {
        "width": float((own["upper"] - own["lower"]).mean()),
        "covered": float(((own["lower"].to_numpy() <= so) & (so <= own["upper"].to_numpy())).mean()),
        "gap width": float((table["gap_points_upper"] - table["gap_points_lower"]).mean()),
        "told of those off": float(below[is_off].sum()),
        "told of the others": float(below[~is_off].sum()),
        "doubt": float(bool(keys & {"ranks.pace_slower"})),
    }


def study_young(n_worlds: int, *, folder: Path | None = None) -> dict[str, list[Row]]:
    """Kind of world to what was found in each world."""
    caches = {kind.name: None if folder is None else folder / f"young_{i}.npz" for i, kind in enumerate(KINDS)}
    return {
        kind.name: answered(
            run_worlds(lambda seed, kind=kind: one_world(kind, seed), n_worlds=n_worlds, cache=caches[kind.name])  # type: ignore[misc]
        )
        for kind in KINDS
    }


def render(found: dict[str, list[Row]]) -> tuple[str, ...]:
    """The page's parts."""
    table: dict[str, list[object]] = {"world": [], "counted": []}
    for name, rows in found.items():
        for which in ("mature", "young"):
            table["world"].append(name)
            table["counted"].append("mature alone" if which == "mature" else "young, too")
            for what in ("width", "gap width", "covered", "told of those off", "told of the others", "doubt"):
                mean, error = cluster_mean(rows, f"{which}, {what}")
                table.setdefault(what, []).append(mean if np.isfinite(mean) else "none told")
                if what == "covered":
                    table.setdefault("± of covered", []).append(error)
    n = min(len(rows) for rows in found.values())
    narrower = [
        1.0 - cluster_mean(rows, "young, width")[0] / cluster_mean(rows, "mature, width")[0] for rows in found.values()
    ]
    return (
        f"Made by `python -m studies.young`: {n} worlds of each kind, {N_REPS} reps with {N_JUDGMENTS} judgments in "
        f"{HISTORY_DAYS} days, outcomes within {WITHIN_DAYS} days; of {N_OFF} reps outcomes lie {OFF} lower in "
        "log-odds.",
        markdown_table(table),
        "*width*: of the 90 % intervals of P(event) by rep and rank; *gap width*: of the gap to the others, in points; "
        "*covered*: share of the intervals by rep and rank that hold the truth. *told of those off*: how many of the "
        f"{N_OFF} reps are said to lie below the others; *told of the others*: how many of the other "
        f"{N_REPS - N_OFF}. *doubt*: share of the worlds in which events are said to have become slower or rarer. "
        f"Intervals are {', '.join(f'{share:.0%}' for share in narrower)} narrower with young judgments, in the "
        "order of the table. Slower of late: of the young less comes within 90 days than the truth that is asked for.",
    )


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--worlds", type=int, default=N_WORLDS, help="how many of each kind")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    found = study_young(asked.worlds, folder=asked.folder)
    write_page("young", "What young judgments add", *render(found))


if __name__ == "__main__":
    main()
