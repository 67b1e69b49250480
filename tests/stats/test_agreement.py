"""Coefficients of agreement, against published values (irrCAC's README, Krippendorff, Cohen 1968) and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from calibra.errors import InputError
from calibra.stats.agreement import measure_agreement


def read_raw(path, labels=None):
    """Ratings (thing, rater) of a table whose first column names the thing; 0 is the lowest label."""
    rows = [line.split(",")[1:] for line in path.read_text().splitlines()[1:] if line.strip()]
    numbers = [[int(cell) if cell.strip() else None for cell in row] for row in rows]
    least = min(cell for row in numbers for cell in row if cell is not None)
    return np.array([[-1 if cell is None else cell - least for cell in row] for row in numbers])


def expand(table):
    """Ratings of two raters from their contingency table."""
    table = np.asarray(table)
    return np.repeat(np.argwhere(table >= 0), table.ravel(), axis=0)


def read_table(path):
    return np.array([[int(cell) for cell in line.split(",")[1:]] for line in path.read_text().splitlines()[1:]])


def coefficient(ratings, name, weights="identity", *, n_categories):
    return measure_agreement(ratings, n_categories=n_categories, coefficient=name, weights=weights).estimate


@pytest.mark.parametrize(
    ("name", "weights", "value"),
    [
        ("alpha", "identity", 0.74342),
        ("alpha", "krippendorff ordinal", 0.81539),
        ("alpha", "quadratic", 0.84911),
        ("alpha", "ratio", 0.79740),
        ("alpha", "ordinal", 0.83364),
        ("AC", "identity", 0.77544),
        ("fleiss", "identity", 0.76117),
        ("kappa", "identity", 0.76282),
        ("AC", "quadratic", 0.91400),
        ("AC", "linear", 0.85874),
    ],
)
def test_four_raters_with_gaps_agree_as_published(shared_data, name, weights, value):
    ratings = read_raw(shared_data / "agreement_examples" / "cac.raw4raters.csv")
    assert coefficient(ratings, name, weights, n_categories=5) == pytest.approx(value, abs=6e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AC", 0.4448007), ("fleiss", 0.4139265), ("alpha", 0.4204384), ("brennan-prediger", 0.4388889)],
)
def test_six_raters_of_fifteen_subjects_agree_as_published(shared_data, name, value):
    counts = read_table(shared_data / "agreement_examples" / "distrib.6raters.csv")
    ratings = np.array([np.repeat(np.arange(5), row) for row in counts])
    assert coefficient(ratings, name, n_categories=5) == pytest.approx(value, abs=6e-8)


@pytest.mark.parametrize(
    ("file", "name", "weights", "value"),
    [
        ("cont3x3abstractors", "kappa", "identity", 0.796409),
        ("cont3x3abstractors", "AC", "identity", 0.849331),
        ("cont3x3abstractors", "alpha", "identity", 0.797258),
        ("cont3x3abstractors", "kappa", "linear", 0.842902),
        ("cont3x3abstractors", "kappa", "quadratic", 0.892157),
        ("cont3x3abstractors", "AC", "quadratic", 0.940237),
        ("cont4x4diagnosis", "kappa", "identity", 0.431501),
        ("cont4x4diagnosis", "kappa", "linear", 0.406811),
        ("cont4x4diagnosis", "kappa", "quadratic", 0.383186),
        ("cont4x4diagnosis", "AC", "identity", 0.456158),
        ("cont4x4diagnosis", "alpha", "identity", 0.431618),
    ],
)
def test_two_raters_agree_as_published(shared_data, file, name, weights, value):
    table = read_table(shared_data / "agreement_examples" / f"{file}.csv")
    assert coefficient(expand(table), name, weights, n_categories=len(table)) == pytest.approx(value, abs=6e-7)


def test_kappa_with_the_weights_of_cohen_1968():
    table = np.array([[44, 7, 9], [5, 20, 5], [1, 3, 6]])
    weights = 1.0 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6.0
    assert coefficient(expand(table), "kappa", n_categories=3) == pytest.approx(0.491525, abs=6e-7)
    assert coefficient(expand(table), "kappa", weights, n_categories=3) == pytest.approx(0.347826, abs=6e-7)


@pytest.mark.parametrize(("weights", "name"), [("identity", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_kappa_of_two_is_that_of_statsmodels(weights, name):
    table = np.random.default_rng(3).integers(0, 9, (4, 4))
    expected = cohens_kappa(table, wt=name, return_results=False)
    assert coefficient(expand(table), "kappa", weights, n_categories=4) == pytest.approx(expected, abs=1e-12)


def test_a_rank_nobody_used_counts_for_ac_and_not_for_alpha():
    ratings = expand([[20, 3], [2, 15]])
    assert coefficient(ratings, "AC", n_categories=2) != coefficient(ratings, "AC", n_categories=3)
    same = [coefficient(ratings, "alpha", n_categories=q) for q in (2, 3)]
    assert same[0] == pytest.approx(same[1], abs=1e-12)


def test_the_interval_is_the_jackknifes_by_hand():
    # with identity weights and two categories Brennan–Prediger is 2 p − 1; the jackknife error of a mean is s/√n
    ratings = np.array([[0, 0]] * 7 + [[0, 1]] * 3)
    found = measure_agreement(ratings, n_categories=2, coefficient="brennan-prediger", weights="identity")
    reach = 1.833113 * 2.0 * np.sqrt(0.7 * 0.3 / 9.0)  # t of 9 degrees of freedom at .95; s² = n p q/(n − 1), over n
    assert found.estimate == pytest.approx(0.4)
    assert (found.lower, found.upper) == pytest.approx((0.4 - reach, 0.4 + reach), abs=1e-6)


def test_where_nearly_all_are_of_one_rank_alpha_is_near_zero_and_ac_is_not():
    ratings = np.array([[4, 4, 4]] * 28 + [[4, 3, 4], [3, 4, 4]])
    assert coefficient(ratings, "alpha", n_categories=5) < 0.0
    assert coefficient(ratings, "AC", n_categories=5) > 0.9


def test_fewer_than_eight_shared_give_shares_and_no_coefficient():
    found = measure_agreement([[0, 0], [1, 2]] * 3 + [[1, -1]] * 5, n_categories=3)
    assert np.isnan(found.estimate)
    assert (found.share_same, found.share_within_one, found.n) == (0.5, 1.0, 6)


def test_what_is_no_rating_is_refused():
    with pytest.raises(InputError, match="0 to 2, or −1 where missing; got \\[3\\]"):
        measure_agreement([[0, 3]], n_categories=3)
    with pytest.raises(InputError, match="two raters and categories"):
        measure_agreement([[0]], n_categories=3)
    with pytest.raises(InputError, match="the last for alpha alone"):
        measure_agreement([[0, 1]], n_categories=2, weights="krippendorff ordinal")
    with pytest.raises(InputError, match="`coefficient` must be one of AC"):
        measure_agreement([[0, 1]], n_categories=2, coefficient="AC1")
