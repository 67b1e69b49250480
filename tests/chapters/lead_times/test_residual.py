"""A rep's own use of a rank, which neither a level nor a slope can say: it is fitted, read, and drawn for a new rep."""

from dataclasses import replace

import numpy as np
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.new_rep import new_rep_draws
from calibra.chapters.lead_times.worlds import draw_times, lead_time_frame
from calibra.data.scale import RankScale
from calibra.inference.engines import sample_posterior
from tests.chapters.lead_times.worlds import AS_OF, competing, judgments_of, scale_of

EDGES = (15, 45, 90)
BOUNDS = np.concatenate([[0.0], np.array(EDGES) + 0.5])


def three_reps_whose_middle_rank_differs():
    """Three ranks; Bo's Bs come three times as often as a line through his As and Cs says."""
    parts = []
    for i, rep in enumerate(("Abe", "Bo", "Cy")):
        for k, rank in enumerate("ABC"):
            faster = 3.0 if (rep, rank) == ("Bo", "B") else 1.0
            days, ending = competing(600, seed=10 * i + k, event_days=60.0 * 2.0**k / faster, exit_days=300.0)
            parts.append((days, ending, np.full(600, rep), np.full(600, rank)))
    days, ending, rep, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
    return judgments_of(days, ending, rep=rep, rank=rank, scale=scale_of("A", "B", "C"))


@pytest.fixture(scope="module")
def fit():
    model = LeadTimeModel(interval_edges_days=EDGES)
    return model.fit(three_reps_whose_middle_rank_differs(), seed=1, engine="laplace", draws=400, progress=False)


def share_by(days: float, mean_event: float, mean_exit: float) -> float:
    total = 1 / mean_event + 1 / mean_exit
    return (1 / mean_event) / total * (1 - np.exp(-total * days))


def test_the_rank_that_a_rep_uses_in_his_own_way_is_read_as_it_was(fit):
    table = fit.probability_within(45).set_index(["rep", "rank"])
    for rep in ("Abe", "Bo", "Cy"):
        for k, rank in enumerate("ABC"):
            mean = 60.0 * 2.0**k / (3.0 if (rep, rank) == ("Bo", "B") else 1.0)
            row = table.loc[(rep, rank)]
            assert row.estimate == pytest.approx(share_by(45.5, mean, 300.0), abs=0.06)


def test_the_residual_lies_outside_level_and_slope(fit):
    model, cells = LeadTimeModel(interval_edges_days=EDGES), fit.cells
    terms = {term.name: term.design for term in model._rep_terms(cells)}
    n_intervals = len(EDGES)
    assert list(terms) == ["level", "slope", "residual", "tempo"]
    assert terms["residual"].shape == (3 * n_intervals, 1)
    for name in ("level", "slope", "tempo"):
        np.testing.assert_allclose(terms["residual"].T @ terms[name], 0.0, atol=1e-12)
    np.testing.assert_allclose((terms["residual"] ** 2).sum(), n_intervals)  # a unit vector over the ranks


def test_two_ranks_have_no_residual():
    days, ending = competing(60, seed=3)
    rank = np.array(["A", "B"])[np.arange(60) % 2]
    judgments = judgments_of(days, ending, rank=rank)
    fit = LeadTimeModel(interval_edges_days=(30, 60)).fit(
        judgments, seed=1, engine="laplace", draws=100, progress=False
    )
    assert "residual" not in fit.posteriors["event"].draws


@pytest.mark.parametrize("n_ranks", [3, 5])
def test_log_hazards_are_the_design_times_the_draws(n_ranks):
    ranks = tuple("ABCDE"[:n_ranks])
    days, ending = competing(300, seed=4)
    judgments = judgments_of(
        days, ending, rep=np.array(["Abe", "Bo"])[np.arange(300) % 2], rank=np.array(ranks)[np.arange(300) % n_ranks]
    )
    fit = LeadTimeModel(interval_edges_days=EDGES).fit(judgments, seed=1, engine="laplace", draws=100, progress=False)
    declared, draws = fit.declarations["exit"], fit.posteriors["exit"].draws
    beta = np.concatenate([draws[term.name] for term in declared.population], axis=1)
    own = np.concatenate([np.atleast_3d(draws[term.name]) for term in declared.rep_terms], axis=2)
    eta = (beta @ declared.population_design.T)[:, None] + own @ declared.rep_design.T
    np.testing.assert_allclose(fit.draws.log_hazards("exit").reshape(eta.shape), eta)


