"""What every test may ask for, and the settings they all share."""

import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")  # before the first import of matplotlib: no window, on any machine

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of published data sets beside the project; tests that need it are skipped where it is absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published data sets (../shared/data) are not on this machine")
    return folder
