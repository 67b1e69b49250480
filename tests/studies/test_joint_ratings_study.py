"""The study of joint ratings: its reps give the usual shares, and each meeting answers."""

from __future__ import annotations

import numpy as np
import pytest

from studies.joint_ratings import N_REPS, meeting, rate


def test_unmoved_reps_give_the_usual_shares_and_a_lower_bar_gives_more() -> None:
    rng = np.random.default_rng(1)
    rated = rate(rng, rng.normal(0.0, np.sqrt(0.5), 40_000), np.array([0.0, -0.35]))
    shares = (rated[:, :, None] == np.arange(5)).mean(axis=0)
    assert shares[0] == pytest.approx([0.15, 0.20, 0.25, 0.25, 0.15], abs=0.01)
    # by hand: Φ(−1.036 + .35) = .246
    assert shares[1, 0] == pytest.approx(0.246, abs=0.01)
    assert np.corrcoef(rated.T.astype(float))[0, 1] == pytest.approx(
        0.47, abs=0.03
    )  # .5 of the readings, of ranks less


def test_a_meeting_counts_what_was_told() -> None:
    told = meeting(0, n=8)
    assert 0 <= told["direction"] <= told["large"] <= N_REPS
    assert told["named_right"] + told["named_small"] <= 2 * told["named"]
    assert told["by_nuts"] == 0.0
