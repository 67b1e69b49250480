"""The study of comparisons: worlds that are kept, and its table by hand."""

from pathlib import Path

import pytest

from calibra.checks.recovery.rows import Row
from studies import comparison
from studies.comparison import as_columns, run


def test_a_world_says_of_every_line_whether_its_interval_holds_0() -> None:
    found = comparison.study_world(0)
    assert list(found) == [
        *(f"probability at rank {rank}" for rank in "ABC"), "mean probability", "discrimination",
    ]  # fmt: skip
    assert set(found.values()) <= {0.0, 1.0}


def test_the_table_counts_by_hand() -> None:
    rows: list[Row] = [{"mean probability": held} for held in (1.0, 1.0, 1.0, 0.0)]
    table = as_columns(rows)
    assert table["line"] == ["mean probability"]
    assert table["interval holds 0"] == ["75.0%"]
    assert table["standard error"] == ["25.0%"]  # √(.75 · .25 · 4/3 / 4)
    assert table["N"] == [4]


def test_worlds_are_kept_and_nothing_begins_after_time_is_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[int] = []

    def one(index: int) -> Row:
        ran.append(index)
        return {"mean probability": 1.0}

    monkeypatch.setattr(comparison, "study_world", one)
    file = tmp_path / "comparison.npz"
    assert len(run(file, n_worlds=30, seconds=60.0)) == 30
    assert len(run(file, n_worlds=30, seconds=60.0)) == 30
    assert len(run(file, n_worlds=90, seconds=0.0)) == 30
    assert ran == list(range(30))
