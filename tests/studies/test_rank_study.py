"""Reduced runs of the rank model's studies; the full tables are in docs/studies."""

import numpy as np
import pytest

from calibra.errors import InputError
from studies.engines import compare, study_engines, worlds
from studies.rank import BALANCED, simulate_world, study_coverage, study_flags


def test_coverage_of_a_reduced_study_is_nominal():
    found = study_coverage(24, seed=11, n_reps=12, n_per_rank=10)
    assert found.is_nominal
    assert found.standard_error < 0.02


def test_identical_reps_are_not_flagged_and_different_ones_are():
    alike = study_flags(3, seed=5, optimism_sd=0.0, prob=BALANCED, n_per_rank=20)
    assert alike.flagged <= 0.02
    different = study_flags(3, seed=5, optimism_sd=0.6, prob=BALANCED, n_per_rank=20)
    assert different.flagged > 0.3
    assert different.wrong_side <= 0.03


def test_identical_reps_have_identical_truth():
    world = simulate_world(np.random.default_rng(0), n_reps=4, n_per_rank=5, truth="identical reps")
    assert np.ptp(world.prob, axis=0).max() == 0


@pytest.mark.nuts
@pytest.mark.slow
def test_engines_agree_on_a_lopsided_organisation():
    name = "lopsided: 12 reps, 1 to 300 judgments per rank"
    rows = study_engines(name, worlds()[name](), seed=1, draws=12_000)
    assert [row.quantity for row in rows if row.n_outside > 0] == []


def test_a_disagreement_is_seen():
    rng = np.random.default_rng(1)
    ours, shifted = (
        {"gap in points": rng.standard_normal((4000, 2))},
        {"gap in points": rng.standard_normal((4000, 2)) + np.array([0.0, 0.5])},
    )
    (row,) = compare("made up", ours, shifted, ours_effective=4000, n_chains=4)
    assert row.n_outside == 1


def test_no_worlds_is_refused():
    with pytest.raises(InputError, match="`n_worlds` must be 1 or more; got 0"):
        study_coverage(0, seed=1)
