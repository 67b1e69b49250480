"""How likely will this person say yes to you? A case study of stated percentages, on published data.

`python -m studies.speed_dating [FOLDER]` writes docs/studies/speed_dating.md (some minutes on one processor). It reads
`../shared/data/speed_dating/judgements.csv`; the worlds of its power are kept in FOLDER.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import calibra as cb
from calibra.chapters.stated.decomposed import PARTS
from calibra.chapters.stated.findings import findings
from calibra.chapters.stated.fit import CORRELATION, NEW_REP, StatedFit
from calibra.chapters.stated.rows import Stated
from calibra.checks.recovery.rows import Row, answered, cluster_mean
from calibra.reading.flags import FEWEST_JUDGMENTS
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from studies.page import markdown_table, write_page
from studies.stated import run_until
from studies.stated_worlds import count_world, fit_counts, log_odds, logistic

DATA = Path("../shared/data/speed_dating/judgements.csv")
N_REPS, STATEMENTS = (8, 15, 40), (15, 60, 200)
FAR = 1.5
"""How far out the rep of the power study lies, in standard deviations of the intercepts."""


PAGE = """\
Written by `python -m studies.speed_dating` (laplace engine, 90 % intervals).

## Question

At a speed-dating event everyone says of everyone they met, from 1 to 10, how likely it is that the other says yes to
them. What do these statements mean, as probabilities? How much do people differ in them? How many people, and how many
statements of each, does it take to find out?

## Data

Columbia, 2002 to 2004 (Fisman, Iyengar, Kamenica and Simonson, 2006): {n} judgments with a statement by {people}
people, {each} each, at most {most}. A statement r counts as (r − ½) / 10, 1 as 5 % and 10 as 95 %; that is a reading
of ours, and what is called too extreme below is so under this reading. The data hold no days; those that the library
asks for are invented.

## Model

`StatedModel`, its default priors: a line on the log-odds for each person, drawn towards the others, and what all share
beyond a line ([theory](../theory/stated.md)).

## Reading

{told}

{meaning}

The slope of a typical person is {slope}. Intercepts differ by a standard deviation of {intercepts}, slopes by {slopes};
their correlation is {correlation}. Much of the first is not the judging: some are told yes more often than others, and
the model takes that as their level. Of the mean squared score to be expected, {score}, miscalibration is
{miscalibration} and discrimination {discrimination}. Nobody is named, for nobody states {least} times.

## Checks

- Fit: {fit}.
- Predictive check: {check}
- The same lines by another program: with independent intercepts and slopes lme4's `glmer` gives −.304 and .338, spread
  .991 and .130. `pooled_calibration` gives the same to .001, `StatedModel` with weak priors to .02 (its spread to .04):
  `tests/chapters/stated/test_lme4.py`.

## Power

Judges drawn from the population above, the first of them {far} standard deviations below the others' level. *All too
extreme, said*: of all judges together. *Far judge too high, said*: of that one, who must have stated {least} times.

{power}

