"""How long does a report take, and how large is it? 40 reps with 50,000 judgments, then 300 reps with 60,000.

The report alone, and calibrate with it; beside them, as a yardstick on the same calibration, the seven pictures of
`Calibration.save_pictures` as SVG by matplotlib. Wall and processor seconds: where other work runs, trust the latter.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import calibra as cb

TARGETS = "targets: report of 40 reps 4 s and 3 MB, with calibrate 10 s; 300 reps 15 MB"


def timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, with wall and processor seconds."""
    wall, work = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - wall, time.process_time() - work


def measure(n_reps: int, n_prospects: int, folder: Path) -> None:
    world = cb.simulate_judgments(seed=1, n_reps=n_reps, n_prospects=n_prospects)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    calibration, wall, work = timed(lambda: cb.calibrate(judgments, seed=1, engine="laplace", progress=False))
    print(f"\n{n_reps} reps, {n_prospects:,} judgments")
    print(f"{'':24}{'wall s':>9}{'cpu s':>9}{'MB':>7}")
    print(f"{'calibrate':24}{wall:9.2f}{work:9.2f}")
    for lang in ("en", "ja"):
        path, wall, work = timed(lambda lang=lang: calibration.report(folder / f"{n_reps}-{lang}.html", lang=lang))
        print(f"{f'report, {lang}':24}{wall:9.2f}{work:9.2f}{path.stat().st_size / 1e6:7.2f}")
    _, wall, drawn = timed(lambda: calibration.save_pictures(folder, formats=("svg",)))
    print(f"{'pictures by matplotlib':24}{wall:9.2f}{drawn:9.2f}")
    print(f"report / pictures: {work / drawn:.2f} of the processor time")


def main() -> None:
    print(TARGETS)
    with tempfile.TemporaryDirectory() as folder:
        measure(40, 50_000, Path(folder))
        measure(300, 60_000, Path(folder))


if __name__ == "__main__":
    main()
