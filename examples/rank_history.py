"""From the log of rank changes that a CRM exports to judgments, and what such a log shows by itself.

Run it as it is on a small made-up log. For your own export see docs/how-to/histories.md.
"""

import numpy as np
import pandas as pd

import calibra as cb

as_of = "2026-09-30"  # the day the data were taken
scale = cb.RankScale(
    ranks=["A", "B", "C"],  # best first
    promises={
        "A": cb.Promise(0.6, within_days=90),
        "B": cb.Promise(0.3, within_days=90),
        "C": cb.Promise(0.1, within_days=90),
    },
)

# Outcomes: one row per prospect. Changes: entry ranks, later re-ranks, and upgrades written when the event was there.
world = cb.simulate_judgments(seed=1, n_reps=6, n_prospects=1500, scale=scale, as_of=as_of).frame
rng = np.random.default_rng(1)
outcomes = world[["prospect", "event_at", "exit_at"]]
entries = world[["prospect", "rep", "rank"]].assign(changed_at=world["judged_at"])
again = entries.sample(frac=0.4, random_state=2)
again = again.assign(
    rank=rng.choice(list("ABC"), len(again)),
    changed_at=again["changed_at"] + pd.to_timedelta(rng.integers(10, 90, len(again)), unit="D"),
)
won = world[world["event_at"].notna()].sample(frac=0.5, random_state=3)
upgrades = won[["prospect", "rep"]].assign(rank="A", changed_at=won["event_at"] + pd.Timedelta(days=1))
changes = pd.concat([entries, again, upgrades])

history = cb.RankHistory.from_frames(
    changes,
    outcomes,
    scale=scale,
    as_of=as_of,
    columns={"prospect": "prospect", "rep": "rep", "rank": "rank", "changed_at": "changed_at"},
    outcome_columns={"prospect": "prospect", "event_at": "event_at", "exit_at": "exit_at"},
)
print(history.summary(), "\n")
print(history.transitions(), "\n")

for mode in ("first", "every"):
    judgments = history.judgments(mode)
    cells = judgments.binomial_cells()
    shares = ", ".join(
        f"{rank} {events / n:.2f} (n = {n})"
        for rank, events, n in zip(scale.ranks, cells.events.sum(axis=0), cells.n.sum(axis=0), strict=True)
    )
    print(f"{mode}: events within 90 days: {shares}")

held = history.judgments("landmark", landmark="2026-06-30")
print(f"{held.n_judgments} prospects still open held a rank on 30 June.", "\n")

calibration = cb.calibrate(history.judgments(), seed=1, engine="laplace", draws=400, parts=[])
print(*calibration.diagnostics, sep="\n")
