"""Reps of another kind: the normal of a rep's terms, contaminated by a wider one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError, check_number

type Floats = NDArray[np.float64]


class Precisions(NamedTuple):
    """The precision of one or two terms of most reps, less that of the odd ones; arrays, or variables of PyTensor."""

    diagonal: tuple[Any, ...]
    """One entry a term."""
    coupling: Any
    """The entry off the diagonal; 0 of one term."""
    log_root: Any
    """½ log of how much larger the determinant of the covariance is of the odd ones."""


@dataclass(frozen=True, slots=True)
class OddReps:
    """With probability π a rep is odd: Normal(0, sd²) of its own is added to each of some terms.

        u_r ~ (1 − π) Normal(0, Σ) + π Normal(0, Σ + diag sd²)

    A rep far from all others is then drawn to them less, whatever the spread of these. What a rep never seen may be
    hardly widens, unlike under a t, whose tails grow with Σ (contaminated normal: Tukey 1960; Box & Tiao 1968,
    doi:10.1093/biomet/55.1.119).
    """

    terms: tuple[str, ...]
    """Names of the terms, one or two of one column; of two that are correlated both or neither."""
    sd: tuple[float, ...]
    """What is added to each, as a standard deviation."""
    share: float
    """π, between 0 and 1."""

    def __post_init__(self) -> None:
        if len(self.terms) not in (1, 2) or len(self.sd) != len(self.terms):
            raise InputError(
                f"odd reps must have one or two terms and a standard deviation for each; got {list(self.terms)} and "
                f"{list(self.sd)}."
            )
        for name, value, below in (("share", self.share, 1.0), *(("sd", sd, np.inf) for sd in self.sd)):
            check_number(value, name)
            if not 0.0 < value < below:
                raise InputError(f"`{name}` of odd reps must be above 0 and below {below:g}; got {value!r}.")

    @property
    def log_odds(self) -> float:
        """Of being odd, before anything is seen."""
        return float(np.log(self.share) - np.log1p(-self.share))

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draws of what is added to the terms of a rep, (*shape, term): 0 of most."""
        added = rng.standard_normal((*shape, len(self.sd))) * np.array(self.sd)
        return np.asarray(np.where(rng.random((*shape, 1)) < self.share, added, 0.0))

    def precisions(
        self, scales: Sequence[Any], correlation: Any = 0.0, log: Callable[[Any], Any] = np.log
    ) -> Precisions:
        """Of most reps less that of the odd ones, at standard deviations of the terms and their correlation."""
        of_most = [scale * scale for scale in scales]
        of_odd = [own + sd * sd for own, sd in zip(of_most, self.sd, strict=True)]
        if len(scales) == 1:
            return Precisions((1.0 / of_most[0] - 1.0 / of_odd[0],), 0.0, 0.5 * log(of_odd[0] / of_most[0]))
        together = correlation * scales[0] * scales[1]
        most = of_most[0] * of_most[1] * (1.0 - correlation * correlation)
        odd = of_odd[0] * of_odd[1] - together * together
        diagonal = (of_most[1] / most - of_odd[1] / odd, of_most[0] / most - of_odd[0] / odd)
        return Precisions(diagonal, together / odd - together / most, 0.5 * log(odd / most))

    def log_odds_at(
        self,
        deviations: Sequence[Any],
        scales: Sequence[Any],
        correlation: Any = 0.0,
        log: Callable[[Any], Any] = np.log,
    ) -> Any:
        """Log odds that a rep of these deviations is odd, at standard deviations of the terms and their correlation."""
        lost = self.precisions(scales, correlation, log)
        total = sum(own * own * less for own, less in zip(deviations, lost.diagonal, strict=True))
        if len(deviations) == 2:
            total = total + 2.0 * deviations[0] * deviations[1] * lost.coupling
        return self.log_odds - lost.log_root + 0.5 * total


def odd_reps(terms: tuple[str, ...], sd: tuple[float, ...], share: float, n_reps: int) -> OddReps | None:
    """Odd reps of some terms; none where their share is 0, or of two reps, of whom nobody can be odd.

    What cannot be meant is refused as the priors call it, `odd_share`, `odd_level` and so on, however few the reps.
    """
    check_number(share, "odd_share")
    if not 0.0 <= share < 1.0:
        raise InputError(f"`odd_share` must be a share of the reps from 0 to below 1; got {share!r}.")
    for term, own in zip(terms, sd, strict=False):  # of one rank there is no slope
        check_number(own, f"odd_{term}")
        if own <= 0.0:
            raise InputError(f"`odd_{term}` must be above 0, a standard deviation in log-odds; got {own!r}.")
    return None if share == 0.0 or n_reps < 3 else OddReps(terms, sd[: len(terms)], share)
