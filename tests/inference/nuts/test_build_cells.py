"""The models written out in PyMC have the density of the declaration, however their deviations are spelled."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from calibra.inference.declare.families import DelayedBinomial
from calibra.inference.declare.odd_reps import OddReps
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.laplace.linearise import what_is_known
from calibra.inference.nuts.build_cells import build_pymc
from calibra.inference.nuts.build_detection import build_detection
from tests.inference.laplace.test_detection_blocks import declare
from tests.inference.worlds import binomial_world, correlated_world, poisson_world


def densities(built, names):
    """A function of the free values by name: log density, and the named quantities."""
    import pytensor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = [built.logp(), *built.replace_rvs_by_values([built[name] for name in names])]
        both = pytensor.function(built.value_vars, outputs, mode="FAST_COMPILE", on_unused_input="ignore")

    def read(point):
        value, *found = both(*(point[variable.name] for variable in built.value_vars))
        return float(value), dict(zip(names, found, strict=True))

    return read


def points(built, rng, n):
    """Free values, drawn around the initial ones."""
    start = built.initial_point()
    return [{name: rng.normal(0.0, 0.7, np.shape(at)) + at for name, at in start.items()} for _ in range(n)]


def log_normal(u, sigma):
    return (-0.5 * (u / sigma) ** 2 - np.log(sigma)).sum()


def with_odd_reps(world):
    """The first rep is far out, the second less so: one is written as odd, the other as most are."""
    events = world.events.copy()
    events[0] = 0.0
    return replace(world, events=events, odd_reps=OddReps(("level", "slope"), (1.5, 0.4), 0.2))


@pytest.mark.parametrize(
    "world",
    [
        binomial_world(4, 5, 40, seed=1),
        poisson_world(4, seed=2),
        correlated_world(4, 5, 40, seed=1),
        with_odd_reps(correlated_world(4, 5, 40, seed=1)),
        with_odd_reps(replace(binomial_world(4, 5, 40, seed=1), correlation=None)),
        replace(binomial_world(4, 5, 40, seed=1), family=DelayedBinomial(np.linspace(0.1, 1.0, 20).reshape(4, 5))),
    ],
    ids=["rank", "time", "correlated", "odd", "odd and independent", "delayed"],
)
def test_the_deviations_of_a_cell_model_have_the_density_of_their_scales(world):
    blocks, rng = CellBlocks(world), np.random.default_rng(1)
    built = build_pymc(world)
    terms, scales = [term.name for term in world.rep_terms], [term.scale_name for term in world.rep_terms]
    rho = [] if world.correlation is None else [world.correlation.name]
    read = densities(built, [*terms, *scales, "linpred", *rho])
    known, ones = what_is_known(blocks).deviations, np.ones((world.n_reps, blocks.n_cells))
    is_odd = what_is_known(blocks).odd > 0.5
    assert world.odd_reps is None or set(is_odd) == {True, False}
    start = points(built, rng, 1)[0]
    values = []
    for other in points(built, rng, 3):  # only scales of reps and deviations move: all else of the density is constant
        moved = {name: other[name] if name.startswith((*terms,)) else at for name, at in start.items()}
        value, found = read(moved)
        u = np.concatenate([found[name].reshape(world.n_reps, -1) for name in terms], axis=1)
        sigma = np.stack(
            [np.full(world.n_reps, found[t.scale_name]) for t in world.rep_terms for _ in range(t.n_columns)]
        )
        size = np.where(world.size > 0, world.size, 1e-12)
        lik = blocks.family.log_likelihood(found["linpred"].T, world.events.T, size.T).T
        prior = sum(t.scale.log_density(found[t.scale_name]) + np.log(found[t.scale_name]) for t in world.rep_terms)
        correlation = np.eye(u.shape[1])
        if world.correlation is not None:
            # of level and slope, the first two; β-distributed on (0, 1) as log-odds, its Jacobian ¼ (1 − ρ²)
            correlation[0, 1] = correlation[1, 0] = float(found[rho[0]])
            prior += world.correlation.prior.log_density(np.arctanh(float(found[rho[0]])))
        most = [correlation * np.outer(s, s) for s in sigma.T]
        odd = most
        own = sum(multivariate_normal.logpdf(v, cov=cov) for v, cov in zip(u, most, strict=True))
        if world.odd_reps is not None:
            odd = [cov + np.diag([*np.square(world.odd_reps.sd), *np.zeros(len(cov) - 2)]) for cov in most]
            pi = world.odd_reps.share
            own = sum(
                np.logaddexp(
                    np.log1p(-pi) + multivariate_normal.logpdf(v, cov=cov),
                    np.log(pi) + multivariate_normal.logpdf(v, cov=wide),
                )
                for v, cov, wide in zip(u, most, odd, strict=True)
            )
        stretch = 0.0  # of a deviation for its free value, the later of two given the earlier
        for r, covariance in enumerate(odd[r] if is_odd[r] else most[r] for r in range(world.n_reps)):
            free = np.diag(covariance).copy()
            free[1] -= covariance[0, 1] ** 2 / covariance[0, 0]
            stretch += 0.5 * np.log(free / (1.0 + free * known[:, r])).sum()
        values.append(value - (lik * ones).sum() - prior - own - stretch)
    np.testing.assert_allclose(values, values[0], rtol=1e-9)


def test_the_deviations_of_a_detection_model_are_normal_with_their_scale():
    model, rng = declare(), np.random.default_rng(1)
    blocks, built = DetectionBlocks(declare()), build_detection(declare())
    read, known = (
        densities(built, ["deviation", *model.scale_priors]),
        what_is_known(DetectionBlocks(declare())).deviations,
    )
    start, values = points(built, rng, 1)[0], []
    for other in points(built, rng, 3):
        value, found = read(other | {"population": start["population"]})
        scales = np.array([found[name] for name in model.scale_priors])
        sigma, u = scales[model.scale_of_column], found["deviation"]
        phi = np.concatenate([start["population"], scales])[None]
        lik = blocks.log_likelihood(blocks.context(phi), u.T[:, None]).sum()
        prior = sum(p.log_density(s) + np.log(s) for p, s in zip(model.scale_priors.values(), scales, strict=True))
        stretch = np.log(sigma / np.sqrt(1.0 + sigma**2 * known.T)).sum()
        values.append(value - lik - prior - log_normal(u, sigma) - stretch)
    np.testing.assert_allclose(values, values[0], rtol=1e-8)


def test_the_steps_of_a_random_walk_are_normal_with_its_scale():
    world, rng = poisson_world(4, seed=2), np.random.default_rng(1)
    (walk, *_), built = world.population, build_pymc(world)
    read = densities(built, ["baseline", "baseline_scale", "linpred"])
    known = built["baseline_known"].get_value()
    start, values = points(built, rng, 1)[0], []
    for other in points(built, rng, 3):
        moved = {name: other[name] if name.startswith(("baseline_step", "baseline_scale")) else at
                 for name, at in start.items()}  # fmt: skip
        value, found = read(moved)
        tau, steps = found["baseline_scale"], np.diff(found["baseline"])
        sigma = tau * np.sqrt(walk.prior.step_widths)
        lik = CellBlocks(world).family.log_likelihood(found["linpred"], world.events, world.size).sum()
        prior = walk.prior.scale.log_density(tau) + np.log(tau)
        stretch = np.log(sigma / np.sqrt(1.0 + sigma**2 * known)).sum()
        values.append(value - lik - prior - log_normal(steps, sigma) - stretch)
    np.testing.assert_allclose(values, values[0], rtol=1e-9)
    events = world.events.sum(axis=0)  # a difference of logs of counts has the variance 1/a + 1/b
    np.testing.assert_allclose(known, 1.0 / (1.0 / events[1:] + 1.0 / events[:-1]), rtol=0.3)


def test_where_counts_say_nothing_nothing_is_known_and_where_they_say_much_much():
    silent, loud = (binomial_world(3, size, size + 1, seed=1) for size in (1, 5000))
    assert what_is_known(CellBlocks(silent)).deviations.max() < 5.0
    assert what_is_known(CellBlocks(loud)).deviations[0].min() > 1000.0  # five cells of 5,000 at p (1 − p) of .07
