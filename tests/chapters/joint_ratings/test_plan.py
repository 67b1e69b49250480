"""How many prospects to share: the rule of normal theory, and what cannot be planned."""

import pytest

import calibra as cb


@pytest.mark.parametrize(("points", "rule"), [(20, 8), (15, 13), (10, 30)])
def test_four_in_five_meetings_see_it_from_about_where_normal_theory_says(points, rule):
    # N ≈ (1.28 + .84)² · 2 · (.49/.85) / (x/37)² · 5/12 for six reps
    plan = cb.plan_joint_rating(difference_points=points)
    enough = plan.loc[plan["chance_to_see"] >= 0.8, "n_prospects"].iloc[0]
    assert rule <= enough <= 2 * rule
    assert (plan["wrong_sign"] < 0.1).all()
    assert plan["chance_to_see"].is_monotonic_increasing


def test_more_reps_and_more_reliable_reading_need_fewer():
    at = {"n_reps": 3, "difference_points": 15}
    usual, more, clear = (
        cb.plan_joint_rating(**(at | given)).set_index("n_prospects").loc[15, "chance_to_see"]
        for given in ({}, {"n_reps": 12}, {"reliability": 0.8})
    )
    assert more > usual + 0.03
    assert clear > usual + 0.1


def test_what_cannot_be_is_refused():
    with pytest.raises(cb.InputError, match="`n_reps` must be"):
        cb.plan_joint_rating(n_reps=1)
    with pytest.raises(cb.InputError, match="`difference_points` must lie strictly between 0 and 65"):
        cb.plan_joint_rating(difference_points=80)
