"""CSV files: no line is lost, no column is guessed, and what cannot be read is named by its line or file."""

import csv
import gzip
import io
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.csv_head import find_header
from calibra.data.frames.engine_errors import explain
from calibra.data.frames.files import read_path
from calibra.data.scale import RankScale
from calibra.errors import InputError

HEADER = "prospect,rep,rank,judged_at,event_at\n"
ROW = "{},Abe,A,2026-01-05,2026-02-01\n"
ROWS = "".join(ROW.format(i) for i in range(200))
WIDER = HEADER.replace("rank", "rank,team"), ROWS.replace(",A,", ",A,East,")


def read(path: Path, encoding: str = "utf-8") -> list[tuple[str | None, ...]]:
    try:
        return read_path(path, encoding).fetchall()
    except duckdb.Error as error:
        raise explain(error) from error


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


SHAPES: dict[str, Callable[[str], str]] = {
    "one more column": lambda rows: HEADER + rows + "".join(WIDER),
    "semicolons": lambda rows: HEADER + rows + (HEADER + ROWS).replace(",", ";"),
    "tabs": lambda rows: HEADER + rows + (HEADER + ROWS).replace(",", "\t"),
}


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
@pytest.mark.parametrize("n_first", [1, 3, 19, 200])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_whose_shape_changes_names_the_line(
    tmp_path: Path, shape: str, n_first: int, encoding: str, name: str
) -> None:
    first = "".join(ROW.format(i) for i in range(n_first))
    path = write(tmp_path / name, SHAPES[shape](first), encoding)
    with pytest.raises(InputError, match=rf"here 5; line {n_first + 2} of .*{name}' has [16]"):
        read(path, encoding)


@pytest.mark.parametrize("rows", [ROWS.replace("\n", ",x\n"), "P1,Abe,A,x,Tokyo,y\nP2,Abe,A,x,Tokyo,y\n"])
def test_rows_wider_than_the_header_name_line_two(tmp_path: Path, rows: str) -> None:
    path = write(tmp_path / "rows.csv", HEADER + rows)
    with pytest.raises(InputError, match=r"here 5; line 2 of .* has 6"):
        read(path)


def test_a_late_change_of_shape_is_not_taken_for_an_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", HEADER + ROWS * 500 + "x,y\n")
    with pytest.raises(InputError, match=r"here 5; line 100002 of .* has 2"):
        read(path)


def test_a_late_line_of_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes((HEADER + ROWS * 500).encode() + "1,阿部,A,2026-01-05,\n".encode("cp932"))
    with pytest.raises(InputError, match=r"encoding='cp932'; line 100002 of .* is not UTF-8"):
        read(path)


@pytest.mark.parametrize("above", [
    "Report of leads\n", "Report of leads,,,,\n", "Exported by,Abe\nOn,2026-09-30\n\n", "sep=,\n", "\n\n",
    'Leads of "East",\n"A title\nover two lines"\n',
])  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_lines_above_the_header_are_passed_over(tmp_path: Path, above: str, end: str, encoding: str) -> None:
    path = write(tmp_path / "rows.csv", (above + HEADER + ROWS).replace("\n", end), encoding)
    relation = read_path(path, encoding)
    assert relation.columns == HEADER.strip().split(",")
    assert len(relation) == 200


def test_a_header_of_years_is_a_header(tmp_path: Path) -> None:
    assert read_path(write(tmp_path / "a.csv", "rep,2024,2025\nAbe,1,2\nBee,3,4\n"), "utf-8").columns[1] == "2024"


def test_lines_that_end_in_several_ways_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", (HEADER + ROWS).replace("\n", "\r\n") + HEADER + ROWS)
    with pytest.raises(InputError, match="must all end alike"):
        read(path)


def test_a_quote_that_is_never_closed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", HEADER + ROWS + '7,"Abe,A,2026-01-05,\n' + ROWS)
    with pytest.raises(InputError, match="quote"):
        read(path)


