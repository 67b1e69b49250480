"""The band study runs, and writes its tables between its marks and nowhere else."""

from pathlib import Path

import pytest

from studies.bands import DESIGNS, render, study_bands, study_decomposition, write

PAGE = """# Title
Words before.
<!-- bands: begin -->
old
<!-- bands: end -->
<!-- smooth: begin -->
<!-- smooth: end -->
Words between.
<!-- decomposition: begin -->
<!-- decomposition: end -->
Words after.
"""


def test_every_design_and_truth_has_its_bands() -> None:
    rows = study_bands(n=40, n_sets=2, seed=1)
    assert {row.design for row in rows} == set(DESIGNS)
    assert {row.truth for row in rows} == {"calibrated", "too timid"}
    few = {row.band for row in rows if row.design == "few distinct"}
    assert {"consistency, exact", "confidence, exact", "confidence, windows", "confidence, honest"} <= few
    assert all(row.n_sets == 2 and 0 <= row.pointwise <= 1 and row.width >= 0 for row in rows)


def test_a_design_has_the_same_rows_alone() -> None:
    alone = study_bands(n=30, n_sets=1, seed=3, designs=["uniform"])
    together = [row for row in study_bands(n=30, n_sets=1, seed=3) if row.design == "uniform"]
    assert render(alone) == render(together)


def test_decomposition_study_counts_what_was_held() -> None:
    rows = study_decomposition(n=60, n_sets=2, seed=1, n_resamples=19)
    assert len(rows) == 6
    assert all(share in (0.0, 0.5, 1.0) for _, _, shares in rows for share in shares)


@pytest.mark.slow
def test_tables_are_written_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "bands.md"
    page.write_text(PAGE, encoding="utf-8")
    write(page, n=30, n_sets=2)
    text = page.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.count("| uniform | calibrated |") == 4 + 3 + 1
    for words in ("# Title\nWords before.\n", "\nWords between.\n", "\nWords after.\n"):
        assert words in text
