"""A lead-time model that does not give back its counts is doubted, whatever they are grouped by; one that does, not."""

import html
import re

import numpy as np
import pytest

import calibra as cb
from calibra.chapters.lead_times.findings import findings
from calibra.chapters.lead_times.misfits import cell_misfits, clusters, misfits, promise_misfits
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.checks.recovery.sbc import fit_world
from calibra.findings import Finding
from calibra.values import Count, Listed, Phrase, Rank, Rep
from calibra.wording import choose_wording
from calibra.words import ALL_RANKS
from studies.trust_pieces import SMALL
from tests.calibrated import calibrated
from tests.chapters.lead_times.worlds import competing, judgments_of, scale_of


def as_tests(*rows: tuple[str, str, float, float, float]) -> dict[str, np.ndarray]:
    names = ("cause", "grouping", "chi_square", "df", "p_value")
    return {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def as_cells(*rows: tuple[str, str, str, str, str, float, float]) -> dict[str, np.ndarray]:
    names = ("cause", "grouping", "rep", "rank", "interval", "observed", "expected")
    return {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def test_the_cell_that_is_off_most_is_named():
    cells = as_cells(
        ("event", "rep", "Abe", "", "", 130, 100.0), ("event", "rep", "Bo", "", "", 40, 80.0),
        ("event", "rep", "Cy", "", "", 9, 1.0),  # off most, but hardly anything is expected
    )  # fmt: skip
    (doubt,) = cell_misfits(as_tests(("event", "rep", 29.0, 2.0, 5e-7)), cells)
    assert (doubt.key, doubt.role, doubt.rep) == ("lead_times.cell_misfit", "doubt", None)
    assert str(doubt) == (
        "The lead-time model does not give back the events by rep: more is off than chance allows. Most of all Bo: "
        "expected 80, counted 40. Read what is said of it with care."
    )
    assert "担当者別に見た結果の実数と" in doubt.say("ja")


def test_a_table_by_two_things_is_told_only_where_neither_is_told_by_itself():
    cells = as_cells(
        ("event", "rep", "Abe", "", "", 130, 100.0), ("event", "rep × rank", "Abe", "A", "", 130, 100.0),
        ("exit", "rep × rank", "Abe", "B", "", 50, 100.0), ("event", "rank × interval", "", "A", "0–9", 50, 100.0),
    )  # fmt: skip
    rows = [
        ("event", "rep × rank", 30.0, 1.0, 1e-8), ("event", "rep", 30.0, 1.0, 1e-8),
        ("exit", "rep × rank", 30.0, 1.0, 1e-8), ("event", "rank × interval", 30.0, 1.0, 1e-8),
    ]  # fmt: skip
    found = [(key_of(doubt, "endings"), grouping_of(doubt)) for doubt in cell_misfits(as_tests(*rows), cells)]
    event, exit_ = "lead_times.misfit_event", "lead_times.misfit_exit"
    assert found == [(event, "rep"), (exit_, "rep and rank"), (event, "rank and days since the judgment")]


def key_of(doubt: Finding, name: str) -> str:
    """Key of a part of a doubt."""
    part = doubt.values[name]
    assert isinstance(part, Phrase)
    return part.key


def grouping_of(doubt: Finding) -> str:
    """What a table is by, in words."""
    return choose_wording("en", "event").write(doubt.values["grouping"])


@pytest.mark.parametrize(("p_value", "n_doubts"), [(0.002, 1), (0.004, 0), (np.nan, 0)])
def test_the_level_is_shared_by_the_tests_there_are(p_value, n_doubts):
    cells = as_cells(*(("event", name, "", "A", "", 130, 100.0) for name in ("rank", "rep", "interval", "rep × rank")))
    rows = [("event", "rank", 9.0, 1.0, p_value), ("event", "rep", 1.0, 1.0, 0.3), ("event", "interval", 1.0, 1.0, 0.3),
            ("event", "rep × rank", 1.0, 0.5, np.nan)]  # fmt: skip
    assert len(cell_misfits(as_tests(*rows), cells)) == n_doubts


def test_what_is_sure_but_small_is_not_told():
    cells = as_cells(("event", "rank", "", "A", "", 103_000, 100_000.0), ("event", "rank", "", "B", "", 97_000, 1e5))
    assert cell_misfits(as_tests(("event", "rank", 180.0, 1.0, 1e-40)), cells) == []
    assert len(cell_misfits(as_tests(("event", "rank", 1800.0, 1.0, 0.0)), cells)) == 1


def burst(rng: np.random.Generator):
    """Two reps with exponential clocks, and Cy, whose events all come on days 31 to 34."""
    parts = []
    for i, rep in enumerate(("Abe", "Bo")):
        days, ending = competing(400, seed=i, event_days=60.0, exit_days=400.0)
        parts.append((days, ending, np.full(400, rep)))
    age = rng.integers(1, 200, 400)
    hit = (rng.random(400) < 0.6) & (age > 34)
    parts.append((np.where(hit, rng.integers(31, 35, 400), age), np.where(hit, 1, 3), np.full(400, "Cy")))
    days, ending, rep = (np.concatenate(column) for column in zip(*parts, strict=True))
    return judgments_of(days, ending, rep=rep, rank=np.array(["A", "B"])[np.arange(1200) % 2], scale=scale_of("A", "B"))


def test_a_rep_whose_events_come_in_a_burst_is_named_and_reaches_the_reader_in_both_languages(tmp_path):
    judgments = burst(np.random.default_rng(1))
    calibration = cb.calibrate(judgments, seed=1, engine="laplace", parts=["lead times"], progress=False)
    doubts = [doubt for doubt in calibration.doubts if doubt.key == "lead_times.cell_misfit"]
    of_events = [doubt for doubt in doubts if key_of(doubt, "endings") == "lead_times.misfit_event"]
    (own,) = [doubt for doubt in of_events if grouping_of(doubt) == "rep and days since the judgment"]
    where = own.values["where"]
    assert isinstance(where, Listed)
    assert where.parts[0] == Rep("Cy")
    assert re.search(r"Most of all Cy, days \d+–\d+: expected \d+, counted \d+\.", str(own))
    assert re.search(r"担当者別・経過日数別に見た結果.*Cyさん、\d+–\d+日目で、モデルでは\d+件", own.say("ja"))
    assert str(own) in calibration.summary()
    for lang in ("en", "ja"):
        page = calibration.report(tmp_path / f"{lang}.html", lang=lang).read_text(encoding="utf-8")
        told = calibration.page(lang=lang).say.tell(own)
        assert told in html.unescape(page)


def test_a_fit_that_gives_its_counts_back_is_not_doubted():
    fit = calibrated().lead_times
    assert misfits(fit.check(interval_prob=0.99)) == []
    assert not [each for each in findings(fit) if each.role == "doubt"]


def as_horizons(*rows: tuple[str, float, float, float, float, float]) -> dict[str, np.ndarray]:
    names = ("rank", "ratio", "ratio_lower", "ratio_upper", "expected", "observed")
    columns = {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    return columns | {"within_days": np.full(len(rows), 60), "n": np.full(len(rows), 1200)}


def test_the_rank_that_is_off_most_by_a_promised_day_is_named():
    horizons = as_horizons(
        ("A", 0.5, 0.4, 0.6, 0.5, 0.25), ("B", 1.2, 1.1, 1.3, 0.3, 0.36),
        ("C", 0.2, 0.1, 1.1, 0.5, 0.1),  # off most, but not surely
    )  # fmt: skip
    (doubt,) = promise_misfits(horizons)
    assert (doubt.key, doubt.role, doubt.within_days) == ("lead_times.promise_misfit", "doubt", 60)
    assert str(doubt).replace("\xa0", " ") == (
        "The lead-time model does not give back what was counted: of rank A it expects 50 % within 60 days, counted "
        "were 25 % of 1,200. Read lead times and the chances of open prospects with care."
    )
    assert "ランクAが60日以内に商談化する割合は、モデルでは50%、実際は1,200件のうち25%です" in doubt.say(
        "ja", event="opportunity"
    )


def test_a_fit_that_is_off_what_was_counted_by_a_promised_day_is_doubted():
    # A comes early or never, C late, and B in two waves: proportional hazards with one tempo a rank cannot follow that
    rng = np.random.default_rng(1)
    waves = ([(1, 15), (1, 15)], [(1, 10), (130, 170)], [(70, 170), (70, 170)])
    came = np.concatenate([rng.integers(*wave, 300) for both in waves for wave in both])
    days, ending = np.r_[came, np.full(1200, 213)], np.repeat([1, 3], [1800, 1200])
    rank, rep = np.r_[np.repeat(list("ABC"), 600), np.repeat(list("ABC"), 400)], np.tile(["x", "y"], 1500)
    judgments = judgments_of(days, ending, rep=rep, rank=rank, age_days=213, scale=scale_of("A", "B", "C"), exits=False)
    model = LeadTimeModel(interval_edges_days=(60, 120, 180))  # too wide for A, all of whose events come by day 15
    fit = model.fit(judgments, seed=1, engine="laplace", draws=300, progress=False)
    (doubt,) = [each for each in findings(fit) if each.key == "lead_times.promise_misfit"]
    rank_phrase = doubt.values["rank"]
    assert isinstance(rank_phrase, Phrase)
    assert rank_phrase.values["rank"] in (Rank("A"), Rank("B"))


def test_all_ranks_together_are_named_as_such():
    (doubt,) = promise_misfits(as_horizons((ALL_RANKS, 0.5, 0.4, 0.6, 0.5, 0.25)))
    assert "of all ranks it expects" in str(doubt)
    assert "全体が60日以内に" in doubt.say("ja")


@pytest.mark.parametrize("ratio", [(1.04, 1.02, 1.06), (1.5, 0.9, 2.1), (np.nan, np.nan, np.nan)])
def test_a_promised_day_that_is_hardly_or_not_surely_off_is_no_doubt(ratio):
    assert promise_misfits(as_horizons(("A", *ratio, 0.5, 0.5))) == []


@pytest.mark.slow
def test_models_that_fit_are_hardly_ever_doubted():
    doubted = 0
    for world in range(40):
        drawn = LeadTimeModel().draw_world(SMALL, np.random.default_rng([3, world]), exact=True)
        fit = drawn.fitted(fit_world(drawn, seed=world, sampler=None, draws=200))
        found = fit.check(interval_prob=0.99)
        doubted += bool(cell_misfits(found.tests, found.cells))
    assert doubted <= 2  # 1 in 100 is meant: three or more have a chance of 0.8 %


def renewals(share: float, first: int, last: int) -> cb.Judgments:
    """A quarter become an event soon; of the others that share on the days around a year, even from first to last."""
    rng, n = np.random.default_rng(0), 2400
    event = np.where(rng.random(n) < share, rng.integers(first, last + 1, n), 10_000)
    event = np.where(rng.random(n) < 0.25, np.floor(rng.exponential(30.0, n)).astype(int), event)
    age = rng.integers(1, 721, n)
    days, ending = np.minimum(event, age), np.where(event <= age, 1, 3)
    return judgments_of(days, ending, rep=np.array(["Abe", "Bo"])[np.arange(n) % 2], exits=False)


@pytest.mark.parametrize(("first", "last"), [(360, 379), (370, 389)])
def test_events_that_cluster_within_an_interval_are_told(first, last):
    model = LeadTimeModel(interval_edges_days=(30, 60, 90, 180, 260, 379, 521, 700))
    found = model.fit(renewals(0.2, first, last), seed=1, engine="laplace", draws=200).check(interval_prob=0.99)
    (doubt,) = clusters(found.pieces)
    days, awaited, seen = (doubt.values[name] for name in ("days", "awaited", "seen"))
    begin, end = map(int, str(days).split("–"))
    assert begin <= last
    assert end >= first
    assert doubt.values["interval"] in ("261–379", "380–521")
    assert f"cluster on days {days}, within the interval of days" in str(doubt)
    assert isinstance(awaited, Count)
    assert isinstance(seen, int)
    assert seen >= 2 * awaited.n


def test_a_cluster_is_a_doubt_in_both_languages():
    model = LeadTimeModel(interval_edges_days=(30, 60, 90, 180, 260, 379, 521, 700))
    fit = model.fit(renewals(0.2, 360, 379), seed=1, engine="laplace", draws=200, progress=False)
    (doubt,) = [each for each in findings(fit) if each.key == "lead_times.cluster"]
    days, interval = doubt.values["days"], doubt.values["interval"]
    assert f"he events cluster on days {days}, within the interval of days {interval}. Expected there were" in str(
        doubt
    )
    assert "Give edges around them (`interval_edges_days`)." in str(doubt)
    assert f"{interval}日目の区間のうち{days}日目に集中しています" in doubt.say("ja")


def test_pieces_are_counted_by_hand():
    """Of 130 events on days 30 to 69 the days 50 to 59 hold 100; a day holds 1 elsewhere; nobody is censored."""
    days = np.concatenate([np.arange(30, 70), np.repeat(np.arange(50, 60), 9), np.full(2000, 80)])
    judgments = judgments_of(days, np.where(days < 80, 1, 3), exits=False)
    fit = LeadTimeModel(interval_edges_days=(29, 69, 79)).fit(judgments, seed=1, engine="laplace", draws=200)
    pieces = fit.check(interval_prob=0.9).pieces
    mine = pieces["interval"] == "30–69"
    assert pieces["piece"][mine].tolist() == ["30–39", "40–49", "50–59", "60–69"]
    assert pieces["observed"][mine].tolist() == [10, 10, 100, 10]
    np.testing.assert_allclose(pieces["expected"][mine], 130 / 4, rtol=0.05)  # all but even: 6 % of all end
    assert pieces["factor"][mine][2] == pytest.approx(100 / 32.5, rel=0.05)
    assert set(pieces["interval"]) == {"0–29", "30–69"}  # 70–79 is narrow


@pytest.mark.parametrize("days", ["exponential", "late", "log-normal"])
def test_a_smooth_hazard_is_no_cluster(days):
    rng, n = np.random.default_rng(2), 2400
    event = {
        "exponential": rng.exponential(60.0, n), "late": 180.0 * rng.weibull(3.0, n),
        "log-normal": np.exp(rng.normal(np.log(200.0), 0.5, n)),
    }[days]  # fmt: skip
    event = np.floor(np.where(rng.random(n) < 0.5, event, 1e4)).astype(int)
    age = rng.integers(1, 721, n)
    judgments = judgments_of(np.minimum(event, age), np.where(event <= age, 1, 3), exits=False)
    model = LeadTimeModel(interval_edges_days=(30, 90, 180, 360))
    found = model.fit(judgments, seed=1, engine="laplace", draws=200).check(interval_prob=0.99)
    assert found.pieces["observed"].sum() > 100
    assert clusters(found.pieces) == []
