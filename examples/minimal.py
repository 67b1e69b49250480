"""The shortest way from a table of judgments to what each rep's ranks mean.

Run it as it is on a simulated team. For your own CSV or Parquet file change the scale, the columns and the date, then:
`python examples/minimal.py judgments.csv`.
"""

import sys

import calibra as cb

scale = cb.RankScale(
    ranks=["A", "B", "C"],  # best first
    promises={
        "A": cb.Promise(0.6, within_days=90),
        "B": cb.Promise(0.3, within_days=90),
        "C": cb.Promise(0.1, within_days=90),
    },
)
columns = {  # role: your column
    "prospect": "prospect",
    "rep": "rep",
    "rank": "rank",
    "judged_at": "judged_at",
    "event_at": "event_at",
    "exit_at": "exit_at",
}

as_of = "2026-09-30"  # the day the data were taken
table = sys.argv[1] if len(sys.argv) > 1 else cb.simulate_judgments(seed=1, scale=scale, as_of=as_of).frame

judgments = cb.Judgments.from_frame(table, scale=scale, as_of=as_of, columns=columns)
print(judgments.summary(), "\n")

calibration = cb.calibrate(judgments, seed=1)
print(*calibration.diagnostics, sep="\n")
print(*(finding for finding in calibration.findings if finding.rep is None), sep="\n")  # the others: each of one rep

rank_fit = calibration.ranks[90]
print(rank_fit.probabilities().head(6).round(3).to_string(index=False))
cb.plot_profiles(rank_fit).figure.savefig("profiles.png")
