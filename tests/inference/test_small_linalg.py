import numpy as np
from hypothesis import given, strategies as st

from calibra.inference.small_linalg import cholesky, inverse, log_determinant, solve_lower, solve_upper


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


def test_a_ridge_is_added_to_the_diagonal():
    matrix, ridge = np.array([[2.0, 0.5], [0.5, 1.0]])[:, :, None], np.array([[1.0, 3.0], [2.0, 0.5]])
    lower = cholesky(matrix, ridge)
    for i in range(2):
        expected = np.linalg.cholesky(matrix[:, :, 0] + np.diag(ridge[:, i]))
        np.testing.assert_allclose(np.tril(lower[:, :, i]), expected)


def test_what_is_not_positive_definite_is_nan():
    assert np.isnan(cholesky(np.array([[1.0, 2.0], [2.0, 1.0]])[:, :, None])).any()
