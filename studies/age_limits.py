"""By when have nearly all events come? Intervals of that age against many more prospects of the same reps.

`python -m studies.age_limits` writes docs/studies/age_limits.md. Worlds are those of
`simulate_judgments`: log-normal lead times, exits on a Weibull clock, no formula of the model. Every world is kept in a
folder (`.study` by default); `--seconds` stops after a while, and the next call goes on from there.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.checks.recovery.rows import Row, answered, load_rows, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

N_WORLDS, N_REPS, N_PROSPECTS, N_MANY, SPAN_DAYS = 330, 20, 6_000, 300_000, 720
"""Worlds; reps and prospects of each; prospects of the same reps that make the truth; days of judgments."""
N_CHOSEN_ON = 40
"""The first worlds, on which the shape of the ranks' hazards and the default intervals were chosen."""
SHARE = 0.95
"""Share of the events by the last edge that `nearly_all_days` of `lead_times()` waits for."""
_AT_ONCE = 10


def fit_world(seed: int) -> LeadTimeFit:
    """The lead-time model on one world."""
    world = simulate_judgments(n_reps=N_REPS, n_prospects=N_PROSPECTS, span_days=SPAN_DAYS, seed=seed)
    judgments = Judgments.from_frame(
        world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns, check_duplicates=False
    )
    return LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=400, progress=False)


def true_days(seed: int, fit: LeadTimeFit) -> Floats:
    """By when so many of the events by the last edge have come, (rank,), at the fit's mix of reps within a rank.

    Of many prospects of the same reps, each followed to its end.
    """
    truth = simulate_judgments(n_reps=N_REPS, n_prospects=N_MANY, span_days=SPAN_DAYS, seed=seed).truth
    shape = (len(fit.reps), len(fit.ranks), fit.last_edge_days + 1)
    place = np.array([fit.reps.index(name) if name in fit.reps else -1 for name in truth.reps.names])[truth.rep]
    lives, known = truth.lives, place >= 0
    given, events = np.zeros(shape[:2]), np.zeros(shape)
    np.add.at(given, (place[known], lives.rank[known]), 1.0)
    seen = known & lives.is_event & (lives.event_days <= fit.last_edge_days)
    np.add.at(events, (place[seen], lives.rank[seen], lives.event_days[seen].astype(np.int64)), 1.0)
    share_by_day = events.cumsum(axis=2) / np.maximum(given, 1.0)[:, :, None]
    curves = np.einsum("rk,rkd->kd", fit.n / fit.n.sum(axis=0), share_by_day)
    return np.array([np.interp(SHARE * curve[-1], curve, np.arange(shape[2]) + 0.5) for curve in curves])


def study_world(seed: int) -> Row:
    """Estimate, interval and truth of each rank."""
    fit = fit_world(seed)
    table = fit.lead_times().head(len(fit.ranks))
    row: Row = {"#ok": float(fit.diagnostics.ok)}
    for rank, true, (_, line) in zip(fit.ranks, true_days(seed, fit).tolist(), table.iterrows(), strict=True):
        ends = (line.nearly_all_days, line.nearly_all_days_lower, line.nearly_all_days_upper, true)
        row |= {f"{rank} {name}": float(value) for name, value in zip(_NAMES, ends, strict=True)}
    return row


_NAMES = ("estimate", "lower", "upper", "true")


def summarise(rows: Sequence[Row]) -> Mapping[str, list[object]]:
    """One line a rank."""
    columns: dict[str, list[object]] = {}
    for rank in "ABCDE":
        estimate, lower, upper, true = (np.array([row[f"{rank} {name}"] for row in rows]) for name in _NAMES)
        line = {
            "rank": rank,
            "worlds": len(rows),
            "true days, mean": round(float(true.mean()), 1),
            "interval holds the truth": f"{((lower <= true) & (true <= upper)).mean():.1%}",
            "truth earlier than the interval": f"{(true < lower).mean():.1%}",
            "truth later": f"{(true > upper).mean():.1%}",
            "estimate less truth, mean (days)": round(float((estimate - true).mean()), 1),
            "sd (days)": round(float((estimate - true).std(ddof=1)), 1),
            "width, mean (days)": round(float((upper - lower).mean()), 1),
        }
        for name, value in line.items():
            columns.setdefault(name, []).append(value)
    return columns


def _unseen_worlds(rows: Sequence[Row]) -> list[str]:
    """The same of the worlds that no choice was made on, as parts of the page."""
    if len(rows) < _AT_ONCE:
        return []
    return [
        "## Worlds that no choice was made on",
        f"On the first {N_CHOSEN_ON} worlds the shape of the ranks' hazards and the default intervals were chosen; "
        f"the other {len(rows)} are the test of that choice.",
        markdown_table(summarise(answered(rows))),
    ]


def main() -> None:
    """Run the worlds that are still to be run, as far as time allows, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=np.inf, help="stop after so long")
    asked = parser.parse_args()
    cache, until = asked.folder / "age_limits.npz", time.monotonic() + asked.seconds
    while len(load_rows(cache)) < N_WORLDS and time.monotonic() < until:
        run_worlds(study_world, n_worlds=min(N_WORLDS, len(load_rows(cache)) + _AT_ONCE), cache=cache)
    kept = load_rows(cache)
    rows = answered(kept)
    write_page(
        "age_limits",
        "By when have nearly all events come?",
        f"Made by `python -m studies.age_limits`: worlds of the simulator with {N_REPS} reps, {N_PROSPECTS:,} "
        f"prospects and {SPAN_DAYS} days, seeds from 0 on; engine `laplace`. The truth is that of {N_MANY:,} "
        f"prospects of the same reps, each followed to its end: the day by which {SHARE:.0%} of the events by the "
        "last edge have come. All reps together, 90 % intervals of `nearly_all_days` in `lead_times()`. "
        f"{sum(row['#ok'] == 1.0 for row in rows)} of {len(rows)} fits without a problem.",
        markdown_table(summarise(rows)),
        *_unseen_worlds(kept[N_CHOSEN_ON:]),
    )


if __name__ == "__main__":
    main()
