"""Spans as people write them: counted in days, said as they were written."""

import pytest

import calibra as cb
from calibra.cli.config import read_settings
from calibra.data.spans import read_span
from calibra.errors import InputError
from calibra.wording import choose_wording
from tests.calibrated import world


@pytest.mark.parametrize(("text", "days"), [
    ("3 months", 90), ("1 quarter", 90), ("two weeks", None), ("2 weeks", 14), ("half a year", 180), ("半年", 180),
    ("6か月", 180), ("３ヶ月以内", 90), ("1四半期", 90), ("a year", 365), ("90 days", 90), ("0 days", None),
    ("soon", None), ("3", None),
])  # fmt: skip
def test_a_span_is_counted_in_days(text: str, days: int | None) -> None:
    found = read_span(text)
    assert (found.days if found else None) == days


def test_a_promise_in_months_is_that_of_its_days() -> None:
    assert cb.Promise(0.6, within="3 months") == cb.Promise(0.6, within_days=90)
    assert cb.Promise(0.6, within="3 months", within_days=90).within_days == 90


@pytest.mark.parametrize(("choices", "words"), [
    ({"within": "soon"}, "`within` must be a span such as '3 months'.*got 'soon'"),
    ({"within": "3 months", "within_days": 80}, "'3 months' is 90 days, not 80"),
    ({}, "`within_days` was not given"),
    ({"within_days": 0}, "`within_days` must be a whole number of days"),
])  # fmt: skip
def test_a_promise_without_a_sound_horizon_is_refused(choices: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        cb.Promise(0.6, **choices)


def test_what_was_written_in_months_is_said_so_in_either_language_and_from_a_file(tmp_path) -> None:
    scale = cb.RankScale(
        ["A", "B", "C"], {"A": cb.Promise(0.5, within="3 months"), "B": cb.Promise(0.3, within_days=60)}
    )
    judgments = cb.Judgments.from_frame(world().frame, scale=scale, as_of=world().as_of, columns=world().columns)
    fitted = cb.calibrate(judgments, seed=1, engine="laplace", draws=100, parts=(), progress=False)
    for found in (fitted, cb.load(fitted.save(tmp_path / "a.calibra"))):
        assert [found.page(lang=lang).say.within(90) for lang in ("en", "ja")] == ["within 3 months", "3か月以内"]
        assert found.page().say.within(60) == "within 60 days"
        assert "within 3 months" in found.summary()


def test_two_ways_of_writing_one_horizon_are_days() -> None:
    promises = {"A": cb.Promise(0.5, within="3 months"), "B": cb.Promise(0.3, within="1 quarter")}
    assert cb.RankScale(["A", "B"], promises).spans == {}


def test_settings_may_promise_within_months(tmp_path) -> None:
    text = 'as_of = "2026-09-30"\n[columns]\nrep = "r"\n[scale]\nranks = ["A", "B"]\n[promises.A]\nprob = 0.5\n'
    (tmp_path / "calibra.toml").write_text(text + 'within = "3か月"\n', encoding="utf-8")
    assert read_settings(tmp_path / "calibra.toml").reading["scale"].promises["A"].within_days == 90
    (tmp_path / "calibra.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"`promises\.A\.within_days` is missing"):
        read_settings(tmp_path / "calibra.toml")


def test_days_of_years_are_said_in_years_too() -> None:
    assert choose_wording("en", "event").within(10_547) == "within 10,547 days (28.9 years)"  # 10547 / 365.25
    assert choose_wording("ja", "event").within(730) == "730日（2.0年）以内"
    assert choose_wording("en", "event").within(729) == "within 729 days"
