"""The look for copies on the warehouses: two reps may judge a prospect on one day, one rep may not judge it twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibra.errors import InputError
from tests.data.counting.test_copies import read, world
from tests.engines.frames import ENGINES


@pytest.mark.parametrize("engine", ["Ibis on DuckDB", "Ibis on PostgreSQL", "PySpark"])
def test_every_copy_is_seen(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for n_copies in (0, 3):
        frame = ENGINES[engine](world(600, n_copies, "text"), tmp_path, request)
        if n_copies:
            with pytest.raises(InputError, match=r"duplicate judgment: .* in 3 rows"):
                read(frame)
        found = read(frame, problems="set_aside")
        assert (found.n_judgments, found.set_aside.n_rows) == (600, n_copies)
