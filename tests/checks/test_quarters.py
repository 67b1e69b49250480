"""A world that changed is doubted before anybody is named, a steady one is not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import calibra as cb
from calibra.checks.quarters import quarters_that_differ
from calibra.cli.show import as_json
from calibra.data.counting.doubts import QUARTERS_DIFFER
from calibra.data.counting.judgments import Judgments
from calibra.values import Phrase, Share

AS_OF = np.datetime64("2026-09-30")
SCALE = cb.RankScale(
    ["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90), "B": cb.Promise(0.3, within_days=90)}
)  # fmt: skip
ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at")}


def world(seed: int, *, lately: float = 0.5, n: int = 6000, old_reps: int = 10) -> pl.DataFrame:
    """Twelve reps alike; rates times `lately` in the last 270 days; reps from `old_reps` on judge in these alone."""
    rng = np.random.default_rng(seed)
    rep, rank, age = rng.integers(0, 12, n), rng.integers(0, 3, n), rng.integers(0, 900, n)
    age = np.where(rep >= old_reps, rng.integers(0, 270, n), age)
    event = rng.random(n) < np.array([0.55, 0.32, 0.15])[rank] * np.where(age < 270, lately, 1.0)
    judged = AS_OF - age.astype("m8[D]")
    came = judged + rng.integers(0, 91, n).astype("m8[D]")
    came[~event | (came > AS_OF)] = np.datetime64("NaT", "D")
    return pl.DataFrame({
        "prospect": np.arange(n), "rep": [f"r{i:02d}" for i in rep], "rank": np.array(SCALE.ranks)[rank],
        "judged_at": judged, "event_at": came,
    })  # fmt: skip


def read(frame: pl.DataFrame, scale: cb.RankScale = SCALE) -> Judgments:
    return Judgments.from_frame(frame, scale=scale, as_of="2026-09-30", columns=ROLES, check_duplicates=False)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_rates_halved_nine_months_ago_are_doubted(seed: int) -> None:
    (doubt,) = quarters_that_differ(read(world(seed)))
    assert doubt.key == QUARTERS_DIFFER
    quarter, rate, elsewhere = (doubt.values[name] for name in ("quarter", "rate", "elsewhere"))
    assert isinstance(quarter, Phrase)
    assert isinstance(rate, Share)
    assert isinstance(elsewhere, Share)
    # Ages of 90 to 269 days are mature and halved: judged from January to July 2026.
    assert (quarter.values["year"], quarter.values["last"]) in (("2026", 3), ("2026", 6))
    assert rate.share == pytest.approx(0.17, abs=0.03)  # half of the mean of .55, .32 and .15
    assert rate.share < elsewhere.share < 0.35


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_since_the_change_nobody_is_named_for_when_they_judged(seed: int) -> None:
    # r10 and r11 judged since the change alone; read since then, all twelve are alike, and A brings half of .55
    changed = AS_OF - np.timedelta64(269, "D")
    found = cb.calibrate(read(world(seed)), seed=1, engine="laplace", judged_since=changed, parts=[], progress=False)
    assert not [doubt for doubt in found.doubts if doubt.key == QUARTERS_DIFFER]
    named = [finding.rep for finding in found.findings if finding.key in ("ranks.below", "ranks.above")]
    assert not {"r10", "r11"} & set(named)
    brings = found.ranks[90].probabilities().query("rep == '(all reps)' and rank == 'A'").iloc[0]
    assert brings["lower"] < 0.275 < brings["upper"]
    assert [str(note) for note in found.notes] == ["Only judgments made since 4 January 2026 are read."]


def test_since_a_day_the_younger_judgments_are_counted_alone() -> None:
    frame = world(1)
    day = np.datetime64("2026-01-01")
    since = read(frame).since(day)
    kept = frame.filter(pl.col("judged_at") >= pl.lit(day).cast(pl.Date))
    assert since.n_judgments == len(kept)
    assert (
        since.binomial_cells(within_days=90).n.sum()
        == (kept["judged_at"].to_numpy() <= AS_OF - np.timedelta64(90, "D")).sum()
    )
    assert since.weekly_counts().n.sum() == len(kept)
    assert since.at("2026-06-30").n_judgments == (kept["judged_at"].to_numpy() <= np.datetime64("2026-06-30")).sum()


def test_what_was_left_out_is_left_out_of_the_file_and_of_the_next_run(tmp_path: Path) -> None:
    judgments = read(world(1))
    found = cb.calibrate(
        judgments, seed=1, engine="laplace", judged_since="2026-01-01", parts=[], draws=200, progress=False
    )
    path = found.save(tmp_path / "team.calibra")
    assert cb.load(path).judgments.n_judgments == found.judgments.n_judgments < judgments.n_judgments
    assert as_json(found, [])["judged_since"] == "2026-01-01"
    again = cb.replay(path, judgments, progress=False)
    assert again.after.judgments.n_judgments == found.judgments.n_judgments


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2026-10-01", "`judged_since` must not be after the snapshot date 2026-09-30; got 2026-10-01"),
        ("soon", "`judged_since` must be a date such as '2026-09-30'; got 'soon'"),
    ],
)
def test_a_day_since_which_nothing_was_judged_is_refused(day: str, message: str) -> None:
    with pytest.raises(cb.InputError, match=message):
        cb.calibrate(read(world(1)), seed=1, judged_since=day, progress=False)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_steady_world_is_not_doubted(seed: int) -> None:
    assert quarters_that_differ(read(world(seed, lately=1.0))) == []


def test_a_change_within_the_margin_is_no_doubt_however_sure() -> None:
    # 200,000 judgments whose odds fall by a seventh: chance does not explain it, and it is not worth talking about.
    assert quarters_that_differ(read(world(1, lately=0.92, n=200_000))) == []


def test_young_judgments_do_not_make_a_quarter_look_bad() -> None:
    # Everybody's event comes on day 80: of the quarter before the snapshot, hardly any has come yet.
    frame = world(1, lately=1.0)
    late = pl.col("judged_at") + pl.duration(days=80)
    frame = frame.with_columns(event_at=pl.when(pl.col("rank") == "A", late <= AS_OF).then(late).cast(pl.Date))
    assert quarters_that_differ(read(frame)) == []


def test_where_all_is_judged_in_one_quarter_or_without_days_nothing_is_said() -> None:
    frame = world(1).filter(pl.col("judged_at").is_between(pl.date(2026, 4, 3), pl.date(2026, 6, 20)))
    assert quarters_that_differ(read(frame)) == []
    counts = pl.DataFrame({"rep": ["r00"], "rank": ["A"], "n": [100], "events": [10]})
    assert quarters_that_differ(Judgments.from_counts(counts, scale=SCALE)) == []


@pytest.fixture(scope="module")
def changed() -> cb.Calibration:
    return cb.calibrate(read(world(1)), seed=1, engine="laplace", draws=300, progress=False)


def test_the_doubt_stands_before_any_rep_is_named_in_findings_and_json(changed: cb.Calibration) -> None:
    first, *others = map(str, changed.findings)
    assert first.startswith("What came of a judgment depends on the quarter it was made in: of the ")
    assert not re.search(r"\br\d\d\b", first)
    assert re.search(r"\br\d\d\b", " ".join(others))
    told = as_json(changed, [])
    assert list(told).index("doubts") < list(told).index("fits")
    assert told["doubts"][0]["sentence"] == first


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "judgments of months (1 to 3|4 to 6) of 2026, "), ("ja", r"2026年(1〜3|4〜6)月の判定\d{3}件のうち")],
)
def test_the_doubt_stands_before_any_rep_is_named_on_the_first_page(
    changed: cb.Calibration, tmp_path: Path, lang: str, said: str
) -> None:
    page = changed.report(tmp_path / "report.html", lang=lang).read_text()
    glance = page[page.index('<section id="glance">') :]
    before, named, _ = re.split(r"\b(r\d\d)\b", glance, maxsplit=1)
    assert named
    assert re.search(said, before)


def test_a_loaded_calibration_doubts_as_before(changed: cb.Calibration, tmp_path: Path) -> None:
    loaded = cb.load(changed.save(tmp_path / "team.calibra"))
    assert list(map(str, loaded.doubts)) == list(map(str, changed.doubts))
