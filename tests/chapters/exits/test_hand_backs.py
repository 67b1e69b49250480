"""Who hands back early is no over-reader; what came of what was handed back, by hand, on the page and in the file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, log_expit, logit
from scipy.stats import beta

import calibra as cb
from calibra.chapters.exits.hand_backs import what_came_of_hand_backs
from calibra.chapters.exits.pictures import plot_hand_backs
from calibra.chapters.exits.reps_apart import SPREAD_SCALE, prob_beyond_others
from calibra.checks.row_doubts import exits_with_events_after, too_many_seen_in_part
from calibra.cli.config import read_settings
from calibra.data.counting.doubts import EVENTS_AFTER_EXITS, PARTLY_SEEN
from calibra.data.counting.judgments import Judgments
from calibra.reading.flags import FLAG_PROB
from calibra.words import ALL_RANKS

AS_OF = np.datetime64("2026-09-30")
SCALE = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90), "B": cb.Promise(0.3, within_days=90)})
ROLES = {name: name for name in ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at", "exit_kind")}
WITHOUT = {role: column for role, column in ROLES.items() if role != "exit_kind"}
MEANS = {"マーケに戻す": "handed back", "対象外": "disqualified"}


def world(seed: int = 1, n: int = 4000) -> pl.DataFrame:
    """Eight reps alike; r0 hands everybody back on day 30, and the opportunities come all the same, on days 5 to 87."""
    rng = np.random.default_rng(seed)
    rep, rank, age = rng.integers(0, 8, n), rng.integers(0, 3, n), rng.integers(91, 600, n)
    judged, day = AS_OF - age.astype("m8[D]"), rng.integers(5, 88, n)
    event = rng.random(n) < np.array([0.5, 0.3, 0.12])[rank]
    back = (rep == 0) & ~(event & (day <= 30))
    unfit = (rep > 0) & ~event & (rng.random(n) < 0.2)
    none = np.datetime64("NaT", "D")
    kinds = [["マーケに戻す", "対象外", None][place] for place in np.where(back, 0, np.where(unfit, 1, 2))]
    return pl.DataFrame({
        "prospect": np.arange(n), "rep": [f"r{i}" for i in rep], "rank": np.array(SCALE.ranks)[rank],
        "judged_at": judged, "event_at": np.where(event, judged + day.astype("m8[D]"), none),
        "exit_at": np.where(back | unfit, judged + np.timedelta64(30, "D"), none), "exit_kind": kinds,
    })  # fmt: skip


def read(frame: pl.DataFrame, columns: dict[str, str] = ROLES, **more: Any) -> Judgments:
    kinds = {"exit_kinds": MEANS} if "exit_kind" in columns else {}
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-09-30", columns=columns, **kinds, **more)


@pytest.fixture(scope="module")
def calibration() -> cb.Calibration:
    return cb.calibrate(read(world()), seed=1, engine="laplace", draws=400, progress=False)


def test_who_hands_back_early_is_found_in_line(calibration: cb.Calibration) -> None:
    profiles = calibration.ranks[90].profiles().set_index("rep")
    assert set(profiles["finding"]) == {"in line"}
    tempo = calibration.lead_times.tempo().set_index("rep")
    assert tempo.loc["r0", "finding"] in ("in line", "cannot tell yet")
    assert calibration.thresholds.advice is not None
    assert not {"tighten", "loosen"} & set(calibration.thresholds.advice.table.set_index("rep").loc["r0", "verdict"])
    about = [str(found) for found in calibration.findings if found.rep == "r0" and found.weight >= 1]
    assert not [line for line in about if re.search("below|above|earlier|later|slower|faster", line)]


def test_the_reading_stands_beside_what_came_in_our_care(calibration: cb.Calibration) -> None:
    frame = world()
    of_r0 = frame.filter((pl.col("rep") == "r0") & (pl.col("rank") == "A"))
    care = calibration.tables()["in_our_care"].set_index(["rep", "rank"]).loc[("r0", "A")]
    assert (care["n"], care["events"]) == (of_r0.height, of_r0["event_at"].count())
    assert care["events_in_care"] == of_r0.filter(pl.col("exit_at").is_null())["event_at"].count()
    assert care["rate"] == pytest.approx(0.5, abs=0.08)  # two standard errors
    assert care["rate_in_care"] == pytest.approx(0.5 * 26 / 83, abs=0.06)  # days 5 to 30 of 5 to 87


def test_without_the_kind_of_exit_the_doubt_says_what_may_be_wrong() -> None:
    (doubt,) = exits_with_events_after(read(world(), WITHOUT))
    frame = world()
    after = frame.filter(pl.col("event_at") > pl.col("exit_at")).height
    assert (doubt.key, doubt.values) == (EVENTS_AFTER_EXITS, {"n": frame["exit_at"].count(), "n_after": after})
    assert f"{after} of {frame['exit_at'].count()} exits have an event after them" in str(doubt)
    assert exits_with_events_after(read(world())) == []
    steady = world().filter(pl.col("rep") != "r0")
    assert exits_with_events_after(read(steady, WITHOUT)) == []


def by_hand() -> Judgments:
    """Aoki handed four As back: three at least 90 days ago, of which two came, on day 20 and day 90 after."""
    days = [("2026-02-01", "2026-02-21"), ("2026-02-01", "2026-05-02"), ("2026-02-01", None), ("2026-09-01", None)]
    late = [("2026-02-01", "2026-05-03")]  # a B of Baba: on day 91 after
    frame = pl.DataFrame({
        "prospect": range(5), "rep": ["Aoki"] * 4 + ["Baba"], "rank": ["A"] * 4 + ["B"],
        "judged_at": ["2026-01-05"] * 5,
        "event_at": [event for _, event in days + late], "exit_at": [left for left, _ in days + late],
        "exit_kind": ["マーケに戻す"] * 5,
    })  # fmt: skip
    return read(frame)


def test_what_came_of_what_was_handed_back_by_hand() -> None:
    found = what_came_of_hand_backs(by_hand().exits(), 90, margin_odds=1.25)
    assert found is not None
    table = found.table.set_index(["rep", "rank"])
    assert table.loc[("Aoki", "A"), ["n_handed_back", "n", "events"]].tolist() == [4, 3, 2]
    assert table.loc[("Aoki", "A"), "median_days"] == 55.0
    assert table.loc[("(all reps)", "(all ranks)"), ["n_handed_back", "n", "events"]].tolist() == [5, 4, 2]
    assert table.loc[("Baba", "(all ranks)"), ["n", "events", "estimate"]].tolist() == [1, 0, 0.0]
    assert np.isnan(table.loc[("Baba", "B"), "median_days"])
    expected = beta.ppf([0.05, 0.95], 2.5, 1.5)
    np.testing.assert_allclose(table.loc[("Aoki", "A"), ["lower", "upper"]].astype(float), expected)
    assert ("Baba", "A") not in table.index


def test_nothing_handed_back_gives_no_table() -> None:
    steady = world().filter(pl.col("rep") != "r0")
    assert what_came_of_hand_backs(read(steady).exits(), 90, margin_odds=1.25) is None


def test_it_is_told_on_the_page_and_in_the_findings(calibration: cb.Calibration, tmp_path: Path) -> None:
    table = calibration.tables()["handed_back"]
    n, events = (int(table[name].iloc[0]) for name in ("n", "events"))
    (told,) = [found for found in calibration.findings if found.key == "exits.came_back"]
    assert str(told).startswith(f"Of {n} prospects handed back long enough ago, {events} had an event within 90 days")
    for lang, title in (("en", "How prospects ended"), ("ja", "見込み客の終わり方")):
        page = calibration.report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
        assert title in page
        assert f">{n:,}<" in page
    assert "In your care" in calibration.report(tmp_path / "report.html").read_text(encoding="utf-8")


def test_how_each_rep_ends_prospects_adds_up_to_the_exits(calibration: cb.Calibration) -> None:
    kinds, frame = calibration.exits.kinds.set_index(["rep", "exit_kind"]), world()
    assert kinds.loc[("(all reps)", "handed back"), "n"] == frame.filter(pl.col("exit_kind") == "マーケに戻す").height
    of_r1 = frame.filter(pl.col("rep") == "r1")
    row = kinds.loc[("r1", "disqualified")]
    assert (row["n"], row["n_judgments"]) == (of_r1["exit_at"].count(), of_r1.height)
    assert row["share"] == pytest.approx(row["n"] / row["n_judgments"])


def test_whose_hand_backs_still_come_is_found_and_of_reps_alike_nobody() -> None:
    rng = np.random.default_rng(1)
    rows = [(f"r{rep}", 100, 45 if rep == 0 else int(rng.binomial(100, 0.2))) for rep in range(6)]
    frame = pl.DataFrame({
        "prospect": range(600), "rep": [rep for rep, n, _ in rows for _ in range(n)], "rank": ["A"] * 600,
        "judged_at": ["2026-01-05"] * 600, "exit_at": ["2026-02-01"] * 600, "exit_kind": ["マーケに戻す"] * 600,
        "event_at": ["2026-03-01" if i < events else None for _, n, events in rows for i in range(n)],
    })  # fmt: skip
    found = what_came_of_hand_backs(read(frame).exits(), 90, margin_odds=1.25)
    assert found is not None
    more = found.table.query("rank == @ALL_RANKS", local_dict={"ALL_RANKS": ALL_RANKS}).set_index("rep")["prob_more"]
    assert more["r0"] > 0.99
    assert (more.drop(["r0", "(all reps)"]) < 0.9).all()


def test_the_probability_beyond_the_others_is_that_of_many_draws() -> None:
    rng, n, events = np.random.default_rng(3), np.array([40.0, 60.0, 150.0]), np.array([14.0, 9.0, 30.0])
    tau = np.abs(rng.normal(0.0, SPREAD_SCALE, (2_000_000, 1)))
    log_odds = rng.uniform(-5.0, 2.0, (len(tau), 1)) + tau * rng.standard_normal((len(tau), 3))
    weight = np.exp((events * log_expit(log_odds) + (n - events) * log_expit(-log_odds)).sum(axis=1) + 132.0)
    share = expit(log_odds)
    others = ((n * share).sum(axis=1, keepdims=True) - n * share) / (n.sum() - n)
    apart = log_odds - logit(others)
    for beyond, found in zip(
        (apart > np.log(1.25), apart < -np.log(1.25)), prob_beyond_others(n, events, 1.25), strict=True
    ):
        drawn = (weight[:, None] * beyond).sum(axis=0) / weight.sum()
        np.testing.assert_allclose(found, drawn, atol=0.008)  # three standard errors of the draws


def test_of_reps_alike_nobody_is_found_and_what_is_found_of_others_is_as_sure_as_it_says() -> None:
    rng = np.random.default_rng(1)
    n_found, said, held = {0.0: 0, 0.4: 0}, 0.0, 0
    for spread in n_found:
        for _ in range(20):
            n = rng.integers(30, 150, 20).astype(float)
            share = expit(-2.0 + spread * rng.standard_normal(20))
            others = ((n * share).sum() - n * share) / (n.sum() - n)
            apart = logit(share) - logit(others)
            probs = prob_beyond_others(n, rng.binomial(n.astype(int), share).astype(float), 1.25)
            for prob, true in zip(probs, (apart > np.log(1.25), apart < -np.log(1.25)), strict=True):
                n_found[spread] += int((prob >= FLAG_PROB).sum())
                if spread:
                    said, held = said + prob[prob >= FLAG_PROB].sum(), held + int(true[prob >= FLAG_PROB].sum())
    assert n_found[0.0] <= 2  # of 400 reps
    assert n_found[0.4] >= 15
    assert held >= said - 2.0 * np.sqrt(said * (1.0 - said / n_found[0.4]))


def test_the_picture_shows_each_share_with_its_interval_and_n(calibration: cb.Calibration) -> None:
    back = calibration.exits.hand_backs[90]
    axes = plot_hand_backs(back)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    rows = back.table[back.table["rank"] == ALL_RANKS]
    assert labels == [f"{rep} (n {n:,})" for rep, n in zip(rows["rep"], rows["n"], strict=True) if n]
    assert "90 days" in axes.get_xlabel()


def test_it_is_saved_and_read_back(calibration: cb.Calibration, tmp_path: Path) -> None:
    loaded, tables = cb.load(calibration.save(tmp_path / "team.calibra")), calibration.tables()
    again = loaded.tables()
    for name in ("exits", "handed_back", "in_our_care"):
        assert again[name].equals(tables[name])
    assert loaded.save(tmp_path / "again.calibra").read_bytes() == (tmp_path / "team.calibra").read_bytes()


def test_the_settings_say_what_the_labels_mean(tmp_path: Path) -> None:
    world().write_csv(tmp_path / "rows.csv")
    columns = "\n".join(f'{role} = "{column}"' for role, column in ROLES.items())
    (tmp_path / "calibra.toml").write_text(
        f'as_of = "2026-09-30"\n[columns]\n{columns}\n[scale]\nranks = ["A", "B", "C"]\n'
        "[promises.A]\nprob = 0.5\nwithin_days = 90\n"
        '[exit_kinds]\n"マーケに戻す" = "handed back"\n"対象外" = "disqualified"\n',
        encoding="utf-8",
    )
    judgments = read_settings(tmp_path / "calibra.toml").judgments(str(tmp_path / "rows.csv"))
    assert judgments.exits().n_of("handed back") == world().filter(pl.col("exit_kind") == "マーケに戻す").height


@pytest.mark.parametrize(("n_lost", "doubted"), [(30, False), (31, True)])
def test_too_many_lost_from_sight_are_doubted_and_the_rest_is_told(n_lost: int, doubted: bool) -> None:
    lost = [date(2026, 2, 1)] * n_lost + [None] * (1500 - n_lost)
    frame = pl.DataFrame({
        "prospect": range(1500), "rep": "Aoki", "rank": ["A", "B", "C"] * 500, "judged_at": date(2026, 1, 5),
        "event_at": [None] * 1000 + [date(2026, 3, 1)] * 500, "censored_at": lost,
    })  # fmt: skip
    roles = {name: name for name in frame.columns}
    found = cb.calibrate(read(frame, roles), seed=1, engine="laplace", draws=200, progress=False)
    kinds = [doubt.key for doubt in found.doubts]
    assert (PARTLY_SEEN in kinds) is doubted
    assert ("ranks" in found.answered) is not doubted
    assert len(too_many_seen_in_part(found.judgments)) == doubted
    told = " ".join(map(str, found.notes))
    assert ("31 were lost from sight before" if doubted else "30 of the 1,500 judgments old enough for 90 days") in told
