"""What the checks read of a fit, whatever the model: its declarations and posteriors, its cells, its quantities."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from calibra.inference.engines import Declaration
from calibra.inference.posterior import Posterior

if TYPE_CHECKING:
    from calibra.data.counting.judgments import Judgments

type Floats = NDArray[np.float64]

ALL_REPS_SUFFIX = ", all reps"
"""Ends the names of quantities that are not of single reps."""
MOST_DRAWS = 500
"""Draws that are replicated at most; more add time and no insight."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """Draws of a reported quantity."""

    draws: Floats
    """(draw, entry)."""
    labels: tuple[str, ...]
    """What the entries are called."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveCells:
    """Occupied cells, and draws of what is expected in them."""

    what: str
    """What the cells are of, e.g. `rep × rank`."""
    labels: Mapping[str, NDArray[np.object_]]
    """Label columns, one entry per cell."""
    size: Floats
    """Judgments, or person-days under observation, (cell,)."""
    observed: Floats
    """Events seen, (cell,)."""
    draws: Floats
    """Draws of the probability of an event, or, where `poisson`, of the expected count; (draw, cell)."""
    poisson: bool = False
    """Whether counts are Poisson; else binomial."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A fit as the checks see it."""

    declarations: Mapping[str, Declaration]
    """Ending to what was declared; one, "event", for most models."""
    posteriors: Mapping[str, Posterior]
    """Ending to the draws."""
    with_posteriors: Callable[[Mapping[str, Posterior]], "ModelFit"]
    """The same fit with other draws."""
    cells: Callable[["Judgments | None", tuple[str, ...]], PredictiveCells]
    """Cells with the draws of what is expected, counted finer by further groupings of the judgments."""
    quantities: Callable[[], Mapping[str, Quantity]]
    """What is reported: what the priors should not move."""
    ranked: Callable[[], Mapping[str, Floats]]
    """Name to draws, (draw,), of what simulation-based calibration ranks. The first and the last rep stand for all."""
    intervals: Callable[[], Mapping[str, Floats]]
    """Name to draws of everything reported with an interval: (draw, rep, …), or (draw, …) for all reps."""


@runtime_checkable
class ModelFit(Protocol):
    """The fit of a model: what the checks take."""

    def checked(self) -> Checked:
        """What the checks read of it."""
        ...


def occupied_cells(
    axes: Mapping[str, Sequence[str]], size: Floats, observed: Floats, draws: Floats, *, poisson: bool = False
) -> PredictiveCells:
    """Arrays over labelled axes, draws with the draw first, as a list of the cells that hold anything."""
    kept = np.nonzero(size > 0)
    labels = {name: np.array(axes[name], dtype=object)[kept[i]] for i, name in enumerate(axes)}
    counts = size[kept].astype(float), observed[kept].astype(float)
    return PredictiveCells(" × ".join(axes), labels, *counts, at_cells(draws, kept), poisson)


def at_cells(draws: Floats, kept: tuple[NDArray[np.intp], ...]) -> Floats:
    """Draws (draw, axis, …) at these cells, (draw, cell)."""
    index: tuple[Any, ...] = (slice(None), *kept)
    return np.asarray(draws[index])


def kept_draws(n_draws: int) -> NDArray[np.int64]:
    """Which draws are replicated: evenly spread, at most `MOST_DRAWS`."""
    return np.unique(np.linspace(0, n_draws - 1, min(n_draws, MOST_DRAWS)).round()).astype(np.int64)


def thin(draws: Floats) -> Floats:
    """The draws that are replicated."""
    return draws[kept_draws(len(draws))]


def first_rep(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first rep's only or first column."""
    return values[:, 0] if values.ndim == 2 else values[:, 0, 0]
