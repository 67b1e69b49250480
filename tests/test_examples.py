"""The scripts a user can copy run as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_example_runs(script: Path, tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert "no problem seen" in run.stdout


def test_minimal_example_draws_a_picture_and_takes_a_file_of_ones_own(tmp_path: Path) -> None:
    import calibra as cb

    world = cb.simulate_judgments(seed=2, n_reps=3, n_prospects=300, scale=cb.RankScale(["A", "B", "C"]))
    world.frame.to_parquet(tmp_path / "own.parquet")
    script = next(script for script in SCRIPTS if script.name == "minimal.py")
    run = subprocess.run(
        [sys.executable, str(script), "own.parquet"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "300 judgments of 3 reps" in run.stdout
    assert (tmp_path / "profiles.png").stat().st_size > 5000