Fisman, R., Iyengar, S. S., Kamenica, E. and Simonson, I. (2006). Gender differences in mate selection: evidence from a
speed dating experiment. *Quarterly Journal of Economics* 121, 673–697. doi:10.1162/qjec.2006.121.2.673.
"""


def read_judgments(path: Path = DATA) -> cb.Judgments:
    """The judgments that state a value; days are invented, for the data have none."""
    rows = pd.read_csv(path).dropna(subset=["rank"])
    frame = pd.DataFrame({"prospect": range(len(rows)), "rep": "judge " + rows["rep"].astype(int).astype(str)})
    frame["rank"], frame["judged_at"] = "A", pd.Timestamp("2026-01-01")
    frame["stated_prob"] = ((rows["rank"] - 0.5) / 10).clip(0.025, 0.975).to_numpy()
    said_yes = rows["outcome"].to_numpy() == 1
    frame["event_at"] = pd.Series(pd.Timestamp("2026-01-02"), frame.index).where(said_yes)
    columns = {str(name): str(name) for name in frame}
    return cb.Judgments.from_frame(frame, scale=cb.RankScale(["A"]), as_of="2026-06-30", horizons=[30], columns=columns)


def fit_judges(judgments: cb.Judgments) -> StatedFit:
    """The default model."""
    return cb.StatedModel(within_days=30).fit(judgments, seed=1, engine="laplace", progress=False)


def power_world(population: Mapping[str, float], n_reps: int, per_rep: int, index: int) -> Row:
    """Judges like these, one of them far out: what is said of all, of that one, and of the others."""
    rng = np.random.default_rng([7, n_reps, per_rep, index])
    z = rng.standard_normal((2, n_reps))
    z[0, 0] = -FAR
    rho = population["correlation"]
    intercept = population["intercept"] + population["intercept_sd"] * z[0]
    slope = population["slope"] + population["slope_sd"] * (rho * z[0] + np.sqrt(1 - rho**2) * z[1])
    n = count_world(rng, np.full(n_reps, per_rep))
    at = log_odds(np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]))
    fit = fit_counts(n, rng.binomial(n, logistic(intercept[:, None] + slope[:, None] * at)), seed=index)
    told = [(found.key, found.rep) for found in findings(Stated({90: fit}))]
    (row,) = [row for row in plain_rows(fit.lines()) if row["rep"] == "rep 1"]
    return {
        "all": float(("stated.all_too_extreme", None) in told),
        "rep": float(("stated.too_high", "rep 1") in told),
        "width": float(100 * (row["actual_upper"] - row["actual_lower"])),
    }


def power_table(studies: Mapping[tuple[int, int], Sequence[Row]]) -> dict[str, list[str]]:
    """What is found of how many judges with how many statements each."""
    names = ("judges", "statements each", "all too extreme, said", "far judge too high, said", "interval of that judge")
    columns: dict[str, list[str]] = {name: [] for name in (*names, "worlds")}
    for (n_reps, per_rep), rows in studies.items():
        known = answered(rows)
        shares = [f"{100 * cluster_mean(known, name)[0]:.0f} %" for name in ("all", "rep")]
        width = f"{cluster_mean(known, 'width')[0]:.0f} points"
        values = (str(n_reps), str(per_rep), *shares, width, str(len(known)))
        for name, value in zip(columns, values, strict=True):
            columns[name].append(value)
    return columns


def population_of(fit: StatedFit) -> dict[str, float]:
    """Posterior means of what a judge is drawn from."""
    draws = fit.posterior.draws
    names = {"intercept": "intercept", "slope": "slope", "intercept_sd": "rep_intercept_scale"}
    names |= {"slope_sd": "rep_slope_scale", "correlation": CORRELATION}
    return {name: float(draws[of].mean()) for name, of in names.items()}


def write_study(fit: StatedFit, n_judgments: int, studies: Mapping[tuple[int, int], Sequence[Row]]) -> Path:
    """Write the page."""
    curves = plain_rows(fit.curves([0.15, 0.35, 0.55, 0.75, 0.95]))
    (parts, *_), (everyone, *_) = plain_rows(fit.decomposition()), plain_rows(fit.lines())
    shown = {"stated": [f"{row['stated']:.0%}" for row in curves if row["rep"] == ALL_REPS]}
    for label, name in ((ALL_REPS, "came, all judges"), (NEW_REP, "a judge not yet seen")):
        shown[name] = [_interval(row, "", 100, " %") for row in curves if row["rep"] == label]
    told = [str(found).replace("\N{NO-BREAK SPACE}", " ") for found in findings(Stated({30: fit}))]
    check = cb.predictive_check(fit, seed=1)
    values = {
        "n": f"{n_judgments:,}",
        "people": len(fit.reps),
        "each": f"{fit.n.mean():.0f}",
        "most": f"{fit.n.max():.0f}",
        "slope": _interval(everyone, "slope", 1),
        "intercepts": _draws(fit, "rep_intercept_scale"),
        "slopes": _draws(fit, "rep_slope_scale"),
        "correlation": _draws(fit, CORRELATION),
        "fit": fit.diagnostics,
        "check": str(check).strip().splitlines()[0],
        "far": f"{FAR:g}",
        "least": FEWEST_JUDGMENTS,
        "told": "\n".join(f"- {sentence}" for sentence in told),
        "meaning": markdown_table(shown),
        "power": markdown_table(power_table(studies)),
    }
    values |= {name: _interval(parts, name, 1, digits=3) for name in PARTS[:3]}
    return write_page("speed_dating", "Case study: will this person say yes to you?", PAGE.format(**values))


def _interval(row: Any, name: str, factor: float, unit: str = "", *, digits: int | None = None) -> str:
    """An estimate with its interval."""
    ends = ("estimate", "lower", "upper") if not name else (name, f"{name}_lower", f"{name}_upper")
    n_digits = digits if digits is not None else 0 if factor == 100 else 2
    estimate, lower, upper = (f"{factor * row[end]:.{n_digits}f}" for end in ends)
    return f"{estimate}{unit} ({lower} to {upper})"


def _draws(fit: StatedFit, name: str) -> str:
    values = fit.posterior.draws[name]
    lower, upper = np.quantile(values, [0.05, 0.95])
    return f"{values.mean():.2f} ({lower:.2f} to {upper:.2f})"


def main() -> None:
    """Fit, run what is left of the power study, and write the page when all is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--worlds", type=int, default=50)
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds
    judgments = read_judgments()
    fit = fit_judges(judgments)
    population = population_of(fit)
    studies = {
        (n_reps, per_rep): run_until(
            partial(power_world, population, n_reps, per_rep),
            asked.worlds,
            asked.folder / f"speed_dating_{n_reps}_{per_rep}.npz",
            until,
        )
        for n_reps in N_REPS
        for per_rep in STATEMENTS
    }
    if all(len(rows) == asked.worlds for rows in studies.values()):
        write_study(fit, judgments.n_judgments, studies)


if __name__ == "__main__":
    main()
