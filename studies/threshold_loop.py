"""What comes of advice that everybody follows, where everything is fitted anew each quarter?

`python -m studies.threshold_loop [FOLDER]` writes docs/studies/threshold_loop.md (worlds are kept in the folder,
`.study` by default, and a run goes on where it stopped). Outcomes are logistic in a latent quality that reps perceive
with noise: no signal detection. Each quarter all judgments so far are read, young ones too, fitted and advised on, as
`calibrate` does it; each rep then draws the line where the step says. The truth is found by sorting latent prospects.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from calibra.chapters.thresholds.advice import ThresholdAdvice, recommend_thresholds
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery.rows import Row, answered, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

N_REPS, N_QUARTERS, PER_QUARTER, QUARTER_DAYS, WITHIN_DAYS = 12, 6, 150, 91, 90
"""Reps of a world, quarters of history and judgments of a rep in each, days of a quarter, horizon."""
ROUNDS = 3
"""Advice at the start, after one quarter and after two."""
N_WORLDS = 40
"""Worlds of the page."""
OFF = 0.10
"""Share-points by which a third of the reps calls too many prospects A, and a third too few."""
SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.6, within_days=WITHIN_DAYS)})
_LEVEL, _WEIGHT, _NOISE, _BELOW = -2.5, 2.5, 0.4, 0.3
_START = np.datetime64("2024-01-01")
_N_LATENT = 400_000


@dataclass(frozen=True, slots=True)
class Pool:
    """Prospects as a rep perceives them, all reps alike."""

    weight: float = _WEIGHT
    """Log-odds of an event per standard deviation of quality."""

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Perceived quality, and whether the event comes."""
        quality = rng.standard_normal(n)
        seen = quality + _NOISE * rng.standard_normal(n)
        return seen, rng.random(n) < expit(_LEVEL + self.weight * quality)


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """Shares and averages of perceived quality, by sorting."""

    seen: Floats
    """Perceived quality of many prospects, strongest first."""
    average: Floats
    """Share of events among those up to each."""

    def cut(self, share: Floats) -> Floats:
        """The perceived quality above which such a share lies."""
        return np.asarray(self.seen[np.clip(share * len(self.seen), 0, len(self.seen) - 1).astype(int)])

    def aim(self, promise: float) -> float:
        """The largest share that keeps the promise."""
        kept = np.flatnonzero(self.average[1000:] >= promise)
        return float((kept[-1] + 1001) / len(self.seen)) if kept.size else 0.0


def make_ruler(pool: Pool, rng: np.random.Generator) -> Ruler:
    """Sort latent prospects."""
    seen, y = pool.draw(rng, _N_LATENT)
    order = np.argsort(-seen)
    return Ruler(seen[order], np.cumsum(y[order]) / np.arange(1, _N_LATENT + 1))


def judge_quarter(rng: np.random.Generator, pool: Pool, ruler: Ruler, share: Floats, quarter: int) -> pd.DataFrame:
    """The judgments of one quarter by reps who call such a share of the prospects A."""
    parts = []
    for rep, of_a in enumerate(share):
        seen, y = pool.draw(rng, PER_QUARTER)
        cuts = ruler.cut(np.array([of_a, of_a + _BELOW]))
        judged = _START + (QUARTER_DAYS * quarter + rng.integers(0, QUARTER_DAYS, PER_QUARTER)).astype("m8[D]")
        came = judged + rng.integers(1, WITHIN_DAYS + 1, PER_QUARTER).astype("m8[D]")
        came[~y] = np.datetime64("NaT", "D")
        rank = np.array(SCALE.ranks)[(seen[:, None] <= cuts).sum(axis=1)]
        rows = {"rep": f"rep {rep:02d}", "rank": rank, "judged_at": judged, "event_at": came}
        parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)


def advise(rows: pd.DataFrame, quarters: int, seed: int) -> ThresholdAdvice:
    """Read, fit and advise as known at the end of a quarter."""
    as_of = _START + np.timedelta64(QUARTER_DAYS * quarters - 1, "D")
    known = rows.assign(prospect=np.arange(len(rows)), event_at=rows["event_at"].where(rows["event_at"] <= as_of))
    columns = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at")}
    judgments = Judgments.from_frame(known, scale=SCALE, as_of=str(as_of), columns=columns, check_duplicates=False)
    fit = ThresholdModel(within_days=WITHIN_DAYS).fit(judgments, seed=seed, engine="laplace", progress=False)
    return recommend_thresholds(fit, recent=judgments.weekly_counts().recent())


