"""The study of what is said: its worlds are what they claim, and a false sentence is found out."""

from dataclasses import replace

import numpy as np
import pytest

import calibra as cb
from calibra.findings import Finding
from calibra.values import Chance, Estimate, Listed, Phrase, Rank, Rep
from studies import sentences
from studies.sentence_claims import Claim, claims_of, could_be_said
from studies.sentence_truth import MARGIN, Truth
from studies.sentence_worlds import DAYS, KINDS, RANKS, draw_reps, draw_world, look


@pytest.fixture(scope="module")
def truth():
    world = draw_world("poor territory", 3)
    calibration = cb.calibrate(
        world.judgments, seed=1, draws=400, engine="laplace", parts=["thresholds"], progress=False
    )
    return Truth(world, calibration)


@pytest.mark.parametrize("kind", ["plain", "heaps", "early exits", "shared accounts"])
def test_what_is_counted_is_what_is_so(kind, monkeypatch):
    def many(kind, rng):
        return replace(draw_reps(kind, rng), n=np.full(10, 6_000))

    monkeypatch.setattr("studies.sentence_worlds.draw_reps", many)
    world = draw_world(kind, 0)
    calibration = cb.calibrate(world.judgments, seed=1, draws=400, engine="laplace", parts=[], progress=False)
    fit, so = calibration.ranks[DAYS], Truth(world, calibration).prob
    off = (fit.events / fit.n - so) / np.sqrt(so * (1 - so) * (1 / fit.n + 1 / 3_000))
    assert np.abs(off).max() < 4.0
    assert 0.3 < np.mean(off**2) < (3.0 if kind == "shared accounts" else 1.7)


def test_in_a_poor_territory_outcomes_lie_lower(truth):
    assert (truth.gap[:2] < -MARGIN).all()
    assert truth.gap[2:].mean() > truth.gap[:2].max()


def test_the_aim_is_the_share_that_keeps_the_promise(truth):
    for i in range(2, 10):
        share = truth.aim(i, 0.0, 0.5)
        assert share == 0.0 or truth.average(i, 0.0, share) == pytest.approx(0.5, abs=0.005)
        assert truth.bar(i, 0.1) == pytest.approx(truth.average(i, 0.09, 0.11), abs=0.002)


def test_a_false_sentence_is_found_out(truth):
    def claim(finding):
        told = type("Told", (), {"findings": [finding]})
        return list(claims_of(truth.world, _with(truth, told)))

    below = Finding("ranks.below", {}, rep=truth.reps[0], prob=0.97, side="below")
    assert claim(below) == [Claim("ranks.below", 0.97, holds=True)]
    above = Finding("ranks.above", {}, rep=truth.reps[0], prob=0.93, side="above")
    assert claim(above) == [Claim("ranks.above", 0.93, holds=False, wrong=True)]
    spread = Finding("ranks.spread", {"points": Estimate(90.0, 80.0, 99.0, "points")})
    assert claim(spread) == [Claim("ranks.spread", 0.9, holds=False)]
    pair = Phrase("ranks.pair", {"better": Rank("D"), "worse": Rank("C"), "chance": Chance(0.9)})
    assert claim(Finding("ranks.order_wrong", {"pairs": Listed((pair,))})) == [
        Claim("ranks.order", 0.9, holds=False, wrong=True)
    ]
    assert claim(Finding("ranks.few", {"rep": Rep(truth.reps[0])}, "unknown", truth.reps[0])) == []


def _with(truth, calibration):
    class Other(Truth):
        def __init__(self):
            self.__dict__.update(truth.__dict__)
            self.calibration = calibration

    return Other()


def test_what_could_be_said_is_counted(truth):
    possible = could_be_said(truth)
    assert possible["ranks.below"] == (10, int((truth.gap < -MARGIN).sum()))
    n, so = zip(*(possible[f"thresholds.{side}"] for side in ("tighten", "loosen", "keep")), strict=True)
    assert n == (30, 30, 30)
    assert sum(so) == 30
    assert "lead_times.slower" not in possible


def test_every_kind_of_world_is_drawn_and_none_is_like_another():
    reps = [draw_reps(kind, np.random.default_rng(1)) for kind in KINDS]
    seen = {str(rep) for rep in reps}
    assert len(seen) == len(KINDS)
    _, comes, rank = look(reps[0], 0, np.random.default_rng(2), 2_000)
    assert set(rank.tolist()) == set(range(len(RANKS)))
    assert 0.0 < comes.min() < comes.max() < 1.0


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    seen = []

    def run(kind, seed):
        seen.append((kind, seed))
        return {"kind": kind, "seed": seed, "claims": [], "possible": {}, "doubts": []}

    monkeypatch.setattr(sentences, "run_world", run)
    assert sentences.run_all(tmp_path, 1, minutes=-1.0) == []
    assert len(sentences.run_all(tmp_path, 1, minutes=9.0)) == len(KINDS)
    again = sentences.run_all(tmp_path, 2, minutes=9.0)
    assert len(again) == len(seen) == len(set(seen)) == 2 * len(KINDS)


def test_the_table_counts_what_was_said_by_how_sure_it_was():
    claims = [["ranks.below", 0.95, 1, 0], ["ranks.below", 0.91, 0, 0], ["ranks.below", 0.995, 1, 0]]
    record = {"kind": "plain", "seed": 0, "claims": claims, "possible": {"ranks.below": [10, 4]}, "doubts": []}
    rows = sentences.summarise([record])
    assert rows["how sure"] == [".9 to .99", "from .99"]
    assert rows["times"] == [2, 1]
    assert rows["stated"] == pytest.approx([0.93, 0.995])
    assert rows["so"] == [0.5, 1.0]
    assert rows["of these said"] == [0.25, 0.25]
    assert sentences.by_kind([record], ["ranks.below"])["plain"] == ["67 (3)"]
