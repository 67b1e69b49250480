import numpy as np
import pytest
from hypothesis import given, strategies as st

from calibra.inference.laplace.block_prior import BlockPrior
from calibra.inference.laplace.small_linalg import cholesky, inverse, log_determinant, solve_lower, solve_upper


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_batches_agree_with_numpy_one_by_one(q, seed):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((7, q, q))
    matrices = root @ root.transpose(0, 2, 1) + 0.5 * np.eye(q)
    right = rng.standard_normal((7, q))
    batch, vectors = np.moveaxis(matrices, 0, -1), right.T
    lower = cholesky(batch)
    np.testing.assert_allclose(np.tril(np.moveaxis(lower, -1, 0)), np.linalg.cholesky(matrices), atol=1e-9)
    solved = solve_upper(lower, solve_lower(lower, vectors))
    np.testing.assert_allclose(solved.T, np.linalg.solve(matrices, right[:, :, None])[:, :, 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(np.moveaxis(inverse(lower), -1, 0), np.linalg.inv(matrices), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(log_determinant(lower), np.linalg.slogdet(matrices)[1], atol=1e-9)


@pytest.mark.parametrize("coupling", [None, np.array([0.3, -0.6])])
def test_a_prior_is_added_to_the_matrix(coupling):
    matrix, diagonal = np.array([[2.0, 0.5], [0.5, 1.0]])[:, :, None], np.array([[1.0, 3.0], [2.0, 0.5]])
    lower = cholesky(matrix, BlockPrior(diagonal, np.zeros(2), coupling))
    for i in range(2):
        beside = 0.0 if coupling is None else coupling[i]
        expected = np.linalg.cholesky(matrix[:, :, 0] + np.diag(diagonal[:, i]) + beside * np.array([[0, 1], [1, 0]]))
        np.testing.assert_allclose(np.tril(lower[:, :, i]), expected)


def test_what_is_not_positive_definite_is_nan():
    assert np.isnan(cholesky(np.array([[1.0, 2.0], [2.0, 1.0]])[:, :, None])).any()
