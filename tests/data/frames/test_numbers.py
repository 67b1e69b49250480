"""Numbers, and numbers given as text."""

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from calibra.data.frames.numbers import as_number, is_no_number

TEXTS = ["1200.5", "-3", "+4e2", "7.", "", None, "12k", "1,200", " 5", "nan", "0x1F"]
VALUES = [1200.5, -3.0, 400.0, 7.0, None, None, None, None, None, None, None]


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_text_is_a_number_or_none_and_what_is_none_is_known(kind: type[pl.DataType]) -> None:
    frame = nw.from_native(pl.DataFrame({"x": pl.Series(TEXTS, dtype=pl.String).cast(kind)}))
    assert frame.select(as_number("x", frame.schema["x"]))["x"].to_list() == VALUES
    wrong = frame.filter(is_no_number("x"))["x"].to_list()
    assert wrong == ["12k", "1,200", " 5", "nan", "0x1F"]


def test_of_numbers_nan_is_missing() -> None:
    frame = nw.from_native(pl.DataFrame({"x": [1.0, float("nan"), None]}))
    assert frame.select(as_number("x", frame.schema["x"]))["x"].to_list() == [1.0, None, None]
