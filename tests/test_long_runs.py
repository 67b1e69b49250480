"""Many fits in one process, fits side by side, fits that are interrupted."""

import gc
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale

N_FITS = 25 if os.environ.get("CALIBRA_FUZZ", "1") == "1" else 1000
"""Fits in one process: a few in `make test`, all in `make fuzz`."""
MOST_GROWTH_MB = 50.0

INTERRUPTED = """
import sys
import calibra as cb
world = cb.simulate_judgments(seed=1, n_reps=20, n_prospects=4000)
judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
print("fitting", flush=True)
for seed in range(1000):
    calibration = cb.calibrate(judgments, seed=seed, engine=sys.argv[1], draws=4000, parts=[], progress=False)
    calibration.save("team.calibra")
"""


def judgments_of(seed: int) -> Judgments:
    """Ready-made counts of three reps and two ranks."""
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 60, 6)
    frame = pd.DataFrame({
        "rep": np.repeat(["Abe", "Ito", "Ono"], 2), "rank": ["A", "B"] * 3, "n": n,
        "events": rng.binomial(n, [0.5, 0.2] * 3),
    })  # fmt: skip
    return Judgments.from_counts(frame, scale=RankScale(["A", "B"]), within_days=90)


def fit_one(seed: int) -> RankFit:
    return RankModel(within_days=90).fit(judgments_of(seed), seed=seed, engine="laplace", draws=200, progress=False)


def resident_mb() -> float:
    """Memory of this process in use now, in MB."""
    gc.collect()
    with Path("/proc/self/statm").open(encoding="ascii") as told:
        return int(told.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="the memory of a process is read from /proc")
def test_many_fits_in_one_process_do_not_grow_its_memory() -> None:
    for seed in range(10):
        fit_one(seed).probabilities()
    begun = resident_mb()
    for seed in range(10, N_FITS):
        fit_one(seed).probabilities()
    assert resident_mb() - begun < MOST_GROWTH_MB


def test_fits_side_by_side_give_the_numbers_of_fits_one_after_the_other() -> None:
    alone = [fit_one(seed).probability_draws() for seed in range(4)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        together = [fit.probability_draws() for fit in pool.map(fit_one, range(4))]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def test_one_judgments_object_may_be_counted_and_fitted_from_two_threads() -> None:
    frame = pd.DataFrame({
        "lead": range(200), "owner": ["Abe", "Ito"] * 100, "label": ["A", "A", "B", "B"] * 50,
        "judged": pd.Timestamp("2026-01-05"), "opened": [pd.Timestamp("2026-02-01"), None, None, None, None] * 40,
    })  # fmt: skip
    columns = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"}

    def read() -> Judgments:
        return Judgments.from_frame(frame, scale=RankScale(["A", "B"]), as_of="2026-12-31", columns=columns)

    def fit(judgments: Judgments, days: int) -> RankFit:
        return RankModel(within_days=days).fit(judgments, seed=1, engine="laplace", draws=200, progress=False)

    alone = [fit(read(), days).probability_draws() for days in (30, 90)]
    shared = read()
    with ThreadPoolExecutor(max_workers=4) as pool:
        together = list(pool.map(lambda days: fit(shared, days).probability_draws(), (30, 90)))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's")
@pytest.mark.parametrize("engine", ["laplace", pytest.param("nuts", marks=pytest.mark.nuts)])
def test_an_interrupted_fit_leaves_no_process_and_no_partial_file(engine: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, engine], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "fitting\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody of its group is left
    assert {path.name for path in tmp_path.iterdir()} <= {"team.calibra"}
