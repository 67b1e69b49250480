"""Do the numbers mean what they say? Simulation-based calibration, coverage, false flags, power.

`python -m studies.trust` runs the full study and writes docs/studies/trust_*.md. Every world is kept in a
folder (`.study` by default), so that the study can be stopped at any time and goes on where it stopped; the pages
say how many worlds stand behind each number. `--only pages` writes them from what has been run so far; `--parts` runs
those whose names hold one of the words; `--seconds` begins nothing new after a while, and the next call goes on.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery import coverage_study, false_flag_study, power_study, simulation_based_calibration
from calibra.checks.recovery.flags import Gap, power_file
from calibra.checks.recovery.rows import load_rows
from calibra.checks.recovery.sbc import Model, SbcEngine, SbcRun
from studies.trust_pages import write_pages
from studies.trust_pieces import (
    COVERAGE_PIECES,
    FLAG_DESIGN,
    NUTS_PIECES,
    POWER_DESIGN,
    POWER_PIECES,
    SBC_PIECES,
    CoveragePiece,
    SbcPiece,
    coverage_file,
    sbc_file,
)

type Tell = Callable[[str], None]

MODELS = (RankModel(), ThresholdModel(), LeadTimeModel())
AIM_SBC, AIM_NUTS, AIM_COVERAGE, AIM_BESIDE, AIM_FLAGS, AIM_POWER = 1000, 200, 200, 60, 100, 20
"""Worlds that the full study aims at, per part."""
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Of the aim, after each round: every part has been run in part before any is run in full."""
NUTS_SHARES = (0.05, 1.0)
"""The same for nuts, whose models are compiled once a step."""
SEED, RERUN_SEED = 1, 2
"""Seed of the study, and of the one declared re-run of a part that failed."""
STEP = 25
"""Worlds between two looks at the clock."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is run and kept on its own."""

    name: str
    """Its name."""
    aim: int
    """Worlds of the full study."""
    files: tuple[Path, ...]
    """Where its worlds are kept."""
    run: Callable[[int], object]
    """Run so many worlds, those kept not again; what comes of it, to be read."""
    step: int = STEP
    """Worlds between two looks at the clock."""

    @property
    def n_kept(self) -> int:
        """Worlds run so far."""
        return min(len(load_rows(file)) for file in self.files)


def run_parts(parts: Sequence[Part], tell: Tell, *, until: float, shares: Sequence[float] = SHARES) -> bool:
    """Run every part in rounds; False if time (of the monotonic clock) was over before all was run."""
    for share in shares:
        for part in parts:
            aim, result = max(2, round(share * part.aim)), None
            while (kept := part.n_kept) < aim:
                if time.monotonic() > until:
                    return False
                result = part.run(min(kept + part.step, aim))
            if result is not None:
                tell(f"{part.name}: {result}")
    return True


def laplace_parts(folder: Path) -> list[Part]:
    """Everything but nuts."""
    sbc = [_sbc_part(folder, piece, "laplace", SEED, AIM_SBC) for piece in SBC_PIECES]
    coverage = [_coverage_part(folder, model, piece) for model in MODELS for piece in COVERAGE_PIECES]
    power = [_power_part(folder, *piece) for piece in POWER_PIECES]
    return [*sbc, _flag_part(folder), *power, *coverage]


def nuts_parts(folder: Path) -> list[Part]:
    """Simulation-based calibration of the nuts engine."""
    return [_sbc_part(folder, piece, "nuts", SEED, AIM_NUTS) for piece in NUTS_PIECES]


def _sbc_part(folder: Path, piece: SbcPiece, engine: SbcEngine, seed: int, aim: int) -> Part:
    file = sbc_file(folder, piece.name, engine, seed)

    def run(n_worlds: int) -> SbcRun:
        return simulation_based_calibration(
            piece.model,
            design=piece.design,
            n_worlds=n_worlds,
            engine=engine,
            seed=seed,
            exact=piece.exact,
            cache=file,
        )

    step = STEP if engine == "laplace" else AIM_NUTS // 4
    return Part(f"calibration {piece.name} {engine} {seed}", aim, (file,), run, step)


def _flag_part(folder: Path) -> Part:
    file = folder / "flags.npz"
    return Part(
        "flags",
        AIM_FLAGS,
        (file,),
        lambda n_worlds: false_flag_study(design=FLAG_DESIGN, n_worlds=n_worlds, seed=SEED, cache=file),
    )


def _power_part(folder: Path, kind: Gap, gaps: tuple[float, ...], n_per_rep: tuple[int, ...]) -> Part:
    def run(n_worlds: int) -> object:
        return power_study(
            design=POWER_DESIGN, kind=kind, gaps=gaps, n_per_rep=n_per_rep, n_worlds=n_worlds, seed=SEED, cache=folder
        )

    files = tuple(power_file(folder, kind, gap, n, SEED) for gap in gaps for n in n_per_rep)
    return Part(f"power {kind}", AIM_POWER, files, run)


def _coverage_part(folder: Path, model: Model, piece: CoveragePiece) -> Part:
    file = coverage_file(folder, model, piece)

    def run(n_worlds: int) -> object:
        return coverage_study(model, design=piece.design, n_worlds=n_worlds, seed=SEED, reps=piece.reps, cache=file)

    aim = AIM_COVERAGE if piece.reps == "priors" else AIM_BESIDE
    return Part(f"coverage {type(model).__name__} {piece.reps} {piece.n_per_rep}", aim, (file,), run)


def reruns(folder: Path, parts: Sequence[Part]) -> list[Part]:
    """The one declared re-run, with another seed, of what failed among these parts."""
    of_name = {part.name: part for part in parts}
    pairs = ((piece, _sbc_part(folder, piece, "laplace", SEED, AIM_SBC)) for piece in SBC_PIECES)
    return [
        _sbc_part(folder, piece, "laplace", RERUN_SEED, AIM_SBC)
        for piece, part in pairs
        if part.name in of_name and isinstance(run := part.run(part.n_kept), SbcRun) and run.failing
    ]


def main() -> None:
    """Run the study, or the part asked for, and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--only", choices=("laplace", "nuts", "pages"), help="one part of it")
    parser.add_argument("--parts", nargs="+", default=[""], help="words, one of which the names of parts must hold")
    parser.add_argument("--seconds", type=float, default=np.inf, help="begin nothing new after so long")
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds

    def tell(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def chosen(parts: list[Part]) -> list[Part]:
        return [part for part in parts if any(word in part.name for word in asked.parts)]

    whole = True
    if asked.only in (None, "laplace"):
        parts = chosen(laplace_parts(asked.folder))
        whole = run_parts(parts, tell, until=until) and run_parts(reruns(asked.folder, parts), tell, until=until)
    if asked.only in (None, "nuts"):
        whole &= run_parts(chosen(nuts_parts(asked.folder)), tell, until=until, shares=NUTS_SHARES)
    tell("All of it has been run." if whole else "Time is over; the next call goes on.")
    if asked.only in (None, "pages"):
        for page in write_pages(asked.folder):
            tell(str(page))


if __name__ == "__main__":
    main()
