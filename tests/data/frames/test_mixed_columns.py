"""pandas columns that hold values of several types: read one by one, or refused by the column's name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from calibra.errors import InputError
from tests.data.frames.test_wild import ROLES, N, read, rows, totals

LATE = 3000
"""More rows than an engine looks at before it decides what a column holds."""


@pytest.mark.parametrize(
    ("values", "last", "reps"),
    [
        ([1], "1b", ("1", "1b")), ([1, 2.0], "x", ("1", "2", "x")), ([7], Decimal("7.0"), ("7",)),
        ([True], "Abe", ("Abe", "True")), ([2.5], 3, ("3", "2.5")), ([1], None, ("1",)),
    ],
)  # fmt: skip
def test_names_of_several_types_are_text(values: list[Any], last: Any, reps: tuple[str, ...]) -> None:
    """As pandas reads a long file piece by piece: the type of the first thousand decided."""
    who = np.array([*(values * LATE)[:LATE], last], dtype=object)
    frame = pd.DataFrame({"id": range(LATE + 1), "who": who, "to": "A", "at": pd.Timestamp("2026-01-05")})
    found = read(frame, columns={k: v for k, v in ROLES.items() if k != "event_at"}, problems="set_aside")
    assert found.reps == reps
    assert found.n_judgments == LATE + (last is not None)


def test_days_and_amounts_of_several_types_are_read_one_by_one() -> None:
    days = [date(2026, 2, 1)] * LATE + ["2026-02-01", "", pd.Timestamp(2026, 2, 1, 8)]
    frame = pd.DataFrame({"id": range(LATE + 3), "who": "Abe", "to": "A", "at": pd.Timestamp("2026-01-05")}).assign(
        won=pd.Series(days, dtype=object), paid=pd.Series([1] * (LATE + 2) + [2.5], dtype=object)
    )
    frame.loc[LATE + 1, "paid"] = None
    found = read(frame, columns=ROLES | {"amount": "paid"})
    assert totals(found) == (LATE + 3, LATE + 2, [27, 176])
    assert found.duration_counts().n_amounts.sum() == LATE + 2


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"1"])
def test_what_is_no_plain_value_is_refused_by_its_column(value: Any) -> None:
    who = np.empty(N, dtype=object)
    who[:] = [value if i % 2 else "Abe" for i in range(N)]
    with pytest.raises(InputError, match=r"`rep` \(column 'who'\) must hold|could not be counted"):
        read(rows().to_pandas().assign(who=who))


@pytest.mark.parametrize("kind", [pa.decimal256(40, 2), pa.float16()], ids=["decimal of 256 bits", "float of 16 bits"])
def test_arrow_types_that_duckdb_has_no_place_for_are_refused_by_their_column(kind: pa.DataType) -> None:
    numbers = [1.0, 2.0] * (N // 2)
    who = pa.array(np.array(numbers, dtype="f2") if kind == pa.float16() else [Decimal(int(n)) for n in numbers], kind)
    with pytest.raises(InputError, match=r"`rep` \(column 'who'\) must hold values of one plain type; it holds"):
        read(rows().to_arrow().set_column(1, "who", who))
