"""A lead-time model that does not give back its counts is doubted, whatever they are grouped by; one that does, not."""

import numpy as np
import pytest
from tests.calibrated import calibrated
from tests.models.lead_time_worlds import competing, judgments_of, scale_of

import calibra as cb
from calibra.data.doubts import CELL_MISFIT, CLUSTER, cell_misfits, clusters, lead_time_misfits
from calibra.models.lead_time import LeadTimeModel
from calibra.studies.trust_pieces import SMALL
from calibra.studies.trust_sbc import fit_world
from calibra.studies.trust_worlds import draw_world
from calibra.views.report.build import write_report


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
    assert doubt.kind == CELL_MISFIT
    assert str(doubt) == (
        "the lead-time model does not give back the events by rep: more is off than chance allows. Most of all 'Bo': "
        "expected 80, counted 40; read what is said of it with care"
    )


def test_a_table_by_two_things_is_told_only_where_neither_is_told_by_itself():
    cells = as_cells(
        ("event", "rep", "Abe", "", "", 130, 100.0), ("event", "rep × rank", "Abe", "A", "", 130, 100.0),
        ("exit", "rep × rank", "Abe", "B", "", 50, 100.0), ("event", "rank × interval", "", "A", "0–9", 50, 100.0),
    )  # fmt: skip
    rows = [
        ("event", "rep × rank", 30.0, 1.0, 1e-8), ("event", "rep", 30.0, 1.0, 1e-8),
        ("exit", "rep × rank", 30.0, 1.0, 1e-8), ("event", "rank × interval", 30.0, 1.0, 1e-8),
    ]  # fmt: skip
    found = [(doubt.values["cause"], doubt.values["grouping"]) for doubt in cell_misfits(as_tests(*rows), cells)]
    assert found == [("event", "rep"), ("exit", "rep × rank"), ("event", "rank × interval")]


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


def test_a_rep_whose_events_come_in_a_burst_is_named_and_reaches_the_reader(tmp_path):
    judgments = burst(np.random.default_rng(1))
    found = cb.calibrate(judgments, seed=1, engine="laplace", parts=["lead times"], progress=False)
    doubts = [doubt for doubt in found.doubts() if doubt.kind == CELL_MISFIT and doubt.values["cause"] == "event"]
    (own,) = [doubt for doubt in doubts if doubt.values["grouping"] == "rep × interval"]
    assert own.values["rep"] == "Cy"
    assert f"Most of all 'Cy', days {own.values['interval']}: expected" in found.summary()
    for lang, said in (("en", "Cy, days {}: expected"), ("ja", "Cy、{}日目で、モデルでは")):
        page = write_report(found, tmp_path / f"{lang}.html", lang=lang).read_text(encoding="utf-8")
        assert said.format(own.values["interval"]) in page


def test_a_fit_that_gives_its_counts_back_is_not_doubted():
    given_back = calibrated().lead_fit.calibration(interval_prob=0.99)
    assert lead_time_misfits(given_back) == []


@pytest.mark.slow
def test_models_that_fit_are_hardly_ever_doubted():
    doubted = 0
    for world in range(40):
        drawn = draw_world(LeadTimeModel(), SMALL, np.random.default_rng([3, world]), exact=True)
        fit = drawn.fitted(fit_world(drawn, seed=world, sampler=None, draws=200))
        found = fit.calibration(interval_prob=0.99)
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
    found = model.fit(renewals(0.2, first, last), seed=1, engine="laplace", draws=200).calibration(interval_prob=0.99)
    (doubt,) = clusters(found.pieces)
    begin, end = map(int, doubt.values["days"].split("–"))
    assert begin <= last
    assert end >= first
    assert doubt.values["interval"] in ("261–379", "380–521")
    assert doubt.values["seen"] >= 2 * doubt.values["awaited"]
    assert f"cluster on days {doubt.values['days']} within the interval of days" in str(doubt)


def test_a_cluster_reaches_the_reader(tmp_path):
    found = cb.calibrate(renewals(0.2, 360, 379), seed=1, engine="laplace", parts=["lead times"], progress=False)
    (doubt,) = [doubt for doubt in found.doubts() if doubt.kind == CLUSTER]
    days, interval = doubt.values["days"], doubt.values["interval"]
    for lang, said in (
        ("en", f"cluster on days {days} within the interval of days {interval}"),
        ("ja", f"{interval}日目の区間のうち{days}日目"),
    ):  # fmt: skip
        assert said in write_report(found, tmp_path / f"{lang}.html", lang=lang).read_text(encoding="utf-8")


def test_pieces_are_counted_by_hand():
    """Of 130 events on days 30 to 69 the days 50 to 59 hold 100; a day holds 1 elsewhere; nobody is censored."""
    days = np.concatenate([np.arange(30, 70), np.repeat(np.arange(50, 60), 9), np.full(2000, 80)])
    judgments = judgments_of(days, np.where(days < 80, 1, 3), exits=False)
    fit = LeadTimeModel(interval_edges_days=(29, 69, 79)).fit(judgments, seed=1, engine="laplace", draws=200)
    pieces = fit.calibration(interval_prob=0.9).pieces
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
    found = LeadTimeModel().fit(judgments, seed=1, engine="laplace", draws=200).calibration(interval_prob=0.99)
    assert found.pieces["observed"].sum() > 100
    assert clusters(found.pieces) == []
