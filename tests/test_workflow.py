"""One call to everything."""

import sys
from pathlib import Path

import numpy as np
import pytest

import calibra as cb
from calibra.data.judgments import Judgments
from calibra.data.published import salvirt_judgments
from calibra.models.rank import RankModel
from calibra.workflow import Calibration, calibrate


@pytest.fixture(scope="module")
def judgments() -> Judgments:
    scale = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60), "B": cb.Promise(0.3, within_days=120)})
    world = cb.simulate_judgments(seed=3, n_reps=4, n_prospects=500, scale=scale, span_days=300)
    return Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)


@pytest.fixture(scope="module")
def calibration(judgments: Judgments) -> Calibration:
    return calibrate(judgments, seed=1, engine="laplace", draws=400)


def test_one_rank_model_per_promised_horizon_the_same_as_fitted_alone(judgments, calibration) -> None:
    assert list(calibration.rank_fits) == [60, 120]
    alone = RankModel(within_days=120).fit(judgments, seed=1, engine="laplace", draws=400)
    for name, draws in alone.posterior.draws.items():
        np.testing.assert_array_equal(calibration.rank_fits[120].posterior[name], draws)


def test_a_horizon_nobody_is_old_enough_for_is_noted_and_loses_no_other(judgments: Judgments) -> None:
    early = judgments.at("2026-03-01")  # the oldest of 300 days' judgments is 88 days old
    found = calibrate(early, seed=1, engine="laplace", draws=400)
    assert list(found.rank_fits) == [60]
    assert len(found.notes) == 1
    assert "120 days old" in found.notes[0]
    assert found.notes[0] in found.summary()


def test_nobody_old_enough_for_any_horizon_is_an_error_that_names_each(judgments: Judgments) -> None:
    with pytest.raises(cb.NotEnoughDataError, match=r"(?s)No model could be fitted.*60 days old.*120 days old"):
        calibrate(judgments.at("2025-12-15"), seed=1)


def test_horizons_asked_for_when_reading_are_fitted_where_nothing_is_promised() -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, scale=cb.RankScale(["A", "B"]))
    read = {"scale": world.scale, "as_of": world.as_of, "columns": world.columns}
    found = calibrate(Judgments.from_frame(world.frame, **read, horizons=[45]), seed=1, engine="laplace")
    assert list(found.rank_fits) == [45]
    with pytest.raises(cb.InputError, match="`within_days` is needed"):
        calibrate(Judgments.from_frame(world.frame, **read), seed=1)


def test_summary_tells_diagnostics_first_and_ends_no_finding_without_its_footing(calibration: Calibration) -> None:
    text = calibration.summary()
    assert text.startswith("How far to trust it\nRank model, 60 days: laplace")
    assert text.index("What came in") < text.index("What was found")
    assert "not for pay or dismissal" in calibration.findings[-1]


def test_tables_hold_every_horizon_told_apart(calibration: Calibration) -> None:
    tables = calibration.tables()
    assert set(tables) == {"judgments", "probabilities", "profiles", "order", "spread", "expected"}
    own = calibration.rank_fits[60].probabilities()
    stacked = tables["probabilities"].query("within_days == 60").drop(columns="within_days")
    assert stacked.astype(object).equals(own.astype(object))
    assert set(tables["profiles"]["within_days"]) == {60, 120}


def test_ready_made_counts_without_horizon_are_fitted_once() -> None:
    found = calibrate(salvirt_judgments(), seed=1, engine="laplace", draws=400)
    assert list(found.rank_fits) == [None]
    assert "judgments" not in found.tables()
    assert found.tables()["probabilities"]["within_days"].isna().all()
    assert "ready-made counts" in found.summary()


def test_pictures_are_named_by_horizon(calibration: Calibration, tmp_path: Path) -> None:
    paths = calibration.save_pictures(tmp_path, formats=("svg",))
    assert [path.name for path in paths] == [
        "probabilities-60.svg", "profiles-60.svg", "probabilities-120.svg", "profiles-120.svg",
    ]  # fmt: skip
    assert all(path.is_file() for path in paths)


def test_ok_is_what_the_diagnostics_say(calibration: Calibration) -> None:
    assert calibration.ok == all(fit.diagnostics.ok for fit in calibration.rank_fits.values())
    assert "Calibration: Rank model, 60 days, Rank model, 120 days" in repr(calibration)


def test_a_laplace_calibration_loads_no_sampler_and_no_plots() -> None:
    import subprocess

    heavy = ("pymc", "pytensor", "arviz", "nutpie", "xarray", "matplotlib", "scipy.stats")
    code = (
        "import sys; from calibra.workflow import calibrate; from calibra.data.published import salvirt_judgments;"
        "calibrate(salvirt_judgments(), seed=1, engine='laplace', draws=200).summary();"
        f"print(*[m for m in {heavy!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
