"""Are the directions of the advice still right where the model is wrong? And what does it say of published data?

`python -m studies.threshold_wrong_model` writes docs/studies/threshold_wrong_model.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN
from calibra.data.simulation.simulate import demo_scale
from studies.page import last_line
from studies.threshold_worlds import fit_counts, markdown, tabulate

type Floats = NDArray[np.float64]
type Wrong = Literal["skewed quality", "logistic noise", "drifting thresholds"]

KINDS: tuple[Wrong, ...] = ("skewed quality", "logistic noise", "drifting thresholds")
_QUANTILES = (0.90, 0.70, 0.45, 0.20)  # of the perceived quality, at which a typical rep draws the lines
_N_LATENT = 100_000
_TOLERANCE = 0.05
_BINS = ((0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.0001))


@dataclass(frozen=True, slots=True, eq=False)
class WrongWorld:
    """Reps who perceive quality with noise; outcome and perception follow no signal detection."""

    kind: Wrong
    """What is wrong with the model."""
    level: Floats
    """Each rep's log-odds of an event at average quality, (rep,)."""
    noise: Floats
    """Each rep's noise, in standard deviations of quality, (rep,)."""
    shift: Floats
    """Each rep's shift of all cut points, in standard deviations of perception, (rep,)."""
    drift: Floats
    """Change of the shift from the first judgment to the last, (rep,)."""

    def draw(self, rng: np.random.Generator, rep: int, n: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Perceived quality, and whether the event comes."""
        if self.kind == "skewed quality":
            skewed = np.exp(0.8 * rng.standard_normal(n))
            quality = (skewed - np.exp(0.32)) / np.sqrt((np.exp(0.64) - 1.0) * np.exp(0.64))
        else:
            quality = rng.standard_normal(n)
        if self.kind == "logistic noise":
            noise = rng.logistic(scale=np.sqrt(3.0) / np.pi, size=n)
        else:
            noise = rng.standard_normal(n)
        y = rng.random(n) < expit(self.level[rep] + 1.3 * quality)
        return quality + self.noise[rep] * noise, y

    def cuts(self, rng: np.random.Generator, rep: int) -> Floats:
        """The rep's cut points in the middle of the period, best first."""
        seen, _ = self.draw(rng, rep, _N_LATENT)
        return np.asarray(np.quantile(seen, _QUANTILES) - self.shift[rep] * seen.std())


def draw_world(rng: np.random.Generator, *, kind: Wrong, n_reps: int) -> WrongWorld:
    """Reps drawn from a population of this kind."""
    drift = rng.normal(0.0, 0.6, n_reps) if kind == "drifting thresholds" else np.zeros(n_reps)
    return WrongWorld(
        kind,
        rng.normal(-1.5, 0.4, n_reps),
        0.7 * np.exp(rng.normal(0.0, 0.25, n_reps)),
        rng.normal(0.0, 0.4, n_reps),
        drift,
    )


def best_share(seen: Floats, y: NDArray[np.bool_], promise: float) -> float:
    """Largest share of the prospects, strongest first, of whom so many become events: by sorting, no model."""
    average = np.cumsum(y[np.argsort(-seen)]) / np.arange(1, len(y) + 1)
    kept = np.flatnonzero(average[200:] >= promise)
    return float((kept[-1] + 201) / len(y)) if kept.size else 0.0


def directions(*, kind: Wrong, seed: int, n_worlds: int, n_reps: int = 30, n_judgments: int = 200) -> dict[str, Floats]:
    """Stated probability of the direction at the best rank, whether it was right, the true gap, and moves advised.

    With drifting thresholds the truth is the share over the whole period.
    """
    found: dict[str, list[Floats]] = {"stated": [], "right": [], "gap": [], "advised": []}
    promise = next(iter(demo_scale().promises.values())).prob
    for world in range(n_worlds):
        rng = np.random.default_rng([seed, world])
        reps = draw_world(rng, kind=kind, n_reps=n_reps)
        rank, y, gap = np.zeros((n_reps, n_judgments), dtype=np.intp), np.zeros((n_reps, n_judgments), dtype=bool), []
        when = np.linspace(-0.5, 0.5, n_judgments)
        for rep in range(n_reps):
            cuts = reps.cuts(rng, rep)
            seen, y[rep] = reps.draw(rng, rep, n_judgments)
            rank[rep] = (seen[:, None] <= cuts - reps.drift[rep] * when[:, None]).sum(axis=1)
            latent, outcome = reps.draw(rng, rep, _N_LATENT)
            moved = np.resize(reps.drift[rep] * np.linspace(-0.5, 0.5, 101), _N_LATENT)
            gap.append((latent > cuts[0] - moved).mean() - best_share(latent, outcome, promise))
        table = recommend_thresholds(fit_counts(*tabulate(rank, y, 5), seed=seed + world)).columns
        best = table["rank"] == "A"
        goal = np.where(np.isnan(table["share_target"]), table["share_step"], table["share_target"])  # without an aim
        side = np.sign(table["share_now"] - goal)[best]
        side = np.where(side == 0.0, np.nan, side)  # neither an aim nor a step: no direction is told
        found["stated"].append(np.where(np.isnan(side), np.nan, table["prob_direction"][best]))
        found["right"].append((side == np.sign(gap)).astype(float))
        found["gap"].append(100.0 * np.array(gap))
        found["advised"].append(np.isin(table["verdict"][best], [TIGHTEN, LOOSEN]).astype(float))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def summary_rows(found: dict[str, Floats]) -> list[str]:
    """Overall stated and right, then right by stated bin, then moves advised."""
    told = ~np.isnan(found["stated"])
    rows = [f"{found['stated'][told].mean():.3f}", f"{found['right'][told].mean():.3f}"]
    for low, high in _BINS:
        inside = told & (found["stated"] >= low) & (found["stated"] < high)
        share = found["right"][inside].mean() if inside.any() else np.nan
        rows.append(
            f"{share:.3f} against {found['stated'][inside].mean() if inside.any() else np.nan:.3f} ({inside.sum()})"
        )
    moved = found["advised"] > 0
    rows.append(f"{found['right'][moved].mean() if moved.any() else np.nan:.3f} ({int(moved.sum())})")
    return rows


def write_study(path: Path, *, seed: int = 1, n_worlds: int = 8) -> None:
    """Run the study in full and write its page."""
    rows = {kind: summary_rows(directions(kind=kind, seed=seed, n_worlds=n_worlds)) for kind in KINDS}
    heads = ["mean stated", "right", *(f"{low:g} to {min(high, 1.0):g}" for low, high in _BINS), "moves advised: right"]
    kinds: list[str] = list(KINDS)
    columns = {"what is wrong": kinds} | {head: [rows[kind][i] for kind in KINDS] for i, head in enumerate(heads)}
    path.write_text(
        "# Threshold advice where the model is wrong\n\n"
        f"Written by `python -m studies.threshold_wrong_model` (seed {seed}): {n_worlds} worlds of 30 reps × "
        "200 judgments of each kind. Outcomes are logistic in a latent quality, reps perceive it with noise; quality "
        "is standardised log-normal (skewness 3.7), or the noise logistic, or each rep's cut points drift over the "
        "period (sd .6 of perception). The truth is found by sorting 100,000 latent prospects per rep, without a "
        "model. "
        "Boundary of the best rank, promise 60 % on average.\n\n"
        "By bins of the stated probability: share right against mean stated (how many).\n\n"
        f"{markdown(columns)}\n\n{_where_it_fails(rows)}\n{last_line()}",
        encoding="utf-8",
    )


def _where_it_fails(rows: dict[Wrong, list[str]]) -> str:
    """In words, from the first two columns."""
    said = []
    for kind, (stated, right, *bins) in rows.items():
        if float(stated) - float(right) > _TOLERANCE:
            said.append(
                f"With {kind} the stated probabilities are too sure: right {right} where {stated} is stated; of the "
                f"moves advised {bins[-1]} go the right way. Read a direction without a verdict with care there."
            )
        else:
            said.append(f"With {kind} directions are right within {100 * _TOLERANCE:.0f} points of what is stated.")
    return "\n".join(said)


if __name__ == "__main__":
    write_study(Path(__file__).resolve().parents[1] / "docs" / "studies" / "threshold_wrong_model.md")
