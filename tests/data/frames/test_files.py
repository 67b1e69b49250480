"""Files that are not what their name says, told in words."""

import gzip
from pathlib import Path

import pytest

from calibra.cli.init import read_head
from calibra.data.counting.judgments import Judgments
from calibra.data.frames.csv_head import separator_of
from calibra.data.frames.files import check_file
from calibra.errors import InputError
from tests.data.frames.worlds import SCALE

ROWS = "prospect,rep,rank,judged_at,event_at\n1,Abe,A,2026-01-05,2026-02-01\n2,Abe,B,2026-01-06,\n"
ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at")}


def read(path: Path, **choices: str) -> int:
    found = Judgments.from_frame(path, scale=SCALE, as_of="2026-09-30", columns=ROLES, **choices)
    return int(found.duration_counts().n.sum())


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.csv", b"", "the file .*a.csv' is empty"),
    ("a.csv", b"PAR1....", r"is a Parquet file. Give it a name that ends in \.parquet"),
    ("a.csv", b"PK\x03\x04....", r"is a workbook or another zip archive. Give a workbook a name that ends in \.xlsx"),
    ("a.csv", b"\xd0\xcf\x11\xe0....", "is an old workbook"),
    ("a.csv", gzip.compress(b"a,b\n", mtime=0), r"is compressed by gzip. Give it a name that ends in \.csv\.gz"),
    ("a.csv", "a,b\n".encode("utf-16"), "is UTF-16: encoding='utf-16'"),
    ("a.parquet", b"a,b\n1,2\n", "must be a Parquet file where its name says so"),
    ("a.csv.gz", b"a,b\n1,2\n", "must be compressed by gzip where its name says so"),
    ("a.xlsx", b"a,b\n1,2\n", "must be a workbook where its name says so"),
    ("a.xlsx", b"\xd0\xcf\x11\xe0....", r"must be a workbook without a password; .* Save it as \.xlsx"),
    ("a.xls", b"\xd0\xcf\x11\xe0....", r"is a workbook of another kind. Save it as \.xlsx, or its sheet as CSV"),
    ("a.json", b"[]", r"must be a path ending in \.parquet"),
])  # fmt: skip
def test_what_is_no_csv_and_no_parquet_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        check_file(tmp_path / name)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder. Name the file in it, or all: .*\*\.csv"):
        check_file(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_common_separator_and_encoding_counts_alike(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS.replace(",", mark).replace("Abe", "阿部").encode(encoding))
    assert read(path, encoding=encoding) == 2


def test_the_separator_is_the_mark_a_header_holds_most_of() -> None:
    heads = ("a,b;c,d", "a;b;c,d", "a\tb", "a", '"a,b,c";d')
    assert [separator_of(head) for head in heads] == [",", ";", "\t", ",", ";"]
    assert separator_of("rep, owner\trank, now", "rows.tsv") == "\t"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_file_broken_off_is_refused_in_words(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress((ROWS * 50).encode())[:-20])
    with pytest.raises(InputError, match=r"broken off or damaged|could not be counted"):
        read(path, encoding=encoding)
    with pytest.raises(InputError, match="is broken off or damaged"):
        read_head(str(path))


def test_the_head_of_a_file_in_utf16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-16")
    assert read_head(str(path)).encoding == "utf-16"


def test_ragged_lines_in_another_encoding_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes((ROWS + "3,阿部,A,2026-01-05,,one,two,many\n").encode("cp932"))
    with pytest.raises(InputError, match=r"as many fields as its header, here 5; line 4 of .*rows\.csv' has 6"):
        read(path, encoding="cp932")
