"""Lines of stated percentages against lme4's `glmer`, which maximises the likelihood: alike where priors are weak."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel
from calibra.chapters.stated.shape import shape_of
from calibra.data.counting.stated import StatedCells
from calibra.inference.engines import sample_posterior
from calibra.stats.forecasts.pooled import pooled_calibration
from tests.chapters.stated.worlds import LOG_ODDS, WEAK, cells_of, counted, logistic

LINE = StatedModel(priors=WEAK, departure=False)
GLMER = """
suppressMessages(library(lme4))
cells <- read.csv("cells.csv", colClasses = c(rep = "character"))
formula <- cbind(events, n - events) ~ x + {terms}
fit <- glmer(formula, data = cells, family = binomial, control = glmerControl(optimizer = "bobyqa"))
lines <- coef(fit)$rep
write.csv(data.frame(rep = rownames(lines), intercept = lines[, 1], slope = lines[, 2]), "lines.csv", row.names = FALSE)
write.csv(data.frame(fixed = fixef(fit)), "fixed.csv", row.names = FALSE)
write.csv(as.data.frame(VarCorr(fit))[, c("sdcor", "var2")], "spread.csv", row.names = FALSE)
"""


def has_lme4() -> bool:
    """Whether R is there, and lme4 in it."""
    rscript = shutil.which("Rscript")
    return rscript is not None and not subprocess.run([rscript, "-e", "library(lme4)"], capture_output=True).returncode


needs_lme4 = pytest.mark.skipif(not has_lme4(), reason="needs R with lme4 (Debian: r-base-core, r-cran-lme4)")


def glmer(cells: StatedCells, folder: Path, *, correlated: bool) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Lines of the reps, the fixed line, and standard deviations, by lme4."""
    rep, value = np.nonzero(cells.n)
    kept = {"rep": np.array(cells.reps)[rep], "x": cells.log_odds[rep, value]}
    counts = {"n": cells.n[rep, value], "events": cells.events[rep, value]}
    pd.DataFrame(kept | counts).to_csv(folder / "cells.csv", index=False)
    (folder / "fit.R").write_text(GLMER.format(terms="(1 + x | rep)" if correlated else "(1 | rep) + (0 + x | rep)"))
    subprocess.run(["Rscript", "fit.R"], cwd=folder, check=True, capture_output=True)
    lines, fixed, spread = (pd.read_csv(folder / f"{name}.csv") for name in ("lines", "fixed", "spread"))
    return lines.astype({"rep": str}).set_index("rep"), fixed["fixed"].to_numpy(), spread["sdcor"].to_numpy()


def fitted(cells: StatedCells, *, correlated: bool, draws: int = 4000) -> StatedFit:
    """The model of the library, a line and weak priors."""
    shape = shape_of(cells)
    declared = LINE.declare(cells, shape)
    declared = declared if correlated else replace(declared, correlation=None)
    posterior = sample_posterior(declared, seed=1, engine="laplace", draws=draws, progress=False)
    return StatedFit(cells, shape, declared, posterior)


def true_cells(
    seed: int, sizes: list[int], *, sd: tuple[float, float], rho: float, at: tuple[float, float]
) -> StatedCells:
    """Reps of these sizes with lines of this spread around a line."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((2, len(sizes)))
    intercept = at[0] + sd[0] * z[0]
    slope = at[1] + sd[1] * (rho * z[0] + np.sqrt(1.0 - rho**2) * z[1])
    return counted(rng, logistic(intercept[:, None] + slope[:, None] * LOG_ODDS), np.array(sizes))


DESIGNS = {
    "twenty reps of 1,500": (1, [1500] * 20, (0.5, 0.25), 0.0, (-0.4, 0.8)),
    "sixteen reps, some of 600, some of 4,000": (2, [600, 4000] * 8, (0.6, 0.2), -0.5, (0.2, 0.6)),
    "thirty reps, events rare": (3, [1200] * 30, (0.4, 0.2), 0.4, (-2.0, 1.0)),
}


@needs_lme4
@pytest.mark.parametrize("design", DESIGNS)
def test_lines_are_those_of_glmer(design: str, tmp_path: Path) -> None:
    seed, sizes, sd, rho, at = DESIGNS[design]
    cells = true_cells(seed, sizes, sd=sd, rho=rho, at=at)
    lines, fixed, _ = glmer(cells, tmp_path, correlated=True)
    fit = fitted(cells, correlated=True)
    found = np.stack([draws.mean(axis=0) for draws in fit.line_draws()], axis=1)
    np.testing.assert_allclose(found, lines.loc[list(fit.reps), ["intercept", "slope"]], atol=0.04)
    assert float(fit.posterior["slope"].mean()) == pytest.approx(fixed[1], abs=0.02)


def speed_dating(folder: Path) -> StatedCells:
    """How likely each judge thought it that the other says yes, 1 to 10, as a probability, and the yes."""
    rows = pd.read_csv(folder / "speed_dating" / "judgements.csv").dropna(subset=["rank"])
    stated = ((rows["rank"] - 0.5) / 10).clip(0.025, 0.975)
    judge = rows["rep"].astype(int).astype(str)
    cells = rows.groupby([judge, stated])["outcome"].agg(["size", "sum"]).unstack(fill_value=0)
    n, events = (cells[name].to_numpy().astype(np.int64) for name in ("size", "sum"))
    made = cells_of(n, events, cells["size"].columns.to_numpy(dtype=float))
    return replace(made, reps=tuple(cells.index))


def test_lines_of_speed_dating_are_those_of_lme4(shared_data: Path) -> None:
    # ACCEPTANCE A16: glmer, y ~ x + (1 | judge) + (0 + x | judge), 8,069 with a rank, 550 judges.
    fit = fitted(speed_dating(shared_data), correlated=False, draws=1000)
    assert (int(fit.n.sum()), len(fit.reps)) == (8069, 550)
    draws = fit.posterior.draws
    assert float(draws["intercept"].mean()) == pytest.approx(-0.3044, abs=0.02)
    assert float(draws["slope"].mean()) == pytest.approx(0.3380, abs=0.02)
    assert float(draws["rep_intercept_scale"].mean()) == pytest.approx(0.9915, abs=0.04)
    assert float(draws["rep_slope_scale"].mean()) == pytest.approx(0.1299, abs=0.08)


@needs_lme4
def test_lme4_itself_gives_the_published_lines_of_speed_dating(shared_data: Path, tmp_path: Path) -> None:
    cells = speed_dating(shared_data)
    lines, fixed, spread = glmer(cells, tmp_path, correlated=False)
    assert fixed == pytest.approx([-0.3044, 0.3380], abs=5e-4)
    assert spread == pytest.approx([0.9915, 0.1299], abs=5e-3)
    fit = fitted(cells, correlated=False, draws=1000)
    found = np.stack([draws.mean(axis=0) for draws in fit.line_draws()], axis=1)
    off = np.abs(found - lines.loc[list(fit.reps), ["intercept", "slope"]].to_numpy())
    # Fifteen statements a judge: the mean of what is likely, ours, is not its peak, theirs.
    assert off.mean(axis=0).max() < 0.06
    rows = pd.read_csv(shared_data / "speed_dating" / "judgements.csv").dropna(subset=["rank"])
    stated = ((rows["rank"] - 0.5) / 10).clip(0.025, 0.975)
    peak = pooled_calibration(rows["outcome"], stated, rows["rep"].astype(int), correlated=False)
    theirs = lines.loc[list(peak.groups), ["intercept", "slope"]]
    np.testing.assert_allclose(peak.group_lines, theirs, atol=0.005)