def test_a_field_too_long_for_a_csv_file_is_told_as_that(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", HEADER + '7,"' + "x" * 200_000 + '",A,2026-01-05,\n' + ROWS)
    with pytest.raises(InputError, match="no field be longer than 131,072 characters"):
        read(path)


def test_columns_of_files_read_together_are_matched_by_name(tmp_path: Path) -> None:
    swapped = HEADER.replace("judged_at,event_at", "event_at,judged_at"), "9,Abe,A,2026-02-01,2026-01-05\n"
    write(tmp_path / "a.csv", HEADER + ROWS)
    write(tmp_path / "b.csv", "".join(swapped))
    rows = read(tmp_path / "*.csv")
    assert len(rows) == 201
    assert {row[3] for row in rows} == {"2026-01-05"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_file_that_lacks_a_column_is_named_to_who_needs_it(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "a.csv", HEADER + ROWS, encoding)
    write(tmp_path / "b.csv", "prospect,rep,rank,judged_at,opened\n1,阿部,A,2026-01-05,\n", encoding)
    with pytest.raises(InputError, match=r"'event_at' must be in every file; it is missing in 'b\.csv', 1 of 2 files"):
        read_path(tmp_path / "*.csv", encoding, wanted=["rep", "event_at"])
    assert len(read_path(tmp_path / "*.csv", encoding, wanted=["rep", "rank"])) == 201


def test_a_name_that_stands_twice_in_a_header_is_told_to_who_needs_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "prospect,Rank,rep,rank,Rank\n1,A,Abe,B,C\n")
    with pytest.raises(InputError, match=r"'Rank' stands 3 times in the header of 'a\.csv', in fields 2, 4, 5"):
        read_path(path, "utf-8", wanted=["Rank"])
    relation = read_path(path, "utf-8", wanted=["rep"])
    assert relation.fetchall() == [("1", "A", "Abe", "B", "C")]
    assert len(set(map(str.casefold, relation.columns))) == 5


def test_a_folder_and_names_with_marks_are_read(tmp_path: Path) -> None:
    (tmp_path / "in [1]*?").mkdir()
    for name in ("a 'b'.csv", "c[2].csv", "_SUCCESS", ".hidden.csv"):
        write(tmp_path / "in [1]*?" / name, HEADER + ROWS)
    assert len(read(tmp_path / "in [1]*?")) == 400


def test_two_kinds_of_files_are_not_read_together(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADER + ROWS)
    duckdb.sql("SELECT 1 AS prospect").write_parquet(str(tmp_path / "b.parquet"))
    with pytest.raises(InputError, match=r"files of one kind; .* holds 'b\.parquet' and 'a\.csv'"):
        read(tmp_path)


def test_a_pattern_that_fits_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds none"):
        read(tmp_path / "*.csv")


def test_the_home_folder_may_be_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.csv", HEADER + ROWS)
    assert len(read(Path("~/a.csv"))) == 200


def test_a_folder_called_key_value_gives_its_rows_the_value(tmp_path: Path) -> None:
    for rank in ("A", "B"):
        (tmp_path / f"rank={rank}").mkdir()
        write(tmp_path / f"rank={rank}" / "a.csv", "prospect,rep\n1,Abe\n")
    assert sorted(read(tmp_path / "*" / "*.csv")) == [("1", "Abe", "A"), ("1", "Abe", "B")]


@pytest.mark.parametrize("seed", range(20))
def test_generated_files_give_the_rows_that_python_reads_or_an_error(tmp_path: Path, seed: int) -> None:
    """100 files a seed: quotes, breaks, marks and blanks in fields, all line ends, ragged lines, joined exports."""
    g = random.Random(seed)
    n_equal = n_refused = 0
    for i in range(100):
        text = odd_csv(g)
        path = write(tmp_path / f"{i}.csv", text, g.choice(["utf-8", "utf-8-sig"]))
        try:
            rows = read(path)
        except InputError:
            n_refused += 1
            continue
        head = find_header(path, "utf-8")
        every = csv.reader(io.StringIO(text, newline=""), delimiter=head.separator)
        records = [row for row in list(every)[head.n_above :] if row]
        wanted = [tuple(value or None for value in row) for row in records[1:]]
        width = len(records[0])
        assert [row for row in rows if any(row)] == [row[:width] for row in wanted if any(row)], text
        assert all(not any(row[width:]) for row in wanted), text
        assert head.n_above <= 1, text
        n_equal += 1
    assert n_equal > 40
    assert n_refused > 5


def odd_csv(g: random.Random) -> str:
    """A small file of RFC 4180, or, one time in four, one that breaks its rules."""
    mark, end = g.choice(",;\t|"), g.choice(["\n", "\r\n", "\r"])
    n_columns, n_rows = g.randint(2, 6), g.randint(1, 30)

    def line(fields: list[str]) -> str:
        quoted = [any(c in field for c in (mark, '"', "\n", "\r")) or g.random() < 0.1 for field in fields]
        return mark.join('"' + f.replace('"', '""') + '"' if q else f for f, q in zip(fields, quoted, strict=True))

    def field() -> str:
        alphabet = ["a", "阿", " ", "1", "-", mark, '"', "\n", ",", ";", "'", "#", "\\"]
        return "".join(g.choice(alphabet) for _ in range(g.choice([0, 1, 2, 6])))

    lines = [line([f"name {i}" for i in range(n_columns)])]
    lines += [line([f"p{i}", *(field() for _ in range(n_columns - 1))]) for i in range(n_rows)]
    fault = g.random()
    if fault < 0.1:
        lines.insert(g.randint(1, len(lines)), line(["x"] * (n_columns + g.choice([-1, 1, 2]))))
    elif fault < 0.2:
        lines += [line([f"other {i}" for i in range(n_columns + 1)]), line(["y"] * (n_columns + 1))]
    elif fault < 0.25:
        lines.append('"never closed' + mark + "z")
    if g.random() < 0.1:
        lines.insert(0, "A title")
    return end.join(lines) + (end if g.random() < 0.8 else "")


@pytest.mark.parametrize("problems", ["raise", "set_aside"])
def test_a_second_header_is_an_error_whatever_is_set_aside(tmp_path: Path, problems: str) -> None:
    swapped = HEADER.replace("judged_at,event_at", "event_at,judged_at")
    path = write(tmp_path / "rows.csv", HEADER + ROWS + swapped + ROWS)
    with pytest.raises(InputError, match=r"`rank` \(column 'rank'\) holds its own name in a row: a second header"):
        Judgments.from_frame(
            path, scale=RankScale(["A", "B"]), as_of="2026-06-30", problems=problems,
            columns={name: name for name in HEADER.strip().split(",")},
        )  # fmt: skip
