"""Cholesky algebra for very many very small matrices: the matrix axes lead, the batch axes trail.

LAPACK pays its overhead once a matrix; these loops over a handful of columns pay it once a column for the whole batch.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


def cholesky(matrix: Floats) -> Floats:
    """Lower factor L of (q, q, …) matrices, LL' = matrix; NaN where a matrix is not positive definite."""
    n = matrix.shape[0]
    lower = np.zeros_like(matrix)
    with np.errstate(invalid="ignore", divide="ignore"):
        for j in range(n):
            for i in range(j, n):
                rest = matrix[i, j].copy()
                for k in range(j):
                    rest -= lower[i, k] * lower[j, k]
                lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]
    return lower


def solve_lower(lower: Floats, right: Floats) -> Floats:
    """X with L x = right; right has shape (q, …)."""
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    for i in range(lower.shape[0]):
        x[i] = right[i]
        for k in range(i):
            x[i] -= lower[i, k] * x[k]
        x[i] /= lower[i, i]
    return x


def solve_upper(lower: Floats, right: Floats) -> Floats:
    """X with L' x = right; right has shape (q, …)."""
    n = lower.shape[0]
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    for i in reversed(range(n)):
        x[i] = right[i]
        for k in range(i + 1, n):
            x[i] -= lower[k, i] * x[k]
        x[i] /= lower[i, i]
    return x


def inverse(lower: Floats) -> Floats:
    """(LL')⁻¹, shape (q, q, …): the inverse of L first, then its square."""
    n = lower.shape[0]
    root = np.zeros_like(lower)
    for i in range(n):
        root[i, i] = 1.0 / lower[i, i]
        for j in range(i):
            root[i, j] = -root[i, i] * sum(lower[i, k] * root[k, j] for k in range(j, i))
    result = np.empty_like(lower)
    for i in range(n):
        for j in range(i + 1):
            result[i, j] = sum(root[k, i] * root[k, j] for k in range(i, n))
            result[j, i] = result[i, j]
    return result


def log_determinant(lower: Floats) -> Floats:
    """Log of the determinant of LL'."""
    total = np.log(lower[0, 0])
    for i in range(1, lower.shape[0]):
        total = total + np.log(lower[i, i])
    return np.asarray(2.0 * total)
