"""Every entry of the list of doors on every back end of this machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.entries import histories, tables
from tests.doors import LOCAL

CHECKS = tables.CHECKS | histories.CHECKS


@pytest.mark.parametrize("door", LOCAL)
@pytest.mark.parametrize("entry", CHECKS)
def test_an_entry_holds_at_every_door(entry: str, door: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    CHECKS[entry](lambda frame: LOCAL[door](frame, tmp_path, request), door)
