"""Who reads as meant and tells prospects apart as well as the others: both at once, in one draw."""

from functools import cache

import numpy as np
import pytest

import calibra as cb
from calibra.chapters.ranks.rows import RankRows
from calibra.chapters.ranks.strengths import find_strengths, strength
from calibra.reading.means import concordance
from calibra.stats.margin import MARGIN_ODDS
from tests.chapters.ranks.calibrated import SCALE, counted

MARGIN = float(np.log(MARGIN_ODDS))
SHARES = {
    "Good": (0.60, 0.35, 0.03),
    "Early": (0.40, 0.20, 0.02),
    "Blind": (0.34, 0.33, 0.32),
    "Also early": (0.42, 0.22, 0.03),
    "Dull": (0.45, 0.30, 0.12),
    "Duller": (0.44, 0.31, 0.13),
}


@cache
def rows() -> RankRows:
    calibration = cb.calibrate(counted(SHARES, n=600), seed=1, draws=400, engine="laplace", parts=(), progress=False)
    return calibration.ranks.rows(90)


def test_only_who_reads_as_meant_and_tells_apart_is_named() -> None:
    (found,) = [finding for rep in rows().fit.reps for finding in strength(rows(), rep)]
    assert (found.key, found.rep, found.side) == ("ranks.strength", "Good", "above")
    assert found.prob is not None
    assert found.prob >= 0.9
    # 600 each of A, B, C: 360 + 210 + 18 came, and .6 + .35 + .025 of 600 are meant
    assert str(found).startswith(
        "Good reads as meant and tells prospects apart as well as the others or better: of 1,800 called A, B or C 588 "
        "had an event within 90 days, 585 were meant ("
    )


def test_the_probability_is_of_both_in_one_draw() -> None:
    fit, found = rows().fit, rows().strengths
    prob = fit.probability_draws()
    area = concordance(prob, fit.rank_mix)
    promised = np.array([SCALE.promises[rank].prob for rank in fit.ranks])
    known = [i for i, rep in enumerate(fit.reps) if rep != "New"]
    for i in known:
        rest = [j for j in known if j != i]
        n = fit.n[i] / fit.n[i].sum()
        came, meant = prob[:, i] @ n, promised @ n
        odds = came / (1 - came) / (meant / (1 - meant))
        both = (odds <= MARGIN_ODDS) & (odds >= 1 / MARGIN_ODDS) & (area[:, i] >= area[:, rest].mean(axis=1))
        assert found.prob[i] == pytest.approx(both.mean(), abs=1e-9)
    assert np.isnan(found.prob[fit.reps.index("New")])  # three judgments


def test_without_a_promise_or_without_others_nothing_is_said() -> None:
    fit = rows().fit
    assert np.isnan(find_strengths(fit, np.full(3, np.nan), margin=MARGIN).prob).all()
    alone = cb.calibrate(
        counted({"Good": (0.6, 0.35, 0.03)}, n=600), seed=1, draws=200, engine="laplace", parts=(), progress=False
    )
    assert list(strength(alone.ranks.rows(90), "Good")) == []
    assert list(strength(rows(), "Nobody")) == []
