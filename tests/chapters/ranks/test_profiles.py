"""How much more data a verdict takes rests on what a judgment tells of a gap."""

import numpy as np
import pytest

from calibra.chapters.ranks.profiles import _information
from calibra.reading.means import log_odds, logistic


def test_a_judgment_at_one_rank_tells_as_much_as_a_binomial_one() -> None:
    assert _information(np.array([[[0.3]]]), np.array([1.0])).tolist() == [[pytest.approx(0.3 * 0.7)]]


def test_at_several_ranks_it_tells_of_the_log_odds_at_the_mix_by_way_of_the_level() -> None:
    linpred, mix, step, n = np.array([0.8, -0.4, -2.0]), np.array([0.2, 0.5, 0.3]), 1e-5, 250.0
    prob = logistic(linpred)
    # the level's maximum-likelihood variance after n judgments at the mix, carried over by the derivative
    variance = 1.0 / (n * float(mix @ (prob * (1.0 - prob))))
    at_mix = [float(log_odds(logistic(linpred + shift) @ mix)) for shift in (-step, step)]
    slope = (at_mix[1] - at_mix[0]) / (2.0 * step)
    assert n * float(_information(prob[None, None], mix)[0, 0]) == pytest.approx(1.0 / (slope**2 * variance), rel=1e-6)
