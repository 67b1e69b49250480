"""Every entry of the list of doors on the back ends that the tests start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.entries.test_at_local_doors import CHECKS
from tests.doors import SERVERS


@pytest.mark.parametrize("door", SERVERS)
@pytest.mark.parametrize("entry", CHECKS)
def test_an_entry_holds_at_every_door(entry: str, door: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    CHECKS[entry](lambda frame: SERVERS[door](frame, tmp_path, request), door)
