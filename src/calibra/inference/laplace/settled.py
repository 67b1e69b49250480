"""Where a cell model settles with its scales held at what is typical of their priors: fast, and without chance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.cells import CellModel
from calibra.inference.laplace.blocks import find_modes
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.small_linalg import inverse

type Floats = NDArray[np.float64]


class Settled(NamedTuple):
    """Posterior modes at typical scales."""

    linpred: Floats
    """η of every cell, (rep, cell)."""
    n_effective: float
    """Coefficients and effective number of deviations: what fitting took from the degrees of freedom."""


def settle(model: CellModel) -> Settled:
    """Where do coefficients and deviations settle?

    A deviation with information A and prior precision P takes tr((A + P)⁻¹ A) degrees of freedom.
    """
    blocks = CellBlocks(model)
    phi = blocks.start()
    modes = find_modes(blocks, phi[None], np.zeros((blocks.n_block, 1, blocks.n_reps)))
    linpred = blocks.linpred(modes.context, modes.u)[:, 0].T
    _, information = blocks.gradient_hessian(modes.context, modes.u)
    taken = np.einsum("ijbr,jibr->", inverse(modes.chol), information)
    design = np.broadcast_to(blocks.x, (*model.size.shape, blocks.n_coefficients))
    used = (np.abs(design) * (model.size > 0)[..., None]).any(axis=(0, 1))
    return Settled(linpred, float(taken) + int(used.sum()))
