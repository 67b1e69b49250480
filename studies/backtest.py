"""Would the library have been right? Back-tests on simulated organisations whose reps keep their ways.

`python -m studies.backtest` writes docs/studies/backtest.md.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.checks.backtest import Backtest, backtest
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from studies.threshold_worlds import markdown


def simulated_backtest(*, seed: int, n_reps: int = 40, n_prospects: int = 8000, draws: int = 1000) -> Backtest:
    """A back-test on a simulated organisation whose reps keep their ways; some of them have few judgments."""
    world = simulate_judgments(
        seed=seed, n_reps=n_reps, n_prospects=n_prospects, workload_sd=1.0, span_days=900, drift_sd=0.0
    )
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    cuts = [world.as_of - timedelta(days=days) for days in (600, 450, 300)]
    return backtest(judgments, cuts, seed=seed, engine="laplace", draws=draws)


def write_study(path: Path, *, seeds: Sequence[int] = (1, 2, 3, 4, 5)) -> None:
    """Run the back-test on several simulated organisations and write its page."""
    runs = [simulated_backtest(seed=seed) for seed in seeds]
    joined = [
        {
            name: np.concatenate(
                [_tagged(getattr(run, part), name, seed) for seed, run in zip(seeds, runs, strict=True)]
            )
            for name in getattr(runs[0], part)
        }
        for part in ("columns", "advice")
    ]
    found = Backtest(joined[0], joined[1], runs[0].within_days)
    scores, advice = found.table, found.advice_table
    score_columns = {
        "rep's judgments at the cut": scores["judgments_at_cut"].tolist(),
        "method": scores["method"].tolist(),
        "log score": [f"{value:.4f}" for value in scores["log_score"]],
        "excess over the rank model (s.e.)": [
            f"{value:+.4f} ({se:.4f})"
            for value, se in zip(scores["log_score_excess"], scores["excess_se"], strict=True)
        ],
        "Brier": [f"{value:.4f}" for value in scores["brier"]],
        "expected / observed": [f"{value:.3f}" for value in scores["expected_over_observed"]],
        "later judgments": [str(value) for value in scores["n"]],
    }
    advice_columns = {
        "verdict on A": advice["verdict"].tolist(),
        "advised": [str(value) for value in advice["advised"]],
        "A judgments later": [f"{value:.0f}" for value in advice["n_later"]],
        "delivered later": [f"{value:.3f}" for value in advice["delivered_later"]],
        "promised": [f"{value:.2f}" for value in advice["promised"]],
    }
    path.write_text(
        "# Back-test on simulated organisations\n\n"
        f"Written by `python -m studies.backtest`: {len(runs)} organisations (seeds "
        f"{', '.join(map(str, seeds))}) of 40 steady reps and 8,000 prospects over 900 days, unequal workloads; the "
        "simulator shares no formula with the models. Cuts 600, 450 and 300 days before "
        "the snapshot; a rep's later judgments up to the next cut.\n\n"
        "Log score and Brier score per later judgment, smaller is better.\n\n"
        f"{markdown(score_columns)}\n\n"
        "The gain over raw rates and the bare ratio is largest for reps with few judgments; over complete pooling it "
        "grows with the judgments, since a rep with few is read close to all reps.\n\n## What the advice met\n\n"
        "`tighten` says the rank delivers too little, `loosen` that it delivers more than promised.\n\n"
        f"{markdown(advice_columns)}\n",
        encoding="utf-8",
    )


def _tagged(part: Mapping[str, NDArray[Any]], name: str, seed: int) -> NDArray[Any]:
    """Reps of different organisations kept apart."""
    return np.array([f"{seed} {rep}" for rep in part[name]], dtype=object) if name == "rep" else part[name]


if __name__ == "__main__":
    write_study(Path(__file__).resolve().parents[1] / "docs" / "studies" / "backtest.md")
