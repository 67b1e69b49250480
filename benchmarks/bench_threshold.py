"""The threshold model: laplace against nutpie on the same counts, time to 400 effective draws, in one run.

Compile time is shown apart and is not in the ratio (see `clock`). `--quick` leaves out the 1,000 reps.
"""

import argparse

import numpy as np
from clock import laplace_seconds, nutpie_seconds, show

from calibra.inference.declare.detection import DetectionModel
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.nuts.build_detection import build_detection
from studies.threshold_worlds import draw_typical_reps, fit_counts


def declare(n_reps: int, n_judgments: int) -> DetectionModel:
    """The threshold model's declaration on reps of a typical organisation."""
    rng = np.random.default_rng(1)
    small = fit_counts(*draw_typical_reps(rng, n_reps=3).counts(rng, 50), seed=1, draws=100).declaration
    n, events = draw_typical_reps(rng, n_reps=n_reps).counts(rng, n_judgments)
    changes = {"n": n.astype(float), "events": events.astype(float), "reps": tuple(map(str, range(n_reps)))}
    return DetectionModel(**{name: changes.get(name, getattr(small, name)) for name in small.__slots__})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    model = declare(40, 150)
    ours = laplace_seconds(DetectionBlocks(model))
    show("40 reps x 150 judgments", ours, nutpie_seconds(build_detection(model), list(model.layout[0]), draws=1000))
    if not quick:
        print(f"1,000 reps x 150 judgments: {laplace_seconds(DetectionBlocks(declare(1000, 150)), repeats=1):.1f} s")


if __name__ == "__main__":
    main()
