"""The detection model through PyMC: the same density, and the same answers."""

import warnings

import numpy as np
import pytest

from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.nuts.build_detection import build_detection
from studies.threshold_worlds import draw_typical_reps
from tests.inference.laplace.test_detection_blocks import declare


def test_the_pymc_build_has_the_density_of_the_numpy_blocks():
    import pytensor

    model = declare()
    blocks, rng = DetectionBlocks(model), np.random.default_rng(1)
    built = build_detection(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = built.replace_rvs_by_values([built.potentials[0], built["deviation"]])
        both = pytensor.function(built.value_vars, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    for far in (0.3, 3.0):
        point = {name: rng.normal(0.0, far, np.shape(at)) for name, at in built.initial_point().items()}
        point |= {name: np.full(np.shape(at), np.log(0.4)) for name, at in point.items() if name.endswith("log__")}
        phi = np.concatenate([point["population"], np.ones(4)])[None]
        value, deviation = both(*(point[variable.name] for variable in built.value_vars))
        u = np.moveaxis(np.asarray(deviation), -1, 0)[:, None]
        expected = blocks.log_likelihood(blocks.context(phi), u).sum()
        assert float(value) == pytest.approx(expected, rel=1e-8)


@pytest.mark.nuts
@pytest.mark.slow
def test_laplace_and_nuts_agree_on_bars_shares_and_scales():
    from calibra.chapters.thresholds.fit import ThresholdFit

    rng = np.random.default_rng(3)
    n, events = draw_typical_reps(rng, n_reps=10).counts(rng, 120)
    model = declare(n, events)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nuts = sample_posterior(model, seed=1, engine="nuts", draws=4000, progress=False)
    laplace = sample_posterior(model, seed=1, engine="laplace", draws=4000, progress=False)
    assert nuts.diagnostics.n_divergent == 0
    assert nuts.diagnostics.r_hat < 1.02
    effective = min(  # the fewest over all parameters stand for each
        nuts.diagnostics.effective_sample, laplace.diagnostics.effective_sample
    )
    slack = 3.0 * np.sqrt(2.0 / effective)
    one, other = (ThresholdFit(None, None, None, model, found).draws() for found in (laplace, nuts))
    for mine, theirs, limit in (
        (one.bars, other.bars, 0.1),
        (one.shares, other.shares, 0.1),
        (one.discrimination, other.discrimination, 0.1),
        (laplace["shift_scale"], nuts["shift_scale"], 0.2),
    ):
        sd = theirs.std(axis=0)
        assert (np.abs(mine.mean(axis=0) - theirs.mean(axis=0)) / sd).max() <= limit + slack
        ratio = mine.std(axis=0) / sd
        assert ratio.min() >= 0.95 - slack
        assert ratio.max() <= 1.05 + slack
