"""Threshold fits whose posterior is known, for the advice's tests."""

import numpy as np
from scipy.special import logit

from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.data.counting.counts import BinomialCells
from calibra.data.scale import Promise, RankScale
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.stats.detection.curve import cell_probabilities, event_probabilities
from calibra.stats.detection.likelihood import params_of
from tests.chapters.ranks.worlds import counts
from tests.inference.laplace.test_detection_blocks import declare

# ACCEPTANCE A7 (statsmodels OrderedModel, probit)
A7_N, A7_EVENTS = (50, 75, 75, 50, 30), (27, 22, 14, 5, 2)
A7_D, A7_CUTS = 0.89813, (1.2123, 0.35663, -0.39113, -1.10055)


def scale_with(promises, *, within_days=90, kind="average"):
    """Ranks A to E; promises by rank, a number or a Promise."""
    made = {
        rank: p if isinstance(p, Promise) else Promise(p, within_days=within_days, kind=kind)
        for rank, p in promises.items()
    }
    return RankScale(list("ABCDE"), made)


def fit_of(
    base_rate, discrimination, cutpoints, *, n=A7_N, events=None, scale=None, spread=0.0, draws=200, within_days=90
):
    """A fit whose reps have these parameters; `spread` is the posterior sd of the discrimination.

    Without `events` as many as are expected, so that the fit gives back its counts.
    """
    base_rate, discrimination = np.broadcast_arrays(np.atleast_1d(base_rate).astype(float), discrimination)
    n_reps = len(base_rate)
    reps = tuple(f"rep {i}" for i in range(n_reps))
    n = np.broadcast_to(n, (n_reps, 5)).astype(np.int64)
    cuts = np.broadcast_to(np.asarray(cutpoints, dtype=float), (n_reps, 4))
    if events is None:
        events = np.rint(n * event_probabilities(cuts, base_rate=base_rate, discrimination=discrimination))
    events = np.broadcast_to(events, (n_reps, 5)).astype(np.int64)
    model = declare(n, events)
    noise = spread * np.linspace(-2.0, 2.0, draws)[:, None]
    d = discrimination + noise
    phi, all_cuts = np.broadcast_to(base_rate, d.shape), np.broadcast_to(cuts, (draws, n_reps, 4))
    params = params_of(all_cuts, base_rate=phi, discrimination=d)
    assert np.allclose(params[..., 0], logit(phi))
    deviation = np.linalg.solve(model.block_basis, params[..., None])[..., 0]
    diagnostics = Diagnostics("laplace", "made for a test", 1, draws, float(draws), 0.0, 0.1, 0.1, reps[0])
    named = {"population": np.zeros((draws, 6)), "deviation": deviation}
    posterior = Posterior(named, model.layout[0], model.layout[1], diagnostics)
    used = scale_with({"A": 0.6}) if scale is None else scale
    cells = BinomialCells(reps, used.ranks, {}, n, events, np.zeros_like(n), within_days)
    return ThresholdFit(cells, used, None, model, posterior)


def judged(base_rate, cutpoints, *, n=600):
    """Expected counts of reps with discrimination 1."""
    cells = [cell_probabilities(c, base_rate=b, discrimination=1.0) for b, c in zip(base_rate, cutpoints, strict=True)]
    whole = np.rint(n * np.array(cells)).astype(int)
    return counts(whole.sum(axis=2), whole[:, :, 1])


def reps_of_each_style():
    """Rep 6 begins to call prospects A far too early, rep 7 late; rep 8 has a territory half as good and usual cuts."""
    usual, early, late = (1.5, 0.6, -0.2), (0.9, 0.0, -0.8), (2.2, 1.3, 0.5)
    return judged([0.25] * 8 + [0.10], [usual] * 6 + [early, late, usual])
