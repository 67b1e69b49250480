"""The detection model: base rate, discrimination and cutpoints of every rep, partially pooled; one declaration.

    params_r = mean + B u_r,    u_r ~ Normal(0, diag σ²),    counts_r ~ signal detection(params_r)

params = (logit base rate, d, log-ratios of the nominal rank shares), as in `calibra.stats.detection.likelihood`. The
columns of B are the base rate, the discrimination, a shift of all cutpoints together, and K − 2 changes of spacing.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from calibra.errors import InputError
from calibra.inference.declare.checks import check_whole
from calibra.inference.declare.priors import Normal, ScalePrior
from calibra.stats.detection.likelihood import contrast_basis
from calibra.tables import brief

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DetectionModel:
    """Judgments and events per rep and rank, and the priors of what explains them.

    Raises
    ------
    InputError
        Fewer than two ranks, shapes that do not fit each other, counts that cannot be.
    """

    __repr__ = brief

    n: Floats
    """Judgments, (rep, rank), best rank first."""
    events: Floats
    """Events among them, (rep, rank)."""
    reps: tuple[str, ...]
    """One label a rep."""
    ranks: tuple[str, ...]
    """One label a rank, best first."""
    base_mean: Normal
    """Prior of a typical rep's base rate, log-odds."""
    discrimination_mean: Normal
    """Prior of a typical rep's discrimination d; it may be negative."""
    share_mean: Normal
    """Prior of each log-ratio of a typical rep's rank shares."""
    base_scale: ScalePrior
    """Standard deviation between reps of the base rate, log-odds."""
    discrimination_scale: ScalePrior
    """Standard deviation between reps of d."""
    shift_scale: ScalePrior
    """Standard deviation between reps of the shift of all cutpoints together, in standard deviations of the signal."""
    spacing_scale: ScalePrior
    """Standard deviation between reps of each change of spacing, log-ratio of shares."""

    def __post_init__(self) -> None:
        shape = (len(self.reps), len(self.ranks))
        if self.n.shape != shape or self.events.shape != shape:
            raise InputError(f"`n` and `events` must be {shape} (rep, rank); got {self.n.shape}, {self.events.shape}.")
        if len(self.ranks) < 2:
            raise InputError(
                f"Thresholds lie between ranks: two ranks or more are needed; got {len(self.ranks)} "
                f"({', '.join(self.ranks)}). Use RankModel, which needs no second rank."
            )
        check_whole("n", self.n, self.reps)
        check_whole("events", self.events, self.reps)
        if np.any(self.events > self.n):
            raise InputError("a cell holds more events than judgments; check the counts.")

    @property
    def n_reps(self) -> int:
        """Number of reps."""
        return len(self.reps)

    @property
    def scale_priors(self) -> dict[str, ScalePrior]:
        """Every learned scale by name, in the order of their first block column; no spacing with two ranks."""
        scales = {
            "base_scale": self.base_scale,
            "discrimination_scale": self.discrimination_scale,
            "shift_scale": self.shift_scale,
            "spacing_scale": self.spacing_scale,
        }
        return scales if len(self.ranks) > 2 else {name: scales[name] for name in list(scales)[:3]}

    def with_scale_prior(self, name: str, prior: ScalePrior) -> "DetectionModel":
        """The same declaration with another prior of one scale."""
        return replace(self, **{name: prior})  # type: ignore[arg-type]

    @property
    def scale_of_column(self) -> NDArray[np.intp]:
        """Index into `scale_priors` of each column of a rep's block, (K + 1,)."""
        return np.array([0, 1, 2, *[3] * (len(self.ranks) - 2)], dtype=np.intp)

    @property
    def mean_prior(self) -> tuple[Floats, Floats]:
        """Prior mean and standard deviation of the population parameters, (K + 1,) each."""
        priors = [self.base_mean, self.discrimination_mean, *[self.share_mean] * (len(self.ranks) - 1)]
        return np.array([p.mean for p in priors]), np.array([p.sd for p in priors])

    @property
    def block_basis(self) -> Floats:
        """B, (K + 1, K + 1): a rep's deviations to parameters.

        Moving all cutpoints down by δ signal standard deviations changes log share k by δ E[s | rank k] to first
        order; that direction, at all reps' shares, is the shift. The spacings are an orthonormal rest.
        """
        counts = self.n.sum(axis=0) + 0.5
        shares = counts / counts.sum()
        below = np.concatenate([[1.0], np.cumsum(shares[::-1])[::-1][1:], [0.0]])
        edges = np.where((below > 0) & (below < 1), ndtri(np.clip(below, 1e-300, 1.0 - 1e-16)), np.inf)
        density = np.exp(-0.5 * edges**2) / np.sqrt(2.0 * np.pi)
        shift = contrast_basis(len(shares)).T @ ((density[1:] - density[:-1]) / shares)
        rest = np.linalg.svd(shift[None])[2][1:].T
        basis = np.zeros((len(shares) + 1, len(shares) + 1))
        basis[0, 0] = basis[1, 1] = 1.0
        basis[2:, 2] = shift
        basis[2:, 3:] = rest
        return basis

    @property
    def layout(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Dims of every named draw, and labels of every dim."""
        ratios = tuple(str(i) for i in range(len(self.ranks) - 1))
        dims: dict[str, tuple[str, ...]] = {
            "population": ("parameter",),
            "deviation": ("rep", "column"),
            **dict.fromkeys(self.scale_priors, ()),
        }
        coords = {
            "rep": self.reps,
            "parameter": ("base", "discrimination", *(f"log_ratio_{i}" for i in ratios)),
            "column": ("base", "discrimination", "shift", *(f"spacing_{i}" for i in ratios[:-1])),
        }
        return dims, coords

    def rep_params(self, population: Floats, deviation: Floats) -> Floats:
        """Parameters of every rep: (draw, K + 1) and (draw, rep, K + 1) → (draw, rep, K + 1)."""
        return population[:, None, :] + deviation @ self.block_basis.T