def one_world(seed: int) -> Row:
    """Counts of what was said at each round, and of how much of it was true."""
    rng = np.random.default_rng([20261130, seed])
    pool = Pool()
    ruler = make_ruler(pool, rng)
    aim = ruler.aim(SCALE.promises["A"].prob)
    share = np.clip(aim + OFF * np.repeat([1.0, 0.0, -1.0], N_REPS // 3), 0.02, 0.9)
    rows = pd.concat([judge_quarter(rng, pool, ruler, share, quarter) for quarter in range(N_QUARTERS)])
    found: Row = {"aim": aim}
    for place in range(ROUNDS):
        table = advise(rows, N_QUARTERS + place, seed).columns
        best = table["rank"] == "A"
        told, step = table["verdict"][best], table["share_step"][best]
        found |= {f"{place}, {name}": float(n) for name, n in count_said(told, step, share, aim).items()}
        share = np.clip(np.where(np.isin(told, [TIGHTEN, LOOSEN]), step, share), 0.005, 0.95)
        rows = pd.concat([rows, judge_quarter(rng, pool, ruler, share, N_QUARTERS + place)])
    return found


def count_said(told: NDArray[np.object_], step: Floats, share: Floats, aim: float) -> dict[str, int]:
    """How many reps of each kind, and what they were told, given where each of them truly stands."""
    tighten, loosen = told == TIGHTEN, told == LOOSEN
    behind = np.where(tighten, step - share, 0.0) + np.where(loosen, share - step, 0.0)
    loose, strict = share - aim > OFF - 0.005, aim - share > OFF - 0.005
    return {
        "reps": len(told),
        "too many As": int(loose.sum()),
        "too many As, told": int((loose & tighten).sum()),
        "too few As": int(strict.sum()),
        "too few As, told": int((strict & loosen).sum()),
        "wrong way": int((loose & loosen).sum() + (strict & tighten).sum()),
        "told to move": int((tighten | loosen).sum()),
        "reached already": int((tighten & (share <= aim)).sum() + (loosen & (share >= aim)).sum()),
        "step behind": int((behind > 0.0).sum()),
        "behind by a point": int((behind > 0.01).sum()),
    }


COUNTED = tuple(count_said(np.array([TIGHTEN], dtype=object), np.zeros(1), np.zeros(1), 0.0))
"""What is counted at each round."""


def study_loop(n_worlds: int, *, seed: int = 0, cache: Path | None = None) -> list[Row]:
    """The counts of each world."""
    return answered(run_worlds(lambda index: one_world(seed + index), n_worlds=n_worlds, cache=cache))


def render(rows: list[Row]) -> tuple[str, ...]:
    """The page's parts."""
    total = {name: [int(sum(row[f"{place}, {name}"] for row in rows)) for place in range(ROUNDS)] for name in COUNTED}
    table: dict[str, list[object]] = {"advice": ["first", "after one quarter", "after two"]}
    table |= {name: list(counts) for name, counts in total.items()}
    return (
        f"Made by `python -m studies.threshold_loop`: {len(rows)} worlds of {N_REPS} reps with {N_QUARTERS} "
        f"quarters of {PER_QUARTER} judgments each; A promises 60 % within {WITHIN_DAYS} days, which "
        f"{np.mean([row['aim'] for row in rows]):.0%} of the prospects keep. A third of the reps calls "
        f"{OFF:.0%} of the prospects too many A, a third as many too few. Every quarter all judgments so far "
        "are fitted, and who is told to move does so by the step.",
        markdown_table(table),
        "*too many As, told*: such reps told to call fewer. *reached already*: told to move on in a direction in which "
        "the true share lies at the aim or beyond. *step behind*: told a step that lies behind where the rep truly "
        "stands, by any distance; *behind by a point*: by more than a point. Behind the share that was counted among "
        "the recent judgments no step lies.",
    )


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--worlds", type=int, default=N_WORLDS, help="how many")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    rows = study_loop(asked.worlds, cache=asked.folder / "threshold_loop.npz")
    write_page("threshold_loop", "Threshold advice that everybody follows", *render(rows))


if __name__ == "__main__":
    main()
