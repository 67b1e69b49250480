"""The study of the checks of NUTS: its table by hand, and worlds that are kept."""

from pathlib import Path

import pytest

from calibra.checks.recovery.rows import Row
from calibra.inference.nuts.repeated import RepeatedNuts
from studies import nuts_checks
from studies.nuts_checks import Checked, Size, as_columns, run, time_ratio


def row(**figures: float) -> Row:
    """One world of one model; what is not given is of a fit that passed at once."""
    usual = dict.fromkeys(Checked.__dataclass_fields__, 1.0)
    return {f"rank: {name}": value for name, value in (usual | figures).items()}


def test_the_table_counts_by_hand() -> None:
    rows = [row(gap=0.03, n_apart=0, n_parameters=39), row(at_once=0, seconds=3, gap=0.04, n_apart=2, n_parameters=39)]
    table = as_columns({(6, 900): rows})
    assert (table["model"], table["world"], table["fits"]) == (["rank"], ["6 reps, 900 prospects"], [2])
    assert (table["passed at once"], table["passed"]) == ([1], [2])
    assert table["time over that of the fewest draws"] == [2.0]  # (1 + 3)/(1 + 1)
    assert time_ratio({(6, 900): rows, (12, 3000): [row(seconds=4)]}) == 8 / 3
    assert table["difference from laplace (sd)"] == pytest.approx([0.035355], rel=1e-4)  # √((.0009 + .0016)/2)
    assert table["parameters apart"] == ["2 of 78"]


def test_worlds_that_were_run_are_kept_and_sizes_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[tuple[Size, int]] = []

    def one(size: Size, _: RepeatedNuts, *, seed: int) -> Row:
        ran.append((size, seed))
        return row()

    monkeypatch.setattr(nuts_checks, "study_world", one)
    first, second = nuts_checks.SIZES
    run(tmp_path, n_worlds=1, seconds=60.0)
    found = run(tmp_path, n_worlds=2, seconds=60.0)
    assert ran == [(first, 1), (second, 1), (first, 2), (second, 2)]
    assert [len(rows) for rows in found.values()] == [2, 2]
    run(tmp_path, n_worlds=3, seconds=0.0)
    assert len(ran) == 4
