"""Cholesky algebra for very many very small matrices: the matrix axes lead, the batch axes trail.

LAPACK pays its overhead once a matrix; these loops over a handful of columns pay it once a column for the whole batch.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.block_prior import BlockPrior

type Floats = NDArray[np.float64]


@cache
def lower_indices(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the lower triangle of an (n, n) matrix, its diagonal included."""
    return np.tril_indices(n)


def cholesky(matrix: Floats, prior: BlockPrior | None = None) -> Floats:
    """Lower factor L of (q, q, …) matrices, LL' = matrix + Q of a prior; NaN where that is not positive definite.

    Nothing is written above the diagonal. The prior may have batch axes that `matrix` lacks or has of length one.
    """
    n = matrix.shape[0]
    batch = matrix.shape[2:] if prior is None else np.broadcast_shapes(matrix.shape[2:], prior.diagonal.shape[1:])
    lower, work = np.empty((n, n, *batch)), np.empty(batch)
    with np.errstate(invalid="ignore", divide="ignore"):
        for j in range(n):
            for i in range(j, n):
                rest = lower[i, j]
                rest[...] = matrix[i, j]
                if prior is not None and i == j:
                    rest += prior.diagonal[j]
                elif prior is not None and prior.coupling is not None and (i, j) == prior.pair:
                    rest += prior.coupling
                for k in range(j):
                    rest -= np.multiply(lower[i, k], lower[j, k], out=work)
                if i == j:
                    np.sqrt(rest, out=rest)
                else:
                    rest /= lower[j, j]
    return lower


def solve_lower(lower: Floats, right: Floats) -> Floats:
    """X with L x = right; right has shape (q, …)."""
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    work = np.empty(x.shape[1:])
    for i in range(lower.shape[0]):
        x[i] = right[i]
        for k in range(i):
            x[i] -= np.multiply(lower[i, k], x[k], out=work)
        x[i] /= lower[i, i]
    return x


def solve_upper(lower: Floats, right: Floats) -> Floats:
    """X with L' x = right; right has shape (q, …)."""
    n = lower.shape[0]
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    work = np.empty(x.shape[1:])
    for i in reversed(range(n)):
        x[i] = right[i]
        for k in range(i + 1, n):
            x[i] -= np.multiply(lower[k, i], x[k], out=work)
        x[i] /= lower[i, i]
    return x


def inverse(lower: Floats) -> Floats:
    """(LL')⁻¹, shape (q, q, …): the inverse of L first, then its square."""
    n = lower.shape[0]
    root, result, work = np.empty_like(lower), np.empty_like(lower), np.empty(lower.shape[2:])
    for i in range(n):
        np.divide(1.0, lower[i, i], out=root[i, i])
        for j in range(i):
            entry = np.multiply(lower[i, j], root[j, j], out=root[i, j])
            for k in range(j + 1, i):
                entry += np.multiply(lower[i, k], root[k, j], out=work)
            entry *= np.negative(root[i, i], out=work)
    for i in range(n):
        for j in range(i + 1):
            entry = np.multiply(root[i, i], root[i, j], out=result[i, j])
            for k in range(i + 1, n):
                entry += np.multiply(root[k, i], root[k, j], out=work)
            if i != j:
                result[j, i] = entry
    return result


def log_determinant(lower: Floats) -> Floats:
    """Log of the determinant of LL'."""
    total = np.log(lower[0, 0])
    for i in range(1, lower.shape[0]):
        total = total + np.log(lower[i, i])
    return np.asarray(2.0 * total)
