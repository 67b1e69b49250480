"""Three viewpoints: a rep who is slow alone, identical reps, identities, what is refused, saved and loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.lead_times.curves import time_of_share
from calibra.chapters.viewpoints.chapter import VIEWPOINTS as CHAPTER
from calibra.chapters.viewpoints.gaps import VIEWPOINTS, _sides, viewpoints
from calibra.chapters.viewpoints.section import card, section

N, REPS = 30_000, 20
FAST = {"seed": 1, "engine": "laplace", "progress": False}
PARTS = ["lead times", "value", "viewpoints"]


def team(*, slow: float = 1.0, small: float = 1.0, seed: int = 1) -> cb.Judgments:
    """Twenty reps alike, but for r0, whose events take so many times as long, and r1, whose deals are smaller."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"id": range(N), "rank": rng.choice(["A", "B"], N), "rep": rng.integers(0, REPS, N).astype(str)}
    )
    frame["rep"] = "r" + frame["rep"]
    age = rng.integers(0, 900, N)
    as_of = pd.Timestamp("2026-06-30")
    frame["judged"] = as_of - pd.to_timedelta(age, unit="D")
    comes = rng.random(N) < np.where(frame["rank"] == "A", 0.55, 0.25)
    days = np.floor(70 * np.exp(0.6 * rng.standard_normal(N)) * np.where(frame["rep"] == "r0", slow, 1.0))
    comes &= days <= age
    frame["arose"] = (frame["judged"] + pd.to_timedelta(days, unit="D")).where(comes)
    deal = np.floor(45 * np.exp(0.4 * rng.standard_normal(N)))
    won = comes & (rng.random(N) < 0.5) & (days + deal <= age)
    frame["won"] = (frame["arose"] + pd.to_timedelta(deal, unit="D")).where(won)
    size = np.where(frame["rep"] == "r1", small, 1.0) * np.exp(0.5 * rng.standard_normal(N))
    frame["amount"] = np.where(won, 1e6 * size, np.nan)
    columns = {
        "prospect": "id",
        "rep": "rep",
        "rank": "rank",
        "judged_at": "judged",
        "event_at": "arose",
        "won_at": "won",
        "amount": "amount",
    }
    scale = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=90), "B": cb.Promise(0.2, within_days=90)})
    return cb.Judgments.from_frame(frame, scale=scale, as_of=as_of, columns=columns)


@pytest.fixture(scope="module")
def slow_one() -> cb.Calibration:
    """A team with one rep whose events take 1.8 times as long, and one whose deals are half as large."""
    return cb.calibrate(team(slow=1.8, small=0.5), parts=PARTS, **FAST)  # type: ignore[arg-type]


def test_a_slow_rep_is_right_about_whether_and_wrong_about_when(slow_one: cb.Calibration) -> None:
    table = slow_one.viewpoints.table.set_index("rep")
    assert table.loc["r0", "statement"] == "wrong_when"
    assert table.loc["r0", "statement_prob"] >= 0.9
    assert table.loc["r0", "how_long_verdict"] == "below"
    assert table.loc["r0", "days_half"] > 1.3 * table.drop("r0")["days_half"].max()
    told = [each for each in slow_one.findings if each.key == "viewpoints.wrong_when"]
    assert [each.rep for each in told] == ["r0"]
    assert "right about whether, wrong about when" in str(told[0])
    assert "来るかどうかは当たっています" in told[0].say("ja")


def test_a_rep_whose_deals_are_half_as_large_is_told(slow_one: cb.Calibration) -> None:
    table = slow_one.viewpoints.table.set_index("rep")
    assert table.loc["r1", "how_much_verdict"] == "below"
    assert table.loc["r1", "how_much_gap_percent"] == pytest.approx(-50, abs=15)
    assert table.loc["r1", "statement"] == "less_won"


def test_identities_of_the_table(slow_one: cb.Calibration) -> None:
    table = slow_one.viewpoints.table
    for name in VIEWPOINTS:
        probs = table[[f"{name}_prob_{side}" for side in ("below", "within", "above")]]
        np.testing.assert_allclose(probs.sum(axis=1), 1.0)
    assert (table["days_quarter"] <= table["days_half"]).all()
    assert (table["days_half"] <= table["days_three_quarters"]).all()
    assert table["rep"].tolist() == sorted(table["rep"])
    assert not [name for name in table.columns if "score" in name]


def test_identical_reps_get_no_statement_that_sets_them_apart() -> None:
    found = cb.calibrate(team(seed=4), parts=PARTS, **FAST)  # type: ignore[arg-type]
    assert set(found.viewpoints.table["statement"]) <= {"in_line", "cannot tell yet"}
    assert not [each for each in found.findings if each.chapter == "viewpoints"]


def test_sides_of_the_margin_are_one_of_three() -> None:
    assert _sides(np.array([-0.3, -0.2, 0.0, 0.2, 0.3]), 0.25).tolist() == [-1, 0, 0, 0, 1]


def test_days_by_which_half_has_come_are_read_between_the_times() -> None:
    # by hand: .2 at day 10, .6 at day 20: half at 10 + .3/.4 · 10 = 17.5
    share = np.array([[[0.0, 0.2, 0.6, 1.0]]])
    assert time_of_share(share, np.array([0.0, 10.0, 20.0, 30.0]), 0.5)[0, 0] == pytest.approx(17.5)


def test_misread_amounts_are_open_prospects_times_what_values_differ(slow_one: cb.Calibration) -> None:
    # B_r = Σ_k n_open,rk (V_others,k − V_rk): with no prospect open nothing is misread
    lead, value = slow_one.lead_times, slow_one.value
    none = replace(lead.open_counts, n=np.zeros_like(lead.open_counts.n))
    table = viewpoints(replace(lead, open_counts=none), value).table
    assert (table["misread_amount"] == 0.0).all()
    assert slow_one.viewpoints.table.set_index("rep").loc["r1", "misread_amount_lower"] > 0.0


def test_fits_of_other_reps_are_refused(slow_one: cb.Calibration) -> None:
    wrong = replace(slow_one.value.wins.terms, reps=("a",) * REPS)
    value = replace(slow_one.value, wins=replace(slow_one.value.wins, terms=wrong))
    with pytest.raises(cb.InputError, match="must be of the same reps and ranks"):
        viewpoints(slow_one.lead_times, value)
    with pytest.raises(cb.InputError, match="`within_days` must be a horizon that the lead times reach"):
        viewpoints(slow_one.lead_times, slow_one.value, within_days=5000)
    with pytest.raises(cb.InputError, match="`margin_ratio`"):
        viewpoints(slow_one.lead_times, slow_one.value, margin_ratio=1.0)


def test_section_card_and_picture_are_the_same_after_loading(slow_one: cb.Calibration, tmp_path: Path) -> None:
    loaded = cb.load(slow_one.save(tmp_path / "team.calibra"))
    pd.testing.assert_frame_equal(loaded.viewpoints.table, slow_one.viewpoints.table)
    for lang in ("en", "ja"):
        page = slow_one.page(lang=lang)
        (part,) = section(slow_one.viewpoints, page)
        assert len(part.blocks[1].rows) == REPS  # type: ignore[union-attr]
        assert len(card(slow_one.viewpoints, "r0", page)) == 1
    axes = cb.plot_viewpoints(slow_one.viewpoints)
    named = [label.get_text().split(" ")[0] for label in axes.get_yticklabels()]
    assert named == sorted(f"r{i}" for i in range(REPS))
    assert CHAPTER.key == "viewpoints"
