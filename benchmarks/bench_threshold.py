"""The threshold model: laplace against nutpie on the same counts, time to 400 effective draws, in one run.

Compile time is shown apart and is not in the ratio. `--quick` leaves out the 1,000 reps.
"""

import argparse
import time

import numpy as np

from calibra.inference.detection_blocks import DetectionBlocks
from calibra.inference.detection_model import DetectionModel
from calibra.inference.detection_pymc import build_detection
from calibra.inference.laplace import sample_laplace
from calibra.inference.progress import Progress
from calibra.studies.threshold_worlds import draw_typical_reps, fit_counts

TARGET = 400.0


def declare(n_reps: int, n_judgments: int) -> DetectionModel:
    """The threshold model's declaration on reps of a typical organisation."""
    rng = np.random.default_rng(1)
    small = fit_counts(*draw_typical_reps(rng, n_reps=3).counts(rng, 50), seed=1, draws=100).declaration
    n, events = draw_typical_reps(rng, n_reps=n_reps).counts(rng, n_judgments)
    changes = {"n": n.astype(float), "events": events.astype(float), "reps": tuple(map(str, range(n_reps)))}
    return DetectionModel(**{name: changes.get(name, getattr(small, name)) for name in small.__slots__})


def laplace_seconds(model: DetectionModel, repeats: int) -> tuple[float, float]:
    """Wall and processor seconds of a fit with 1,000 draws (at least 400 effective), the best of a few."""
    wall, processor = np.inf, np.inf
    for seed in range(repeats):
        began, worked = time.perf_counter(), time.process_time()
        found = sample_laplace(DetectionBlocks(model), seed=seed, draws=1000, progress=Progress(shown=False))
        assert found.effective_sample >= TARGET
        wall, processor = min(wall, time.perf_counter() - began), min(processor, time.process_time() - worked)
    return wall, processor


def nutpie_seconds(model: DetectionModel) -> tuple[float, float, float, float]:
    """Compile seconds, wall and processor seconds to 400 effective draws of every parameter, effective draws seen."""
    import arviz_stats
    import nutpie

    began = time.perf_counter()
    compiled = nutpie.compile_pymc_model(build_detection(model))
    nutpie.sample(compiled, draws=10, tune=10, chains=2, seed=1, progress_bar=False)  # warm
    compile_seconds = time.perf_counter() - began
    began, worked = time.perf_counter(), time.process_time()
    tree = nutpie.sample(compiled, draws=1000, tune=400, chains=4, cores=2, seed=1, progress_bar=False)
    wall, processor = time.perf_counter() - began, time.process_time() - worked
    posterior = tree["posterior"].to_dataset()
    ess = arviz_stats.ess(posterior[list(model.layout[0])], method="bulk")
    smallest = min(float(ess[name].min()) for name in ess.data_vars)
    stretch = (400.0 + 1000.0 * TARGET / smallest) / 1400.0  # the draws that 400 effective ones take, after tuning
    return compile_seconds, wall * stretch, processor * stretch, smallest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    model = declare(40, 150)
    wall, processor = laplace_seconds(model, 3)
    print(f"laplace, 40 reps × 150 judgments: {wall:.2f} s wall, {processor:.2f} s of processor")
    compiling, nuts_wall, nuts_processor, ess = nutpie_seconds(model)
    print(
        f"nutpie on the same counts: {nuts_wall:.1f} s wall, {nuts_processor:.1f} s of processor to {TARGET:.0f} "
        f"effective draws (smallest ESS of 4,000 draws {ess:.0f}); compile apart {compiling:.0f} s"
    )
    print(f"ratio: {nuts_wall / wall:.0f} (wall), {nuts_processor / processor:.0f} (processor)")
    if not quick:
        wall, processor = laplace_seconds(declare(1000, 150), 1)
        print(f"laplace, 1,000 reps × 150 judgments: {wall:.1f} s wall, {processor:.1f} s of processor")
