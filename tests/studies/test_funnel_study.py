"""The funnel study runs, and writes its table between its marks."""

from pathlib import Path

from studies.funnel import study_funnel, write


def test_every_design_is_counted_with_and_without_leaving_out() -> None:
    rows = study_funnel(n_worlds=2, seed=1)
    assert len(rows) == 24
    assert {row.left_out for row in rows} == {True, False}
    assert all(0 <= share <= 1 for row in rows for share in row.beyond)


def test_the_table_is_written_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "funnel.md"
    page.write_text("before\n<!-- funnel: begin -->\nold\n<!-- funnel: end -->\nafter\n", encoding="utf-8")
    write(page, n_worlds=1)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("| 100 | 0 | yes |") == 3
