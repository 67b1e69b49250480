"""The sheet of a joint rating: whom it holds, and what is read back of it once it is filled in by hand."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import calibra as cb
from calibra.chapters.joint_ratings.sheet import choose_prospects
from calibra.cli.main import main

WORLD = cb.simulate_judgments(seed=2, n_reps=4, n_prospects=400)


def judgments() -> cb.Judgments:
    return cb.Judgments.from_frame(WORLD.frame, scale=WORLD.scale, as_of=WORLD.as_of, columns=WORLD.columns)


def fill(ranks: list[str], n: int) -> list[str]:
    return [str(rank) for rank in np.random.default_rng(1).choice(ranks, n)]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_what_is_filled_in_by_hand_is_read_back_from_both_tables(tmp_path: Path, lang: str) -> None:
    _, table, book = cb.save_joint_rating_sheet(judgments(), tmp_path, n_prospects=6, lang=lang)
    with table.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == (["prospect", "rep", "rank"] if lang == "en" else ["見込み客", "担当者", "ランク"])
    given = fill(list("ABCDE"), len(rows))
    given[3] = ""
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *([*row[:2], rank] for row, rank in zip(rows, given, strict=True))])
    workbook = openpyxl.load_workbook(book)
    for i, rank in enumerate(given):
        workbook.active.cell(i + 2, 3).value = rank or None
    workbook.save(book)
    found = [cb.JointRatings.from_frame(path, scale=WORLD.scale) for path in (table, book)]
    for ratings in found:
        assert ratings.reps == judgments().reps
        assert ratings.n_blank == 1
        for (prospect, rep, _), rank in zip(rows, given, strict=True):
            place = ratings.rated[ratings.prospects.index(prospect), ratings.reps.index(rep)]
            assert place == ("ABCDE".index(rank) if rank else -1)


def test_the_page_names_each_rep_once_with_every_prospect_and_every_rank(tmp_path: Path) -> None:
    page, *_ = cb.save_joint_rating_sheet(judgments(), tmp_path, n_prospects=5, lang="ja")
    text = page.read_text(encoding="utf-8")
    assert text.count("<section>") == 4
    for rep in judgments().reps:
        assert text.count(f"記入者：{rep}") == 1
    assert text.count('<td class="blank"></td>') == 20
    assert re.search(r"A：.*60.*商談", text)
    english = cb.save_joint_rating_sheet(judgments(), tmp_path, n_prospects=5)[0].read_text(encoding="utf-8")
    assert "before you talk of them" in english


def test_prospects_are_open_ones_of_all_reps_at_random() -> None:
    opened = {str(row) for row in WORLD.frame.loc[WORLD.frame["event_at"].isna(), WORLD.columns["prospect"]]}
    chosen = choose_prospects(judgments(), 40, seed=1)
    assert len(set(chosen)) == 40
    assert set(chosen) <= opened
    assert chosen == choose_prospects(judgments(), 40, seed=1)
    assert chosen != choose_prospects(judgments(), 40, seed=2)
    owner = dict(
        zip(WORLD.frame[WORLD.columns["prospect"]].astype(str), WORLD.frame[WORLD.columns["rep"]], strict=True)
    )
    assert {owner[prospect] for prospect in chosen} == set(judgments().reps)


def test_names_cannot_write_into_the_page(tmp_path: Path) -> None:
    frame = WORLD.frame.copy()
    frame[WORLD.columns["prospect"]] = "<script>" + frame[WORLD.columns["prospect"]].astype(str)
    evil = cb.Judgments.from_frame(frame, scale=WORLD.scale, as_of=WORLD.as_of, columns=WORLD.columns)
    text = cb.save_joint_rating_sheet(evil, tmp_path, n_prospects=3)[0].read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cb.InputError, match="that are open; got 5000"):
        cb.save_joint_rating_sheet(judgments(), tmp_path, n_prospects=5000)
    with pytest.raises(cb.InputError, match="`reps` must be reps of the judgments; 'Nobody' is none"):
        cb.save_joint_rating_sheet(judgments(), tmp_path, reps=["Nobody"])


SETTINGS = """as_of = "{day}"
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
[scale]
ranks = ["A", "B", "C", "D", "E"]
[promises.A]
prob = 0.6
within_days = 90
[fit]
engine = "laplace"
draws = 200
"""


def test_from_the_shell_the_sheet_comes_back_as_a_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    WORLD.frame.to_csv("judgments.csv", index=False)
    settings = Path("calibra.toml")
    settings.write_text(SETTINGS.format(day=WORLD.as_of), encoding="utf-8")
    assert main(["fit", "judgments.csv", "--out", "results", "--quiet"]) == 0
    asked = ["cards", "results", "--joint-rating", "judgments.csv", "--out", "sheet", "--prospects", "8", "--quiet"]
    assert main(asked) == 0
    with Path("sheet/joint-rating.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    with Path("filled.csv").open("w", encoding="utf-8", newline="") as file:
        ranks = fill(list("abcde"), len(rows))
        csv.writer(file).writerows([head, *([*row[:2], rank] for row, rank in zip(rows, ranks, strict=True))])
    settings.write_text(settings.read_text() + '[joint_ratings]\nfile = "filled.csv"\n', encoding="utf-8")
    assert main(["fit", "judgments.csv", "--out", "results", "--quiet"]) == 0
    table = Path("results/joint_ratings.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == 1 + 4 * 4
    assert main(["report", "results", "--quiet"]) == 0
    assert 'id="joint-ratings"' in Path("results/report.html").read_text(encoding="utf-8")
