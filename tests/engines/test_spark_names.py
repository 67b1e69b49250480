"""Names that two columns of a Spark frame share, wholly or but for their case."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.spark_names import with_plain_names
from calibra.data.scale import RankScale
from calibra.errors import InputError
from tests.calibrated import calibrated

ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won"}


def table(spark: Any, name: str) -> Any:
    """Ten judgments whose last column bears this name, and a day long before the event's."""
    row = "id, 'Aoki' AS who, 'A' AS to, DATE'2026-01-05' AS at, DATE'2026-02-01' AS won"
    return spark.sql(f"SELECT {row}, DATE'2026-01-06' AS `{name}` FROM range(10)")


def read(frame: Any, event_at: str) -> list[int]:
    roles = ROLES | {"event_at": event_at}
    found = Judgments.from_frame(frame, scale=RankScale(["A"]), as_of="2026-06-30", columns=roles)
    return found.duration_counts().days.tolist()


def test_names_that_differ_by_case_alone_are_two_columns(spark: Any) -> None:
    frame = table(spark, "Won")
    assert (read(frame, "won"), read(frame, "Won")) == ([27], [1])
    scored = calibrated().score(frame, as_of="2026-06-30", columns={"rep": "who", "rank": "to", "judged_at": "at"})
    assert scored.columns[:6] == frame.columns


def test_a_name_that_two_columns_have_is_an_error(spark: Any) -> None:
    frame = table(spark, "won")
    with pytest.raises(InputError, match="different names; 'won' stands 2 times"):
        read(frame, "won")
    roles = {role: column for role, column in ROLES.items() if role != "event_at"}
    found = Judgments.from_frame(frame, scale=RankScale(["A"]), as_of="2026-06-30", columns=roles)
    assert found.n_judgments == 10  # nobody needs it
    with pytest.raises(InputError, match="different names; 'won' stands 2 times"):
        calibrated().score(frame, as_of="2026-06-30", columns={"rep": "who", "rank": "to", "judged_at": "at"})


def test_plain_names_stay_as_they_are(spark: Any) -> None:
    opened = nw.from_native(table(spark, "note"))
    names = opened.collect_schema().names()
    same, called = with_plain_names(opened, names, wanted=names)
    assert same is opened
    assert called == {name: name for name in names}
