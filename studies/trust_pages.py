"""The pages of the trust study, written from the worlds that have been run."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery.coverage import CoverageStudy, gather_coverage
from calibra.checks.recovery.flags import gather_flags, gather_power
from calibra.checks.recovery.rows import load_rows
from calibra.checks.recovery.sbc import SbcRun, gather
from calibra.stats.intervals import INTERVAL_PROB
from studies.page import markdown_table, write_page
from studies.trust_pieces import (
    COVERAGE_PIECES,
    FLAG_DESIGN,
    NUTS_PIECES,
    POWER_DESIGN,
    POWER_PIECES,
    SBC_PIECES,
    SbcPiece,
    coverage_file,
    sbc_file,
)

type Floats = NDArray[np.float64]

COMMAND = "Made by `python -m studies.trust`, fixed seeds; N is the number of worlds as run."
RUN_SEEDS = (1, 2)
"""Seed of the study and of the declared re-run."""


def write_pages(folder: Path) -> list[Path]:
    """Write what there is; a part without worlds has no page."""
    pages = [_sbc_page(folder), _coverage_page(folder), _flag_page(folder), _power_page(folder)]
    return [page for page in pages if page is not None]


def _run(folder: Path, piece: SbcPiece, engine: str, seed: int) -> SbcRun | None:
    rows = load_rows(sbc_file(folder, piece.name, engine, seed))
    return gather(piece.title, engine, rows, seed) if len(rows) > 1 else None


def _sbc_page(folder: Path) -> Path | None:
    pairs = [(piece, "laplace") for piece in SBC_PIECES] + [(piece, "nuts") for piece in NUTS_PIECES]
    found = [(piece, run) for piece, engine in pairs if (run := _run(folder, piece, engine, RUN_SEEDS[0])) is not None]
    if not found:
        return None
    again = {
        (piece.name, run.engine): second
        for piece, run in found
        if (second := _run(folder, piece, run.engine, RUN_SEEDS[1])) is not None
    }
    runs = [run for _, run in found]
    parts = [
        COMMAND,
        "Truth, scales included, is drawn from a model's own priors, data are simulated from it in plain numpy on a "
        "fixed design, and the truth is ranked among 99 draws of its posterior. If simulator, model, engine and "
        "reading agree, the ranks are uniform. Ranked are parameters, scales, the log-likelihood and what users read. "
        "The test is ArviZ's `uniformity_test` (`pot_c`); a quantity fails below .01 over the number of quantities of "
        "its run, in the run and in one declared re-run with another seed.",
        "## Are the ranks uniform?",
        _overview(found, again),
        "## What does `auto` catch?",
        "Fits whose diagnostics have a problem (outer or block Pareto k above 0.7, or fewer than 400 effective draws) "
        "go to nuts under `engine='auto'`. Which worlds those are depends on the data alone, so among the others the "
        "ranks should be uniform as well. The weak corner of laplace is a team with few events, a handful of judgments "
        "per rep, and priors that let reps differ wildly.",
        _kept_table([run for run in runs if run.engine == "laplace"]),
    ]
    for run in runs:
        parts += [f"## {run.model}, {run.engine}, N = {run.n_worlds}", _quantities(run)]
    return write_page("trust_sbc", "Simulation-based calibration", *parts)


def _overview(found: list[tuple[SbcPiece, SbcRun]], again: dict[tuple[str, str], SbcRun]) -> str:
    rows = []
    for piece, run in found:
        p = run.p_values
        second = again.get((piece.name, run.engine))
        failing = [name for name in run.failing if second is None or name in second.failing]
        words = ", ".join(failing) if failing else "none"
        if run.failing and second is None:
            words += " (not run again yet)"
        rows.append(
            (
                run.model,
                run.engine,
                run.n_worlds,
                len(run.names),
                f"{p.min():.2g}",
                f"{run.threshold:.2g}",
                ", ".join(run.failing) or "none",
                "" if second is None else f"{second.n_worlds}: {', '.join(second.failing) or 'none'}",
                words,
                run.n_failed,
            )
        )
    names = (
        "model",
        "engine",
        "N",
        "quantities",
        "smallest p",
        "fails below",
        "below it in the run",
        "below it in the re-run (N: which)",
        "failing",
        "fits without an answer",
    )
    return markdown_table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _kept_table(runs: list[SbcRun]) -> str:
    rows = []
    for run in runs:
        kept, doubted = run.kept, run.pit[run.doubted]
        rows.append(
            (
                run.model,
                run.n_worlds,
                f"{run.doubted.mean():.1%}",
                kept.n_worlds,
                f"{kept.p_values.min():.2g}" if kept.n_worlds > 1 else "",
                ", ".join(kept.failing) or "none",
                f"{_covered(doubted):.3f}" if len(doubted) else "",
                f"{_covered(kept.pit):.3f}",
            )
        )
    names = (
        "model",
        "N",
        "sent to nuts",
        "kept",
        "smallest p, kept",
        "failing, kept",
        "laplace's 90 % intervals, sent: cover",
        "kept: cover",
    )
    return markdown_table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _covered(pit: Floats) -> float:
    """Share of all places inside the middle 90 %."""
    known = pit[np.isfinite(pit)]
    return float((np.abs(known - 0.5) < 0.45).mean())


def _quantities(run: SbcRun) -> str:
    table = run.table
    return markdown_table(
        {
            "quantity": table["quantity"].tolist(),
            "p": [f"{p:.3g}" for p in table["p_value"]],
            "mean (½)": [f"{v:.3f}" for v in table["mean_pit"]],
            "sd ratio (1)": [f"{v:.3f}" for v in table["sd_ratio"]],
            "90 % intervals cover": [f"{v:.3f}" for v in table["covered_90"]],
            "uniform": ["yes" if ok else "NO" for ok in table["uniform"]],
        }
    )


def _coverage_page(folder: Path) -> Path | None:
    studies: list[CoverageStudy] = []
    for model in (RankModel(), ThresholdModel(), LeadTimeModel()):
        for piece in COVERAGE_PIECES:
            rows = load_rows(coverage_file(folder, model, piece))
            if rows:
                studies.append(gather_coverage(type(model).__name__, piece.design, piece.reps, INTERVAL_PROB, rows))
    if not studies:
        return None
    parts = [
        COMMAND + " Engine laplace, 20 reps at three ranks, 400 draws. Data come as a user's do: whole days, and the "
        "direction of the threshold model's shift from the counts.",
        "Nominal (within two points or three world-clustered standard errors of 90 %) is promised for truth drawn from "
        "the priors, on average over reps.",
        "## Truth from the priors",
        _coverage_table([s for s in studies if s.reps == "priors"], judged=True),
        "The recommended share covers more than its level, because many a true one is exactly 0 (no prospect keeps the "
        "promise) or 1 (all do), and an interval that ends there holds it. With ties broken at random, as in "
        "simulation-based calibration, its ranks are uniform.",
        "## Extreme and identical reps",
        "`extreme`: two reps of every world stand 2.5 standard deviations out, one to each side, and only they count: "
        "they are drawn toward the others, the more so the fewer their judgments, and covered less often. `identical`: "
        "all reps are the same rep; pooling makes their intervals cautious.",
        _coverage_table([s for s in studies if s.reps != "priors"], judged=False),
    ]
    return write_page("trust_coverage", "Do the intervals hold the truth?", *parts)


def _coverage_table(studies: list[CoverageStudy], *, judged: bool) -> str:
    rows = [
        (
            s.model,
            s.reps,
            f"{s.judgments_per_rep:g}",
            name,
            f"{s.covered[i]:.3f}",
            f"{s.standard_error[i]:.3f}",
            "yes" if s.is_nominal[i] else "NO",
            s.n_worlds,
        )
        for s in studies
        for i, name in enumerate(s.quantities)
    ]
    names = ["model", "reps", "judgments per rep", "quantity", "covered", "standard error", "nominal", "N"]
    columns = (
        dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {name: [] for name in names}
    )
    return markdown_table({name: values for name, values in columns.items() if judged or name != "nominal"})


def _flag_page(folder: Path) -> Path | None:
    rows = load_rows(folder / "flags.npz")
    if not rows:
        return None
    found = gather_flags(FLAG_DESIGN, rows)
    return write_page(
        "trust_flags",
        "What is said of reps who are alike?",
        COMMAND + f" {found.n_worlds} worlds of {found.n_reps} identical reps with {found.judgments_per_rep:g} "
        "judgments each, engine laplace, default margins. `promise kept`: the scale promises exactly what "
        "the reps deliver.",
        markdown_table(
            {
                "said": list(found.utterances),
                "rate": [f"{100 * v:.3f} %" for v in found.rate],
                "standard error": [f"{100 * v:.3f}" for v in found.standard_error],
                "largest in a world": [f"{100 * v:.1f} %" for v in found.largest],
                "stated, at most": [f"{100 * found.stated_rate:.0f} %"] * len(found.rate),
                "holds": ["yes" if ok else "NO" for ok in found.holds],
            }
        ),
        "A verdict counts per rep and boundary, everything else per rep.",
    )


def _power_page(folder: Path) -> Path | None:
    parts = [
        COMMAND + f" {len(POWER_DESIGN.n)} reps, ten of them in line, five so far to one side and five to the other; "
        "engine laplace, default margins (1.25 on the odds; 1.2 on the median).",
    ]
    for kind, gaps, n_per_rep in POWER_PIECES:
        found = gather_power(folder, POWER_DESIGN, kind, gaps, n_per_rep, seed=RUN_SEEDS[0])
        if found is None:
            continue
        parts += [
            f"## Reps who differ in {kind}",
            _WHAT[kind],
            markdown_table(
                {
                    "gap": [f"{v:g}" for v in found.gap],
                    "judgments per rep": found.n.tolist(),
                    "found": [f"{v:.2f}" for v in found.found],
                    "standard error": [f"{v:.2f}" for v in found.standard_error],
                    "wrong side": [f"{v:.3f}" for v in found.wrong_side],
                    "in line, yet flagged": [f"{v:.3f}" for v in found.in_line_flagged],
                    "N": [found.n_worlds] * len(found.gap),
                }
            ),
        ]
        needed = found.judgments_until_found()
        said = [
            f"{gap:g}: " + (f"about {n:.0f}" if np.isfinite(n) else f"more than {max(n_per_rep)}")
            for gap, n in needed.items()
        ]
        parts.append(f"Judgments per rep until four in five are found, by gap: {'; '.join(said)}.")
    return write_page("trust_power", "Who is found, and with how many judgments?", *parts) if len(parts) > 1 else None


_WHAT = {
    "outcomes": "Outcomes lie so many points below or above all reps' at the same ranks; found: `profiles` says so "
    "with at least 90 %.",
    "shares": "The best rank is used for so many points more or fewer of the prospects of the same pool; found: the "
    "verdict on its threshold, to all reps' bars, is to tighten or to loosen.",
    "lead times": "The median lead time is so many per cent longer or shorter; found: `tempo` says slower or faster "
    "with at least 90 %.",
}
