"""The terminal prints the blocks of the report: every word and number, no picture, nothing a terminal obeys."""

import io

from rich.console import Console

from calibra.calibration import Calibration
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.views.blocks import Bullets, Cell, Column, Row, Section, Table, Text
from calibra.views.terminal import SHOWN_ROWS, shown


def on_console(*sections: Section, width: int = 100, terminal: bool = False) -> str:
    """What a console would show; it reads markup, so that the text has to bear that."""
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    for part in shown(sections):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def printed(*blocks: object, width: int = 100) -> str:
    return on_console(Section("x", "Title\x1b[31m", blocks), width=width)  # type: ignore[arg-type]


def sections_of(calibration: Calibration) -> list[Section]:
    page = calibration.page(event="event")
    return [part for chapter, answer in calibration.on_the_page() for part in chapter.section(answer, page)]


def test_every_cell_and_what_stands_below_it_is_printed() -> None:
    table = Table([Column("rep", "name"), Column("n")], [Row([Cell("Abe"), Cell("12", "of 40")])], "Caption", "Note")
    text = printed(Text("words"), Bullets(["one", "two"]), table)
    for words in ("Title", "words", "- one", "- two", "Caption", "Abe", "12", "of 40", "Note"):
        assert words in text
    assert "\x1b" not in text


def test_of_a_long_table_the_rest_is_counted() -> None:
    rows = [Row([Cell(f"r{i}")]) for i in range(SHOWN_ROWS + 7)]
    text = printed(Table([Column("rep", "name")], rows))
    assert "… and 7 more; the tables hold all." in text
    assert f"r{SHOWN_ROWS}" not in text


def test_heads_are_folded_before_a_name_or_number_is() -> None:
    heads = ["Rank", "A quarter by day", "Three quarters by day", "Within the promised days", "Still open after them"]
    cells = ["A", "32 (28–37)", "101 (84–123)", "51 % (44–59) in 60 days", "63 % (58–68)"]
    columns = [Column(head, "name" if head == "Rank" else "number") for head in heads]
    text = printed(Table(columns, [Row([Cell(cell) for cell in cells])]), width=80)
    (line,) = (line for line in text.splitlines() if "63 %" in line)
    assert all(cell in line for cell in cells)
    assert all(word in text for head in heads for word in head.split())


def test_in_a_narrow_terminal_a_cell_is_broken_and_not_cut() -> None:
    text = printed(Table([Column("a"), Column("b")], [Row([Cell("7" * 20), Cell("x" * 20)])]), width=30)
    assert "…" not in text
    assert (text.count("7"), text.count("x")) == (20, 20)


def test_probabilities_are_printed_with_interval_events_and_n(hostile: Calibration) -> None:
    text = on_console(*sections_of(hostile), width=200)
    for row in plain_rows(hostile.tables()["probabilities"]):
        shown_as = f"{100 * row['estimate']:.0f} ({100 * row['lower']:.0f}–{100 * row['upper']:.0f})"
        assert shown_as in text
        assert f"{row['events']}/{row['n']}" in text or row["rep"] == ALL_REPS
    assert "90\u00a0% interval" in text
    assert "within 90 days" in text


def test_every_finding_of_a_rep_is_printed_in_its_row(hostile: Calibration) -> None:
    text = on_console(*sections_of(hostile), width=200)
    for row in plain_rows(hostile.tables()["profiles"]):
        name = row["rep"].split("\n")[0][:12].split("\u202e")[0]
        assert any(line.strip().startswith(name) and row["finding"] in line for line in text.splitlines()), name


def test_hostile_labels_are_printed_as_they_are(hostile: Calibration) -> None:
    text = on_console(*sections_of(hostile), width=200, terminal=True)
    assert "[red]boo[/red]" in text
    assert "$C_" in text
    assert "\x1b[31m" not in text
    assert "\u202e" not in text
