"""Do the numbers mean what they say? Simulation-based calibration, coverage, false flags, power.

`python -m studies.trust` runs the full study and writes docs/studies/trust_*.md. Every world is kept in a
folder (`.study` by default), so that the study can be stopped at any time and goes on where it stopped; the pages
say how many worlds stand behind each number. `--only pages` writes them from what has been run so far.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery import coverage_study, false_flag_study, power_study, simulation_based_calibration
from calibra.checks.recovery.sbc import SbcRun
from studies.trust_pages import write_pages
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

type Tell = Callable[[str], None]

MODELS = (RankModel(), ThresholdModel(), LeadTimeModel())
AIM_SBC, AIM_NUTS, AIM_COVERAGE, AIM_BESIDE, AIM_FLAGS, AIM_POWER = 1000, 200, 200, 60, 100, 20
"""Worlds that the full study aims at, per piece."""
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Of the aim, after each round: every piece has been run in part before any is run in full."""
SEED, RERUN_SEED = 1, 2
"""Seed of the study, and of the one declared re-run of a piece that failed."""


def run_laplace(folder: Path, tell: Tell) -> None:
    """Everything but nuts, in rounds; then the one declared re-run of what failed."""
    for share in SHARES:
        _calibrate(folder, share, tell)
        _find(folder, share, tell)
        _cover(folder, share, tell)
    for piece in SBC_PIECES:
        if (again := _rerun_if_failing(piece, folder)) is not None:
            tell(f"{piece.name}, re-run: {again}")


def _calibrate(folder: Path, share: float, tell: Tell) -> None:
    """Simulation-based calibration up to a share of the aim."""
    for piece in SBC_PIECES:
        run = simulation_based_calibration(
            piece.model,
            design=piece.design,
            n_worlds=int(share * AIM_SBC),
            engine="laplace",
            seed=SEED,
            exact=piece.exact,
            cache=sbc_file(folder, piece.name, "laplace", SEED),
        )
        tell(f"{piece.name}: {run}")


def _find(folder: Path, share: float, tell: Tell) -> None:
    """False flags and power up to a share of the aim."""
    n_flags, n_power = int(share * AIM_FLAGS), max(1, int(share * AIM_POWER))
    flags = false_flag_study(design=FLAG_DESIGN, n_worlds=n_flags, seed=SEED, cache=folder / "flags.npz")
    tell(str(flags))
    for kind, gaps, n_per_rep in POWER_PIECES:
        power = power_study(
            design=POWER_DESIGN, kind=kind, gaps=gaps, n_per_rep=n_per_rep, n_worlds=n_power, seed=SEED, cache=folder
        )
        tell(str(power))


def _cover(folder: Path, share: float, tell: Tell) -> None:
    """Coverage up to a share of the aim."""
    for model in MODELS:
        for one in COVERAGE_PIECES:
            n_worlds = int(share * (AIM_COVERAGE if one.reps == "priors" else AIM_BESIDE))
            found = coverage_study(
                model,
                design=one.design,
                n_worlds=n_worlds,
                seed=SEED,
                reps=one.reps,
                cache=coverage_file(folder, model, one),
            )
            tell(str(found))


def _rerun_if_failing(piece: SbcPiece, folder: Path) -> SbcRun | None:
    """The one declared re-run, with another seed."""
    for seed in (SEED, RERUN_SEED):
        run = simulation_based_calibration(
            piece.model,
            design=piece.design,
            n_worlds=AIM_SBC,
            engine="laplace",
            seed=seed,
            exact=piece.exact,
            cache=sbc_file(folder, piece.name, "laplace", seed),
        )
        if seed == SEED and not run.failing:
            return None
    return run


def run_nuts(folder: Path, tell: Tell) -> None:
    """Simulation-based calibration of the nuts engine; each model is compiled once a round."""
    for share in (SHARES[0], 1.0):
        for piece in NUTS_PIECES:
            run = simulation_based_calibration(
                piece.model,
                design=piece.design,
                n_worlds=int(share * AIM_NUTS),
                engine="nuts",
                seed=SEED,
                cache=sbc_file(folder, piece.name, "nuts", SEED),
            )
            tell(f"{piece.name}: {run}")


def main() -> None:
    """Run the study, or the part asked for, and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--only", choices=("laplace", "nuts", "pages"), help="one part of it")
    asked = parser.parse_args()

    def tell(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    if asked.only in (None, "laplace"):
        run_laplace(asked.folder, tell)
    if asked.only in (None, "nuts"):
        run_nuts(asked.folder, tell)
    if asked.only in (None, "pages"):
        for page in write_pages(asked.folder):
            tell(str(page))


if __name__ == "__main__":
    main()
