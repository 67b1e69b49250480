"""What everything takes at once: draws × reps × ranks × ages never stand in memory together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MOST_GROWTH_MB = 150.0
"""From five reps to forty. The forty reps' curves by age alone are 400 MB, were they all held at once."""

WHOLE_PATH = """
import resource, sys
import calibra as cb

def walk(n_reps, folder):
    world = cb.simulate_judgments(seed=1, n_reps=n_reps, n_prospects=60 * n_reps, span_days=729)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    calibration = cb.calibrate(judgments, seed=1, engine="laplace", progress=False)
    calibration.save(f"{folder}/team.calibra")
    calibration.score(world.frame, as_of=world.as_of)
    calibration.report(f"{folder}/team.html")

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

walk(5, sys.argv[1])
begun = peak_mb()
walk(40, sys.argv[1])
print(begun, peak_mb())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the peak memory of a process is read by POSIX's getrusage")
def test_eight_times_the_reps_hardly_raise_the_peak_memory(tmp_path: Path) -> None:
    """The few reps first: what imports and the engines take does not count."""
    told = subprocess.run(
        [sys.executable, "-c", WHOLE_PATH, str(tmp_path)], capture_output=True, text=True, check=True, timeout=600
    )
    begun, ended = map(float, told.stdout.split())
    assert ended - begun < MOST_GROWTH_MB


SAVED_MB = 128
WRITING = """
import resource, sys
from functools import partial
import numpy as np
from calibra.archive import write_archive
from calibra.codecs import write_arrays

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

draws = {f"draws-{i}": np.full((1000, 2048), float(i)) for i in range(8)}
begun = peak_mb()
path = write_archive(sys.argv[1], {}, {"draws.npz": partial(write_arrays, draws)})
print(peak_mb() - begun, path.stat().st_size / 2**20)
"""


@pytest.mark.skipif(os.name != "posix", reason="the peak memory of a process is read by POSIX's getrusage")
def test_draws_are_not_held_twice_while_they_are_written(tmp_path: Path) -> None:
    """Draws of 2,000 reps are 700 MB: a copy of them beside the draws themselves breaks 3 GB."""
    told = subprocess.run(
        [sys.executable, "-c", WRITING, str(tmp_path / "team.calibra")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    grown, size = map(float, told.stdout.split())
    assert size > 0.97 * SAVED_MB
    assert grown < 0.3 * SAVED_MB
