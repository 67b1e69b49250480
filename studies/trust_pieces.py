"""The pieces of the full trust study on simulation-based calibration: what is run, with which design and seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibra.chapters.design import SCALE, Design, Reps
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery.flags import Gap
from calibra.checks.recovery.sbc import Model
from calibra.data.scale import RankScale
from calibra.inference.declare.priors import HalfNormal, Normal

SMALL = Design(
    np.array([[2, 3, 4], [3, 5, 8], [5, 8, 12], [8, 8, 8], [10, 10, 10], [6, 12, 20], [15, 15, 15], [10, 20, 30]])
)
"""Eight reps with 9 to 60 judgments at three ranks."""
SPARSE = Design(np.array([[60, 3], [2, 3], [3, 3], [3, 2], [4, 4], [2, 2]]), RankScale(SCALE.ranks[:2], {}))
"""Two ranks, a handful of judgments each, and one rep with many at one rank."""
FEW_EVENTS = RankModel(priors=RankPriors(rank_mean=Normal(-4.0, 1.0), level=HalfNormal(2.0), slope=HalfNormal(1.5)))
"""Events are rare and reps may differ wildly: blocks far from normal, laplace's weak corner."""


@dataclass(frozen=True, slots=True, eq=False)
class SbcPiece:
    """One run of simulation-based calibration."""

    name: str
    """Name, also of its cache file."""
    title: str
    """What it is, in words."""
    model: Model
    """The model."""
    design: Design
    """The design."""
    exact: bool = True
    """Whether worlds are the model's to the letter."""


SBC_PIECES = (
    SbcPiece("rank", "RankModel", RankModel(), SMALL),
    SbcPiece("threshold", "ThresholdModel", ThresholdModel(), SMALL),
    SbcPiece("lead_time", "LeadTimeModel", LeadTimeModel(), SMALL),
    SbcPiece("weak_corner", "RankModel, few events and wild reps", FEW_EVENTS, SPARSE),
    SbcPiece(
        "threshold_as_fitted", "ThresholdModel, shift taken from the counts", ThresholdModel(), SMALL, exact=False
    ),
    SbcPiece("lead_time_as_fitted", "LeadTimeModel, whole days", LeadTimeModel(), SMALL, exact=False),
)
"""What the full study runs."""
NUTS_PIECES = SBC_PIECES[:3]
"""What nuts is tried on."""


@dataclass(frozen=True, slots=True, eq=False)
class CoveragePiece:
    """One design of the coverage study, run for each model."""

    n_per_rep: int
    """Judgments of each rep."""
    reps: Reps
    """How reps differ."""

    @property
    def design(self) -> Design:
        """Twenty reps, evenly over the ranks."""
        return Design.even(n_reps=20, n_per_rep=self.n_per_rep)


COVERAGE_PIECES = (
    *(CoveragePiece(n, "priors") for n in (5, 20, 100)),
    *(CoveragePiece(n, "extreme") for n in (5, 20, 100)),
    CoveragePiece(20, "identical"),
)
"""Truth from the priors by number of judgments; beside it extreme and identical reps."""
FLAG_DESIGN = Design.even(n_reps=100, n_per_rep=60)
"""A hundred reps who are alike, sixty judgments each."""
POWER_DESIGN = Design.even(n_reps=20, n_per_rep=60)
"""Twenty reps, ten of them in line."""
POWER_PIECES: tuple[tuple[Gap, tuple[float, ...], tuple[int, ...]], ...] = (
    ("outcomes", (10.0, 15.0, 20.0), (20, 50, 100, 200, 500)),
    ("shares", (10.0, 20.0), (50, 100, 200, 500)),
    ("lead times", (30.0, 50.0), (50, 100, 200, 500)),
)
"""Kind, gaps, judgments per rep."""


def sbc_file(folder: Path, name: str, engine: str, seed: int) -> Path:
    """Where the worlds of a run are kept."""
    return folder / f"sbc_{name}_{engine}_{seed}.npz"


def coverage_file(folder: Path, model: Model, piece: CoveragePiece) -> Path:
    """Where the worlds of a coverage study are kept."""
    return folder / f"coverage_{type(model).__name__}_{piece.reps}_{piece.n_per_rep}.npz"
