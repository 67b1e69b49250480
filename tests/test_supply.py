"""What calibra rests on: licences, and nothing that is fetched at run time."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))

from make_licences import EXCEPTIONS, EXTRAS, OURS, is_allowed, licence_of, needed, requirements

OFFLINE = """
import socket

def refuse(*_args, **_settings):
    raise AssertionError("a connection was asked for")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
import calibra as cb
world = cb.simulate_judgments(seed=1, n_reps=3, n_prospects=150)
judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
calibration = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=["thresholds"], progress=False)
calibration.save_pictures(".", formats=("svg",))
print(len(calibration.summary()) > 100, calibration.ranks[90].diagnostics.engine)
"""


@pytest.mark.parametrize("extras", [(), EXTRAS], ids=["core", "extras"])
@pytest.mark.current
def test_every_dependency_has_an_allowed_licence_or_a_stated_reason(extras: tuple[str, ...]) -> None:
    found = needed(requirements(extras=extras))
    assert found
    refused = {name: licence_of(package) for name, package in found.items() if not is_allowed(licence_of(package))}
    assert set(refused) <= set(EXCEPTIONS), refused
    assert extras or not refused, "no exception in the core"


def test_the_page_of_licences_names_every_direct_dependency(project: Path) -> None:
    page = (project / "docs" / "licences.md").read_text(encoding="utf-8")
    for requirement in (*requirements(), *requirements(extras=EXTRAS)):
        assert requirement.name == OURS or f"| {requirement.name} |" in page, requirement.name
    assert all(f"- `{name}`: " in page for name in EXCEPTIONS)


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True), ("MIT OR GPL-3.0-only", True), ("BSD-3-Clause AND (Zlib OR GPL-2.0-only)", True),
        ("GPL-3.0-only", False), ("MIT AND LGPL-3.0-only", False), ("not stated", False), ("Apache", False),
    ],
)  # fmt: skip
def test_a_licence_is_allowed_where_every_part_offers_one_of_the_list(licence: str, allowed: bool) -> None:
    assert is_allowed(licence) is allowed


def test_nothing_is_fetched_at_run_time(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.stdout.split() == ["True", "laplace"], ran.stderr[-2000:]
