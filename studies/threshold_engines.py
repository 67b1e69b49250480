"""Do both engines give the same thresholds? Bars, shares and scales from laplace and from a long NUTS run.

`python -m studies.threshold_engines` writes docs/studies/threshold_engines.md.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.inference.engines import sample_posterior
from calibra.stats.detection.advice import promised_cutpoint
from calibra.stats.detection.curve import share_above
from studies.engines import Agreement, compare
from studies.page import markdown_table, write_page
from studies.threshold_worlds import draw_typical_reps, fit_counts

type Floats = NDArray[np.float64]


def reported_quantities(fit: ThresholdFit) -> dict[str, Floats]:
    """What users read, as draws (draw, number)."""
    found = fit.draws()
    phi, d = found.base_rate, found.discrimination
    cut = promised_cutpoint(0.6, base_rate=phi, discrimination=d)
    flat = (len(phi), -1)
    return {
        "bars": found.bars.reshape(flat),
        "shares": found.shares.reshape(flat),
        "base rate": phi,
        "discrimination": d,
        "share for an average of .6": share_above(cut, base_rate=phi, discrimination=d),
        "scales": np.stack([fit.posterior[name] for name in fit.declaration.scale_priors], axis=1),
    }


def study_engines(*, seed: int, n_reps: int, n_judgments: int, draws: int) -> list[Agreement]:
    """Fit reps of a typical organisation by both engines and compare what users read."""
    rng = np.random.default_rng(seed)
    first = fit_counts(*draw_typical_reps(rng, n_reps=n_reps).counts(rng, n_judgments), seed=seed, draws=24_000)
    nuts = sample_posterior(first.declaration, seed=seed + 1, engine="nuts", draws=draws, progress=False)
    return compare(
        f"{n_reps} reps × {n_judgments} judgments, five ranks",
        reported_quantities(first),
        reported_quantities(replace(first, posterior=nuts)),
        ours_effective=first.diagnostics.effective_sample,
        n_chains=4,
    )


def main() -> None:
    """Run the comparison and write the page."""
    rows = study_engines(seed=1, n_reps=12, n_judgments=150, draws=64_000)
    write_page(
        "threshold_engines",
        "Two engines, one set of thresholds",
        "Threshold model; made by `python -m studies.threshold_engines`. Gaps: posterior standard deviations. "
        "Allowed: 0.1 (scales 0.2), sd ratio 1 ± 0.05, each plus three Monte Carlo standard errors.",
        markdown_table({field: [getattr(row, field) for row in rows] for field in Agreement.__dataclass_fields__}),
    )


if __name__ == "__main__":
    main()
