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
            row = lower[j, :j]
            lower[j, j] = np.sqrt(matrix[j, j] - np.einsum("k...,k...->...", row, row))
            for i in range(j + 1, n):
                lower[i, j] = (matrix[i, j] - np.einsum("k...,k...->...", lower[i, :j], row)) / lower[j, j]
    return lower


def solve_lower(lower: Floats, right: Floats) -> Floats:
    """X with L x = right; right has shape (q, …)."""
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    for i in range(lower.shape[0]):
        x[i] = (right[i] - np.einsum("k...,k...->...", lower[i, :i], x[:i])) / lower[i, i]
    return x


def solve_upper(lower: Floats, right: Floats) -> Floats:
    """X with L' x = right; right has shape (q, …)."""
    n = lower.shape[0]
    x = np.empty(np.broadcast_shapes(lower.shape[1:], right.shape))
    for i in reversed(range(n)):
        x[i] = (right[i] - np.einsum("k...,k...->...", lower[i + 1 :, i], x[i + 1 :])) / lower[i, i]
    return x


def inverse(lower: Floats) -> Floats:
    """(LL')⁻¹, shape (q, q, …)."""
    n = lower.shape[0]
    columns = []
    for j in range(n):
        unit = np.zeros((n,) + (1,) * (lower.ndim - 2))
        unit[j] = 1.0
        columns.append(solve_upper(lower, solve_lower(lower, unit)))
    return np.stack(columns, axis=1)


def log_determinant(lower: Floats) -> Floats:
    """Log of the determinant of LL'."""
    return 2.0 * np.log(np.einsum("ii...->i...", lower)).sum(axis=0)
