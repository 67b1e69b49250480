"""What the chapter gives the table of stated percentages: the fit's own predictions, rep by rep."""

from __future__ import annotations

import numpy as np

from calibra.chapters.stated.rows import Stated
from calibra.chapters.stated.scores import scores_of_stated
from calibra.reading.scores import PER_CENTS, AskedOfStated
from tests.chapters.stated.worlds import LOG_ODDS, counted, fit_cells, logistic


def test_every_rep_is_read_by_their_own_line_and_who_is_not_fitted_as_a_rep_never_seen() -> None:
    rng = np.random.default_rng(5)
    fit = fit_cells(counted(rng, logistic(np.array([[-0.5], [0.4]]) + LOG_ODDS), 120), draws=300)
    found = scores_of_stated(Stated({90: fit}), AskedOfStated(("r1", "nobody", "r0"), (90, 180), 0.8))
    assert list(found) == [90]
    labels = [None, "r1", None, "r0"]
    for row, rep in enumerate(labels):
        right = fit.predict(PER_CENTS, rep=rep, interval_prob=0.8)
        for name in ("estimate", "lower", "upper"):
            np.testing.assert_allclose(found[90][name][row], right[name], rtol=1e-12)
    assert found[90]["n"][:, 0].tolist() == [240, 120, 0, 120]
