"""The words of ranks, promises and standings: the same in both languages, all of them used, none left in English."""

import re

import pytest

from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.ranks.moved import moved
from calibra.findings import Finding
from calibra.values import Chance, Rank, Rep, Within
from calibra.wording import Wording, choose_wording, load_phrases
from tests.chapters.ranks.calibrated import NAMES, all_blocks, all_findings, answers, hardly_seen, page_of, texts

CHAPTERS = ("ranks", "promises", "standings")
FORMS = ("", "card", "line", "who", "head", "figure", "tile")
FREE = {"event", "events", "an_event", "became", "becomes", "become"}
"""Forms of the event's name: a language takes the one it needs."""
NOTED = {
    "fit",
    "fit_page",
    "fit_unstated",
    "fit_unstated_page",
    "failed",
    "left_out",
    "pace_slower",
    "pace_faster",
    "adjusted",
    "adjusted_card",
}
"""Phrases of `ranks` that name a fit, are noted where it could not be had, or doubt it (`test_young`), or are of
adjusted fits (`test_adjusted`)."""


def phrases(lang: str) -> dict[str, str]:
    return {key: text for name in CHAPTERS for key, text in load_phrases(lang, f"calibra.chapters.{name}").items()}


def plain(text: str) -> str:
    return " ".join(text.split())


def test_both_languages_have_the_same_phrases_with_the_same_values() -> None:
    english, japanese = phrases("en"), phrases("ja")
    assert list(english) == list(japanese)
    for key in english:
        one, other = (set(re.findall(r"{(\w+)}", told[key])) - FREE for told in (english, japanese))
        assert one == other, key


def test_a_phrase_for_the_card_or_the_first_page_belongs_to_one_in_the_third_person() -> None:
    told = phrases("en")
    words = {"ranks.in_line", "ranks.cell_in_line"}
    forms = [key.rsplit("_", 1)[0] for key in told if key.endswith(("_card", "_line")) and key not in words]
    assert forms
    assert set(forms) <= set(told)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_phrase_is_said_of_some_world_and_every_finding_can_be_said(lang: str, monkeypatch) -> None:
    asked: set[str] = set()
    look_up = Wording.phrase

    def record(say: Wording, key: str) -> str:
        asked.add(key)
        return look_up(say, key)

    monkeypatch.setattr(Wording, "phrase", record)
    mixed = answers("mixed")[0]
    hidden = [*RANKS.findings(hardly_seen(mixed, "Below"))]
    hidden += [found for name in ("mixed", "one moved", "many moved") for found in moved(mixed, answers(name)[0])]
    hidden.append(Finding("ranks.inverted", {"rep": Rep("Up"), "sure": Chance(0.95)}, "found", "Up", prob=0.95))
    hidden.append(Finding("ranks.spread_few", {"rank": Rank("A"), "within": Within(90)}, "unknown"))
    counts = {"n_better": 70, "came_better": 7, "n_worse": 35, "came_worse": 14}
    turned = {"rep": Rep("Up"), "better": Rank("A"), "worse": Rank("C"), **counts}
    hidden.append(Finding("ranks.turned", turned, "found", "Up", prob=0.98))
    for name in NAMES:
        say = page_of(name, lang).say
        for found in [*all_findings(name), *hidden]:
            told = [say.tell(found, form=form) for form in FORMS]
            assert all(told)
            assert not re.search(r"[{}]|\bNone\b|\bnan\b", " ".join(told)), found.key
        assert all_blocks(name, lang)
    assert set(phrases(lang)) - asked == {f"ranks.{name}" for name in NOTED}


def test_no_english_is_left_in_the_japanese() -> None:
    for name in NAMES:
        page = page_of(name, "ja")
        told = [page.say.tell(found, form=form) for found in all_findings(name) for form in FORMS]
        text = " ".join([*told, *texts(all_blocks(name, "ja"))])
        for rep in sorted(page.reps, key=len, reverse=True):
            text = text.replace(rep, "")
        assert set(re.findall("[A-Za-z]{2,}", text)) <= {"laplace"}, name


@pytest.mark.parametrize("name", ["nothing_promised", "one_rank", "counts_only", "one_rep"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_sections_and_cards_hold_the_words_and_numbers_of_the_report(name: str, lang: str, project) -> None:
    report = (project / "tests" / "goldens" / name / f"report.{lang}.txt").read_text(encoding="utf-8")
    say = page_of(name, lang).say
    reworded = {
        say.tell(found) for found in all_findings(name) if found.key.startswith(("ranks.order", "ranks.spread"))
    }
    missing = [text for text in texts(all_blocks(name, lang)) if plain(text) not in report]
    assert set(missing) <= reworded


def test_names_shown_are_those_of_the_page() -> None:
    say = choose_wording("en", "event", {"Below": "Rep 7"})
    told = " ".join(say.tell(found, form=form) for found in all_findings("mixed") for form in FORMS)
    assert "Outcomes of Rep 7 lie below" in told
    assert "Below" not in told
