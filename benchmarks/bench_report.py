"""How long does a report take, how large is it, and what memory? 40 reps with 50,000 judgments, 300 with 60,000.

The report alone, calibrate with it, saving and scoring; beside them, as a yardstick on the same calibration, the seven
pictures of `Calibration.save_pictures` as SVG by matplotlib. Wall and processor seconds: where other work runs, trust
the latter. Memory is the most that the process has held so far, in MB, imports included (POSIX's getrusage).

`python benchmarks/bench_report.py 2000 400000` measures one size of one's own, without the pictures; a third number is
the days over which the judgments are made, 540 without it.
"""

import resource
import sys
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


def peak_mb() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def show(name: str, wall: float, work: float, size: str = "") -> None:
    print(f"{name:24}{wall:9.2f}{work:9.2f}{size:>7}{peak_mb():9.0f}", flush=True)


def measure(n_reps: int, n_prospects: int, folder: Path, *, span_days: int = 540, pictures: bool = True) -> None:
    world = cb.simulate_judgments(seed=1, n_reps=n_reps, n_prospects=n_prospects, span_days=span_days)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    calibration, wall, work = timed(lambda: cb.calibrate(judgments, seed=1, engine="laplace", progress=False))
    print(f"\n{n_reps} reps, {n_prospects:,} judgments over {span_days} days")
    print(f"{'':24}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'memory':>9}")
    show("calibrate", wall, work)
    path, wall, work = timed(lambda: calibration.save(folder / f"{n_reps}.calibra"))
    show("save", wall, work, f"{path.stat().st_size / 1e6:.2f}")
    _, wall, work = timed(lambda: calibration.score(world.frame.head(10_000), as_of=world.as_of))
    show("score 10,000 rows", wall, work)
    for lang in ("en", "ja"):
        path, wall, work = timed(lambda lang=lang: calibration.report(folder / f"{n_reps}-{lang}.html", lang=lang))
        show(f"report, {lang}", wall, work, f"{path.stat().st_size / 1e6:.2f}")
    if not pictures:
        return
    _, wall, drawn = timed(lambda: calibration.save_pictures(folder, formats=("svg",)))
    show("pictures by matplotlib", wall, drawn)
    print(f"report / pictures: {work / drawn:.2f} of the processor time")


def main() -> None:
    print(TARGETS)
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 2:
            n_reps, n_prospects, *days = map(int, sys.argv[1:])
            measure(n_reps, n_prospects, Path(folder), span_days=days[0] if days else 540, pictures=False)
            return
        measure(40, 50_000, Path(folder))
        measure(300, 60_000, Path(folder))


if __name__ == "__main__":
    main()
