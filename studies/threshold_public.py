"""What does the threshold advice say of published data, where ranks tell little?

`python -m studies.threshold_public FOLDER` reads the published data sets (../shared/data) and writes
docs/studies/threshold_public.md.
"""

import csv
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice import ThresholdAdvice, recommend_thresholds
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.counts import BinomialCells
from calibra.data.scale import Promise, RankScale
from calibra.reading.means import concordance
from studies.page import last_line
from studies.threshold_worlds import markdown

SALVIRT = {"A": 0.75, "B": 0.50, "C": 0.25}
SPEED_DATING = {"A": 0.65, "B": 0.55, "C": 0.45, "D": 0.35, "E": 0.20}
"""Promises made up for the study; the data sets state none. One made-up horizon."""


@dataclass(frozen=True, slots=True, eq=False)
class PublicRun:
    """A fit of a published data set and the advice read off it."""

    fit: ThresholdFit
    """The fit."""
    advice: ThresholdAdvice
    """The advice."""

    @property
    def raw_auc(self) -> float:
        """Pooled AUC of the ranks from the counts alone."""
        n, events = self.fit.n.sum(axis=0), self.fit.events.sum(axis=0)
        return float(concordance(events / n, n / n.sum()))


def read_rows(path: Path) -> list[tuple[str, str, bool]]:
    """Rep, rank and outcome of each row that has all three."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["rep"], row["rank"], row["outcome"]) for row in csv.DictReader(file)]
    return [(rep, rank, float(outcome) > 0) for rep, rank, outcome in rows if rep and rank and outcome]


def run_salvirt(folder: Path, *, seed: int = 1, draws: int = 1000) -> PublicRun:
    """Salvirt B2B (Bohanec, CC BY 4.0): importance of the deal as the rank, won as the event."""
    return _run(read_rows(folder / "salvirt_b2b" / "judgements.csv"), SALVIRT, seed, draws)


def run_speed_dating(folder: Path, *, seed: int = 1, draws: int = 400, n_judges: int | None = None) -> PublicRun:
    """Speed dating (Fisman, Iyengar and others): "how likely will they say yes", 1 to 10, cut into five ranks."""
    rows = read_rows(folder / "speed_dating" / "judgements.csv")
    named = [(rep, "EDCBA"[int(np.clip(np.ceil(float(rank) / 2.0) - 1, 0, 4))], event) for rep, rank, event in rows]
    if n_judges is not None:
        kept = set(sorted({rep for rep, _, _ in named}, key=float)[:n_judges])
        named = [row for row in named if row[0] in kept]
    return _run(named, SPEED_DATING, seed, draws)


def _run(rows: list[tuple[str, str, bool]], promises: dict[str, float], seed: int, draws: int) -> PublicRun:
    scale = RankScale(list(promises), {rank: Promise(prob, within_days=90) for rank, prob in promises.items()})
    reps = tuple(sorted({rep for rep, _, _ in rows}))
    n, events = _count(rows, reps, scale.ranks), _count([row for row in rows if row[2]], reps, scale.ranks)
    cells = BinomialCells(reps, scale.ranks, {}, n, events, np.zeros_like(n), 90)
    fit = ThresholdModel().fit_cells(cells, scale=scale, seed=seed, engine="laplace", draws=draws, progress=False)
    return PublicRun(fit, recommend_thresholds(fit))


def _count(rows: list[tuple[str, str, bool]], reps: tuple[str, ...], ranks: tuple[str, ...]) -> NDArray[np.int64]:
    counted = Counter((rep, rank) for rep, rank, _ in rows)
    return np.array([[counted[rep, rank] for rank in ranks] for rep in reps], dtype=np.int64)


def write_study(path: Path, folder: Path) -> None:
    """Run both and write the page."""
    salvirt, dating = run_salvirt(folder), run_speed_dating(folder)
    profile = salvirt.fit.profiles()
    seller = profile[profile["rep"] == "Seller 1"].iloc[0]
    verdicts = {
        name: Counter(run.advice.columns["verdict"].tolist())
        for name, run in (("Salvirt", salvirt), ("speed dating", dating))
    }
    words = sorted({verdict for counted in verdicts.values() for verdict in counted})
    table = {"verdict": words} | {name: [str(counted[word]) for word in words] for name, counted in verdicts.items()}
    auc = dating.fit.profiles()["binormal_auc"]
    path.write_text(
        "# Threshold advice on published data\n\nWritten by `python -m studies.threshold_public FOLDER`. The "
        "promises are made up for the study.\n\n"
        "## Salvirt B2B, Seller 1\n\n"
        f"{int(seller['n'])} deals, AUC {seller['binormal_auc']:.2f} "
        f"({seller['binormal_auc_lower']:.2f} to {seller['binormal_auc_upper']:.2f}), "
        f"P(AUC above .55) {seller['prob_separates']:.2f}. The advice:\n\n"
        + "\n".join(f"- {line}" for line in salvirt.advice.sentences("Seller 1"))
        + f"\n\n{salvirt.fit.diagnostics}\n\n## Speed dating\n\n"
        f"{len(dating.fit.reps)} judges, {int(dating.fit.n.sum())} judgments. Pooled AUC of the five ranks from the "
        f"counts {dating.raw_auc:.3f}; the judges' own AUC, model: {auc.min():.3f} to {auc.max():.3f}, mean "
        f"{auc.mean():.3f}.\n\n"
        f"{dating.fit.diagnostics}\n\n## Verdicts, every rep and boundary\n\n{markdown(table)}\n{last_line()}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    project = Path(__file__).resolve().parents[1]
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else project.parent / "shared" / "data"
    if data.is_dir():  # the data sets are not part of the project
        write_study(project / "docs" / "studies" / "threshold_public.md", data)
