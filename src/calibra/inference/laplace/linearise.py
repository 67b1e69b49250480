"""Where a posterior lies: its surrogate made at typical scales.

No mode of the outer parameters is sought: where reps may be alike it lies at the edge, at scale zero, and the quadratic
made there says little of the rest.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from calibra.inference.laplace.blocks import Blocks, find_modes
from calibra.inference.laplace.proposals import climb
from calibra.inference.laplace.surrogate import Surrogate

type Floats = NDArray[np.float64]

_MOST_ROUNDS = 5


class Linearised(NamedTuple):
    """The surrogate and where it was made."""

    surrogate: Surrogate
    """The posterior with its likelihood made quadratic at `phi`."""
    scales_mode: Floats
    """Near the mode of the scales' density, (m,); it may be at the edge."""
    scales_sd: Floats
    """Their standard deviations as the curvature there has them, (m,)."""
    phi: Floats
    """Typical scales below the coefficients' mean given these, (d,)."""


def linearise(blocks: Blocks) -> Linearised:
    """Make the surrogate of a declaration at its typical scales.

    One made where the reps pooled have their mode, at prior-typical scales, says which scales are typical; there it is
    made anew, and again while a scale at least doubles: far from where it was made a quadratic says little.
    """
    phi, u, first = blocks.start(), np.zeros((blocks.n_block, 1, 1)), blocks.n_outer - blocks.n_scales
    for _ in range(_MOST_ROUNDS):
        modes = find_modes(blocks, phi[None], u)
        surrogate = Surrogate(blocks, blocks.quadratic(modes), phi)
        mode, sd, typical = _locate_scales(surrogate, phi[first:])
        settled = (typical < 2.0 * phi[first:]).all()
        phi, u = np.concatenate([surrogate.given_scales(typical[None]).mean[0], typical]), modes.u
        if settled:
            break
    return Linearised(Surrogate(blocks, blocks.quadratic(find_modes(blocks, phi[None], u)), phi), mode, sd, phi)


class Known(NamedTuple):
    """What the counts say near the middle of the posterior; nothing where no middle is found."""

    deviations: Floats
    """Information (1/variance) on each deviation of each rep, all else given, (q, rep)."""
    coefficients: Floats
    """Information on the population coefficients β, all else given, (p, p)."""
    odd: Floats
    """Chance that each rep is odd, (rep,)."""


def what_is_known(blocks: Blocks) -> Known:
    """What the counts say of each deviation and of the coefficients: how they are best spelled for a sampler."""
    p = blocks.n_outer - blocks.n_scales
    nobody = np.zeros(blocks.n_reps)
    try:
        found = linearise(blocks)
    except np.linalg.LinAlgError:
        return Known(np.zeros((blocks.n_block, blocks.n_reps)), np.zeros((p, p)), nobody)
    quadratic, modes = found.surrogate.quadratic, find_modes(blocks, found.phi[None], np.zeros((blocks.n_block, 1, 1)))
    odd = nobody if modes.prior.odd is None else expit(modes.prior.odd.log_odds_at(modes.u))[0]
    return Known(np.maximum(np.einsum("jjr->jr", quadratic.a), 0.0), quadratic.c, odd)


def _locate_scales(surrogate: Surrogate, start: Floats) -> tuple[Floats, Floats, Floats]:
    """Mode, standard deviation and typical value of the scales as the surrogate has them, (m,) each.

    The typical value is the mean of a normal around the mode, folded at zero: well inside, wherever the mode is.
    """
    mode, hessian = climb(surrogate.log_density_of_scales, start)
    sd = np.sqrt(np.diag(np.linalg.inv(hessian)))
    folded = sd * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * (mode / sd) ** 2) + mode * (1.0 - 2.0 * ndtr(-mode / sd))
    return mode, sd, folded
