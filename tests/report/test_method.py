"""The paragraph on the method: n, priors, engine and software, as the calibration has them, in either language."""

import pytest

import calibra as cb
from calibra.report.method import OF_CHAPTERS
from tests.calibrated import calibrated


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_it_names_what_was_analysed_and_how(lang: str) -> None:
    told = calibrated().method_text(lang=lang)
    assert "{" not in told
    priors = cb.RankPriors()
    for part in (
        "300", "3", repr(priors.rank_mean), repr(priors.level), repr(priors.correlation), "laplace", "200", "1.25",
        f"calibra {cb.__version__}",
    ):  # fmt: skip
        assert part in told, part
    worst = min(found.effective_sample for _, found in calibrated().named_fits())
    assert f"{worst:,.0f}" in told


def test_what_was_not_fitted_is_not_described() -> None:
    counts = [{"rep": rep, "rank": rank, "n": 60, "events": n} for rep in "xyz" for rank, n in (("A", 30), ("B", 12))]
    import pandas as pd

    judgments = cb.Judgments.from_counts(pd.DataFrame(counts), scale=cb.RankScale(["A", "B"]), within_days=90)
    told = cb.calibrate(judgments, seed=1, engine="laplace", draws=100, parts=(), progress=False).method_text()
    assert "within 90 days" in told
    assert "hazards" not in told
    assert "signal detection" not in told
    assert OF_CHAPTERS == ("lead_times", "thresholds")


def test_what_outcomes_were_adjusted_for_is_named() -> None:
    from tests.calibrated import read

    found = cb.calibrate(read(), seed=1, engine="laplace", draws=100, parts=(), adjust_for=["segment"], progress=False)
    assert "at the same mix of segment" in found.method_text()
