"""A job for the night: read, fit, save, score what is open, and end with a status that a scheduler understands.

0: all well; 1: a fit that its own diagnostics speak against, so that yesterday's calibration stays in place; 2: the
input cannot be used. Run it as it is on a simulated team; for yours change `read_tables`, the scale and the columns.
"""

import sys
from pathlib import Path

import pandas as pd

import calibra as cb

GOOD, DOUBTFUL, BAD_INPUT = 0, 1, 2
SCALE = cb.RankScale(
    ranks=["A", "B", "C"],
    promises={"A": cb.Promise(0.5, within_days=90), "B": cb.Promise(0.25, within_days=90)},
)
ROLES = ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at")
COLUMNS = {role: role for role in ROLES}  # role: your column
SAVED = Path("team.calibra")


def read_tables() -> tuple[pd.DataFrame, pd.DataFrame, object]:
    """Everything judged so far, what is open now, and the day the data were taken; nothing reads the clock."""
    world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=800, scale=SCALE)
    is_open = world.frame["event_at"].isna() & world.frame["exit_at"].isna()
    return world.frame, world.frame[is_open], world.as_of


def main() -> int:
    """Tonight's run; returns the exit status."""
    judged, open_now, today = read_tables()
    judgments = cb.Judgments.from_frame(
        judged, scale=SCALE, as_of=today, columns=COLUMNS,
        problems="set_aside",  # a bad row is left out, counted, and told; it does not stop the night
    )  # fmt: skip
    print(judgments.set_aside)

    calibration = cb.calibrate(judgments, seed=1, draws=400, parts=("lead times",), progress=False)
    print(*calibration.diagnostics, sep="\n")
    if not calibration.ok:
        print("A fit cannot be trusted; yesterday's calibration stays:", *calibration.problems, sep="\n")
        return DOUBTFUL
    calibration.save(SAVED)  # in one step: a reader sees yesterday's file or today's, whole

    scored = cb.load(SAVED).score(open_now, as_of=today)
    scored.sort_values("score_estimate", ascending=False).to_parquet("scored.parquet", index=False)
    print(*(f"{n} {what}" for what, n in cb.count_notes(scored).items()), sep="\n")
    return GOOD


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (cb.CalibraError, OSError) as error:
        print(f"nightly: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