@pytest.mark.parametrize("n_ranks", [3, 5])
def test_a_rep_never_seen_has_a_residual_of_its_own(n_ranks):
    ranks = tuple("ABCDE"[:n_ranks])
    days, ending = competing(300, seed=5)
    rank = np.array(ranks)[np.arange(300) % n_ranks]
    fit = LeadTimeModel(interval_edges_days=EDGES).fit(
        judgments_of(days, ending, rank=rank), seed=1, engine="laplace", draws=300, progress=False
    )
    event = fit.posteriors["event"]
    wide = replace(event, draws=event.draws | {"residual_scale": np.full(300, 2.0)})
    new = new_rep_draws(replace(fit, posteriors=dict(fit.posteriors) | {"event": wide})).posteriors["event"].draws
    assert new["residual"].shape == ((300, 1) if n_ranks == 3 else (300, 1, n_ranks - 2))
    assert new["residual"].std() == pytest.approx(2.0, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.0, 0.3])
def test_intervals_hold_the_truth_with_and_without_a_residual(sd):
    """1,500 judgments a rep, five ranks; deviations of every rep and rank, not of the model's basis alone."""
    held = [_held(sd, world) for world in range(8)]
    assert 0.86 <= np.mean(held) <= 0.98


def _held(sd: float, world: int) -> float:
    """Share of rep × rank intervals of F(90) that hold the truth."""
    rng = np.random.default_rng([11, world])
    scale, n, model = RankScale(list("ABCDE")), np.full((10, 5), 300), LeadTimeModel()
    event, exit_ = _hazards(rng, -5.2, 0.6, sd), _hazards(rng, -5.8, -0.3, sd)
    times = draw_times(rng, event, exit_, BOUNDS, n=n, longest_days=300)
    frame = lead_time_frame(
        model, times, rng, n=n, reps=tuple(f"r{i}" for i in range(10)), scale=scale, as_of=AS_OF.date(),
        edges_days=EDGES, exact=False,
    )  # fmt: skip
    posteriors = {
        cause: sample_posterior(declared, seed=100 * world + i, engine="laplace", draws=500, progress=False)
        for i, (cause, declared) in enumerate(frame.declarations.items())
    }
    fit = replace(frame, posteriors=posteriors)
    low, high = np.quantile(fit.incidence_draws([90])[..., 0], [0.05, 0.95], axis=0)
    true = _share_of_events(event, exit_)
    return float(((low <= true) & (true <= high)).mean())


def _hazards(rng: np.random.Generator, first: float, slope: float, sd: float) -> np.ndarray:
    scores = np.linspace(1.0, -1.0, 5)[:, None] * np.sqrt(2.0)
    own = 0.35 * rng.standard_normal((10, 1, 1)) + 0.15 * rng.standard_normal((10, 1, 1)) * scores
    late = np.linspace(0.2, -0.2, len(EDGES))
    return np.exp(first + slope * scores + own + late + sd * rng.standard_normal((10, 5, 1)))


def _share_of_events(event: np.ndarray, exit_: np.ndarray) -> np.ndarray:
    """By the last edge, interval by interval."""
    share, still_open = np.zeros(event.shape[:2]), np.ones(event.shape[:2])
    for j, width in enumerate(np.diff(BOUNDS)):
        total = event[..., j] + exit_[..., j]
        ended = -np.expm1(-total * width)
        share += still_open * event[..., j] / total * ended
        still_open *= 1.0 - ended
    return share
