"""Speed of the reliability curve: 10 M forecasts of 1,000 values, and 1 M distinct ones beside model-diagnostics.

Run: `python benchmarks/bench_reliability.py`. Prints processor seconds (best of seven, both sides on one thread where
OMP_NUM_THREADS=1) and their ratios. A diagram is computed and put on its axes, not rendered: that is matplotlib's time.
"""

import time
from collections.abc import Callable

import numpy as np

REPEATS = 7


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds, best of seven."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the two comparisons."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from model_diagnostics.calibration import plot_reliability_diagram

    from calibra.stats.forecasts.reliability import reliability_curve
    from calibra.views.plot_reliability import plot_reliability

    rng = np.random.default_rng(1)
    prob = rng.integers(0, 1000, 10_000_000) / 1000
    y = rng.random(prob.size) < prob
    both = seconds(lambda: reliability_curve(y, prob))
    honest = seconds(lambda: reliability_curve(y, prob, confidence="honest"))
    print(
        f"10 M forecasts, 1,000 distinct: curve and both bands {both:.2f} s (goal 5 s); "
        f"with the honest band {honest:.2f} s"
    )

    prob = rng.random(1_000_000)
    y = rng.random(prob.size) < prob
    outcome = y.astype(float)

    def ours(*, bands: bool) -> None:
        _, ax = plt.subplots()
        word = "auto" if bands else "none"
        plot_reliability(reliability_curve(y, prob, consistency=word, confidence=word), ax=ax)
        plt.close("all")

    def theirs(n_bootstrap: int | None) -> None:
        _, ax = plt.subplots()
        plot_reliability_diagram(outcome, prob, n_bootstrap=n_bootstrap, ax=ax)
        plt.close("all")

    bare, bare_peer = seconds(lambda: ours(bands=False)), seconds(lambda: theirs(None))
    print(
        f"1 M distinct, no bands: {bare:.2f} s, model-diagnostics {bare_peer:.2f} s: "
        f"{bare_peer / bare:.1f} times faster"
    )
    banded = seconds(lambda: ours(bands=True))
    start = time.process_time()
    theirs(10)
    banded_peer = time.process_time() - start
    print(
        f"1 M distinct, with bands: {banded:.2f} s, model-diagnostics with 10 resamples {banded_peer:.2f} s: "
        f"{banded_peer / banded:.1f} times faster"
    )


if __name__ == "__main__":
    main()
