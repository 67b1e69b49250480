"""Findings are data, and say the same in every language."""

import json
from datetime import date
from pathlib import Path

import pytest

from calibra.codecs import from_plain, to_plain
from calibra.findings import KINDS, Finding
from calibra.values import Chance, Count, Estimate, Listed, More, Phrase, Rank, Rep, Share, Within
from calibra.wording import OWN_HOMES, choose_wording

VALUES = {
    "estimate": Estimate(0.256, 0.2, 0.31),
    "share": Share(0.0312, fine=True),
    "chance": Chance(0.997),
    "count": Count(1234, "judgment"),
    "more": More(431),
    "rep": Rep("Abe"),
    "rank": Rank("A"),
    "within": Within(90),
    "listed": Listed((Rep("Abe"), Rep("Baba"), Rep("Chiba"))),
    "day": date(2026, 9, 30),
    "n": 12345,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("name", "english", "japanese"),
    [
        ("estimate", "26 % (20–31)", "26%（20〜31）"),
        ("share", "3.1 %", "3.1%"),
        ("chance", "over 99 %", "99%超"),
        ("count", "1,234 judgments", "1,234件"),
        ("more", "about 440", "約440件"),
        ("rep", "Abe", "Abeさん"),
        ("within", "within 90 days", "90日以内"),
        ("listed", "Abe, Baba and Chiba", "Abeさん、Babaさん、Chibaさん"),
        ("day", "30 September 2026", "2026年9月30日"),
        ("n", "12,345", "12,345"),
        ("nothing", "–", "–"),
    ],
)
def test_a_value_is_written_as_the_language_writes_it(name: str, english: str, japanese: str) -> None:
    for lang, words in (("en", english), ("ja", japanese)):
        assert choose_wording(lang, "event").write(VALUES[name]).replace("\u00a0", " ") == words


def test_intervals_of_points_and_days_have_their_own_spelling() -> None:
    say = choose_wording("en", "event")
    assert say.write(Estimate(-12.3, -20.1, -4.0, "signed_points")) == "−12 (−20 to −4)"
    assert say.write(Estimate(1.31, 0.9, 1.7, "points")) == "1.3 (0.9–1.7)"
    assert say.write(Estimate(67.2, 56.4, 78.1, "days")) == "67 (56–78)"


def test_one_of_a_thing_is_singular() -> None:
    assert choose_wording("en", "event").write(Count(1, "event")) == "1 event"


def test_a_finding_is_its_sentence_and_plain_values_for_json() -> None:
    found = Finding("data.no_event", role="doubt", prob=0.5)
    assert str(found) == found.say("en")
    assert found.say("ja") != str(found)
    assert found.chapter == "data"
    plain = json.loads(json.dumps(Finding("data.no_event", VALUES, "doubt").plain()))
    assert plain["sentence"] == str(found)
    assert plain["values"]["estimate"]["lower"] == 0.2
    assert plain["values"]["day"] == "2026-09-30"


def test_a_finding_comes_back_from_a_file_as_it_was() -> None:
    nested = VALUES | {"phrase": Phrase("format.n", {"n": 3})}
    found = Finding("data.no_event", nested, "found", rep="Abe", within_days=90, prob=0.93, replaces=("ranks.below",))
    kinds = {kind.__name__: kind for kind in KINDS}
    assert from_plain(json.loads(json.dumps(to_plain(found))), kinds) == found


def test_a_horizon_is_said_where_there_are_several_and_the_sentence_does_not() -> None:
    found = Finding("data.no_event", within_days=90)
    several = choose_wording("en", "event", several=True)
    assert several.tell(found) == f"Within 90 days: {found}"
    assert choose_wording("en", "event").tell(found) == str(found)
    assert "Within" not in several.tell(Finding("data.few_mature", {"n": 3, "within": Within(90)}, within_days=90))


def test_a_rep_is_told_under_the_name_shown() -> None:
    hidden = choose_wording("en", "event", {"Abe": "Rep X1"})
    assert hidden.write(Rep("Abe")) == "Rep X1"
    assert hidden.write(Rep("(all reps)")) == "All reps"


def test_no_value_of_a_finding_takes_the_place_of_a_word_for_the_event() -> None:
    files = sorted((Path(__file__).parent / "goldens").glob("*/summary.json"))
    told = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    findings = [finding for each in told for kind in ("findings", "notes", "doubts") for finding in each[kind]]
    assert len(findings) > 100
    words = set(choose_wording("en", "event").event_words)
    assert {finding["key"] for finding in findings if words & set(finding["values"])} == set()


def test_words_of_what_is_no_chapter_have_a_home() -> None:
    for prefix in OWN_HOMES:
        known = {"data": "no_event", "inference": "r_hat", "checks": "holds", "nightly": "good"}
        assert choose_wording("en", "event").has(f"{prefix}.{known[prefix]}")
    assert not choose_wording("en", "event").has("nowhere.nothing")


def test_a_person_is_spoken_of_with_san_and_a_team_a_number_or_a_pseudonym_is_not() -> None:
    japanese, english = choose_wording("ja", "event"), choose_wording("en", "event")
    for name, told in (("佐藤", "佐藤さん"), ("佐藤さん", "佐藤さん"), ("第一チーム", "第一チーム"), ("12", "12")):
        assert japanese.person(name) == told
        assert english.person(name) == name
    assert choose_wording("ja", "event", {"佐藤": japanese("format.rep", code="K3")}).person("佐藤") == "担当 K3"
    assert japanese.person("(all reps)") == "全担当者"


def test_estimates_stand_without_their_intervals_on_cards_and_lines_and_with_them_elsewhere() -> None:
    points = Estimate(-7.0, -11.0, -3.0, "signed_points")
    found = Finding("ranks.adjusted", {"groups": "size", "rep": Rep("Abe"), "before": 3, "after": points})
    for lang in ("en", "ja"):
        say = choose_wording(lang, "event")
        assert "−11" in say.tell(found)
        assert say.tell(Finding("ranks.rep_sure", {"rep": Rep("Abe"), "sure": points}), form="card").count("−") == 1
