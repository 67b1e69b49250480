"""Six nights of `calibra run`: two good ones, and four broken exports that must not pass.

Run it as it is on a simulated team. For yours keep the settings and `run_night`, and let a scheduler call it. Exit
status 0 is good, 1 a fit that cannot be trusted, 2 bad input, 3 a limit reached, 4 a database to call again.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd

import calibra as cb

SETTINGS = """\
as_of = "2026-09-29"
problems = "set_aside"    # a bad row is left out and counted; [limits] says how many are too many

[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
exit_at = "exit_at"

[scale]
ranks = ["A", "B", "C"]

[promises.A]
prob = 0.5
within_days = 90

[fit]
draws = 400
engine = "laplace"

[limits]
max_set_aside = 0.02
min_rows_vs_last = 0.9
"""


def run_night(table: pd.DataFrame, today: str) -> int:
    """One night on tonight's table; prints its line and returns the exit status."""
    table.to_csv("judgments.csv", index=False)
    shell = ["run", "judgments.csv", "--out", "results", "--as-of", today, "--quiet"]
    ran = subprocess.run([sys.executable, "-m", "calibra", *shell], capture_output=True, text=True)
    told = [line for line in ran.stderr.splitlines() if line.startswith("calibra: ")]
    print(f"exit {ran.returncode}", *told or [f"calibra: {today}: good, see results/run.json"])
    return ran.returncode


def main() -> None:
    """Two good nights, then the exports that break in practice."""
    Path("calibra.toml").write_text(SETTINGS, encoding="utf-8")
    scale = cb.RankScale(["A", "B", "C"])
    table = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=800, scale=scale, as_of="2026-10-04").frame
    nights = {
        "2026-09-29": table,
        "2026-09-30": table,
        "2026-10-01": table.assign(rank=table["rank"].replace({"B": "Warm"})),  # somebody renamed a label
        "2026-10-02": table.assign(event_at=None),  # a join that finds nothing
        "2026-10-03": table.head(400),  # a file that was cut
        "2026-10-04": table.iloc[::2],  # half of the prospects are gone
    }
    statuses = [run_night(export, today) for today, export in nights.items()]
    if statuses != [0, 0, 3, 3, 3, 3]:
        sys.exit(f"expected two good nights and four that stop; got {statuses}")
    print(*cb.load("results/calibration.calibra").diagnostics, sep="\n")  # still those of the second night


if __name__ == "__main__":
    main()
