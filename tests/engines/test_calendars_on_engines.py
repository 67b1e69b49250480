"""Moments beside plain days on the warehouses, whose sessions lie in a zone of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.frames.test_calendars import check_unnamed, in_tokyo, with_offset
from tests.engines.frames import ENGINES

WAREHOUSES = ("Ibis on DuckDB", "Ibis on PostgreSQL", "PySpark")


@pytest.mark.parametrize("engine", WAREHOUSES)
@pytest.mark.parametrize("kind", ["typed", "text"])
def test_moments_in_utc_beside_plain_days_are_doubted(
    engine: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    frame = in_tokyo() if kind == "typed" else with_offset(in_tokyo())
    check_unnamed(ENGINES[engine](frame, tmp_path, request))
