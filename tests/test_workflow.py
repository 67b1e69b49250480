"""One call to everything."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration, calibrate
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judgments import Judgments
from calibra.data.published import salvirt_judgments
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.engines import Declaration, sample_posterior
from calibra.inference.posterior import Posterior


@pytest.fixture(scope="module")
def judgments() -> Judgments:
    scale = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60), "B": cb.Promise(0.3, within_days=120)})
    world = cb.simulate_judgments(seed=3, n_reps=4, n_prospects=500, scale=scale, span_days=300)
    return Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)


@pytest.fixture(scope="module")
def calibration(judgments: Judgments) -> Calibration:
    return calibrate(judgments, seed=1, engine="laplace", draws=400)


def test_one_rank_model_per_promised_horizon_the_same_as_fitted_alone(judgments, calibration) -> None:
    assert list(calibration.ranks) == [60, 120]
    alone = RankModel(within_days=120).fit(judgments, seed=1, engine="laplace", draws=400)
    for name, draws in alone.posterior.draws.items():
        np.testing.assert_array_equal(calibration.ranks[120].posterior[name], draws)


def test_a_horizon_nobody_is_old_enough_for_is_noted_and_loses_no_other(judgments: Judgments) -> None:
    early = judgments.at("2026-03-01")  # the oldest of 300 days' judgments is 88 days old
    found = calibrate(early, seed=1, engine="laplace", draws=400)
    assert list(found.ranks) == list(found.thresholds.fits) == [60]
    assert found.lead_times is not None
    assert any("120 days old" in str(note) for note in found.notes)
    assert all(str(note) in found.summary() for note in found.notes)


def test_nothing_to_fit_at_all_is_an_error_that_names_each_model(judgments: Judgments) -> None:
    with pytest.raises(cb.NotEnoughDataError, match=r"(?s)No model.*1 event so far.*60 days old.*120 days old"):
        calibrate(judgments.at("2025-12-15"), seed=1)


def test_thresholds_are_advised_at_the_promise_of_each_boundary(calibration: Calibration) -> None:
    assert list(calibration.thresholds.fits) == [60, 120]
    assert calibration.thresholds.advice is not None
    assert calibration.thresholds.advice.target == "promise"
    assert calibration.thresholds.advice.table["within_days"].tolist() == [60] * 4
    counted = calibration.thresholds.advice.table["verdict"].value_counts()
    found = next(finding for finding in calibration.findings if finding.key == "thresholds.counted")
    told = found.plain()["values"]["verdicts"]["parts"]
    assert sorted(part["values"]["n"] for part in told) == sorted(counted)
    moves = counted.get("tighten", 0) + counted.get("loosen", 0)
    assert str(found).startswith(f"Of 4 thresholds {moves} are worth a move this quarter.")


def test_without_promises_thresholds_aim_at_all_reps_and_one_rep_has_nothing_to_aim_at() -> None:
    def found(n_reps: int) -> Calibration:
        frame = pd.DataFrame([(f"r{i}", k, 60, e + i) for i in range(n_reps) for k, e in (("A", 30), ("B", 10))])
        frame.columns = ["rep", "rank", "n", "events"]
        counts = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]), within_days=45)
        return calibrate(counts, seed=1, engine="laplace", draws=200)

    two = found(2).thresholds.advice
    assert two is not None
    assert two.target == "all reps' bars"
    assert found(1).thresholds.advice is None
    assert any("one rep: nothing to aim at" in str(note) for note in found(1).notes)


def test_a_rank_that_promises_nothing_is_named_in_a_note() -> None:
    frame = pd.DataFrame({"rep": ["x"] * 3, "rank": list("ABC"), "n": [60] * 3, "events": [40, 20, 5]})
    scale = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.6, within_days=90)})
    found = calibrate(Judgments.from_counts(frame, scale=scale, within_days=90), seed=1, engine="laplace", draws=200)
    assert found.thresholds.advice is not None
    assert set(found.thresholds.advice.columns["rank"]) == {"A"}
    assert any(
        str(note).startswith("Thresholds of B: no advice, for nothing is promised of them within 90 days")
        for note in found.notes
    )


def test_one_rank_has_no_thresholds_and_loses_nothing_else() -> None:
    frame = pd.DataFrame({"rep": ["x", "y"], "rank": ["A", "A"], "n": [60, 50], "events": [20, 25]})
    found = calibrate(
        Judgments.from_counts(frame, scale=cb.RankScale(["A"])), seed=1, engine="laplace", draws=200
    )  # fmt: skip
    assert list(found.ranks) == [None]
    assert not {"thresholds", "granularity"} & set(found.answered)
    assert [str(note) for note in found.notes if note.chapter == "thresholds"] == [
        "Thresholds: a scale of one rank has none."
    ]
    with pytest.raises(cb.NotEnoughDataError, match=r"no answer to `thresholds`\. Thresholds: a scale of one rank"):
        _ = found.thresholds


def test_rows_seen_late_leave_the_answers_to_the_models_that_allow_for_them() -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, observed_from="2026-03-01")
    late = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    found = calibrate(late, seed=1, engine="laplace", draws=200)
    assert found.answered == ("lead_times", "timing", "effort")
    assert any("entered_at" in str(note) for note in found.notes)
    with pytest.raises(cb.InputError, match="engine"):
        calibrate(late, seed=1, engine="fast")  # type: ignore[arg-type]


def test_a_fit_that_breaks_down_is_noted_loses_no_other_and_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(declaration: Declaration, **how: object) -> Posterior:
        if isinstance(declaration, DetectionModel):
            raise cb.FitError("no outer draw has a finite posterior.")
        return sample_posterior(declaration, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("calibra.chapters.fitting.sample_posterior", broken)
    found = calibrate(salvirt_judgments(), seed=1, engine="laplace", draws=200)
    assert list(found.ranks) == [None]
    assert found.problems[-1] == "Threshold model: no outer draw has a finite posterior."
    assert [note.role for note in found.notes] == ["note", "problem"]
    assert not found.ok


def test_horizons_asked_for_when_reading_are_fitted_where_nothing_is_promised() -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, scale=cb.RankScale(["A", "B"]))
    read = {"scale": world.scale, "as_of": world.as_of, "columns": world.columns}
    found = calibrate(Judgments.from_frame(world.frame, **read, horizons=[45]), seed=1, engine="laplace")
    assert list(found.ranks) == [45]
    with pytest.raises(cb.InputError, match="A horizon is needed"):
        calibrate(Judgments.from_frame(world.frame, **read), seed=1)


def test_summary_tells_findings_first_and_ends_no_finding_without_its_footing(calibration: Calibration) -> None:
    text = calibration.summary()
    assert text.startswith("What was found\n- ")
    assert text.index("How far to trust it\nRank model, 60 days: laplace") < text.index("What came in")
    found = text[: text.index("\n\nHow far to trust it")]
    assert "not for pay or dismissal" in found.split("\n")[-1]


def test_tables_hold_every_horizon_told_apart(calibration: Calibration) -> None:
    tables = calibration.tables()
    assert set(tables) == {
        "judgments", "probabilities", "profiles", "order", "spread", "expected", "reverse", "incidence", "lead_times",
        "tempo", "chasing", "never", "bars", "detection", "styles", "thresholds", "promises",
        "stated_timing", "stated_timing_bias", "effort", "effort_yields", "effort_caps", "effort_ranks",
        "effort_pairs", "effort_hand_back",
    }  # fmt: skip
    own = calibration.ranks[60].probabilities()
    stacked = tables["probabilities"].query("within_days == 60").drop(columns="within_days")
    assert stacked.astype(object).equals(own.astype(object))
    assert set(tables["profiles"]["within_days"]) == set(tables["bars"]["within_days"]) == {60, 120}
    assert set(tables["incidence"]["days"]) == {60, 120}


def test_ready_made_counts_without_horizon_are_fitted_once() -> None:
    found = calibrate(salvirt_judgments(), seed=1, engine="laplace", draws=400)
    assert list(found.ranks) == [None]
    assert getattr(found, "lead_times", None) is None
    assert "Lead times: ready-made counts do not say when what came." in map(str, found.notes)
    assert list(found.granularity) == [None]
    assert not {"judgments", "lead_times"} & set(found.tables())
    assert "Ranks do not separate outcomes so far" in found.summary()
    assert found.tables()["probabilities"]["within_days"].isna().all()
    assert "ready-made counts" in found.summary()


def test_pictures_are_named_by_horizon(calibration: Calibration, tmp_path: Path) -> None:
    paths = calibration.save_pictures(tmp_path, formats=("svg",))
    assert [path.name for path in paths] == [
        "probabilities-60.svg", "profiles-60.svg", "probabilities-120.svg", "profiles-120.svg", "incidence.svg",
        "lead-times.svg", "stated-timing.svg", "bars.svg", "thresholds.svg", "effort.svg",
    ]  # fmt: skip
    assert all(path.is_file() for path in paths)


def test_ok_is_what_the_diagnostics_say(calibration: Calibration) -> None:
    assert calibration.lead_times is not None
    fits = (*calibration.ranks.values(), calibration.lead_times, *calibration.thresholds.fits.values())
    assert calibration.ok == all(fit.diagnostics.ok for fit in fits)
    assert (
        len(calibration.diagnostics) == 2 + 2 + 2 + 2 + 2
    )  # lead times, stated dates and contacts: one line an ending
    assert repr(calibration).startswith("Calibration of <Judgments: ")


def test_a_laplace_calibration_loads_no_sampler_and_no_plots() -> None:
    import subprocess

    heavy = ("pymc", "pytensor", "arviz", "nutpie", "xarray", "matplotlib", "scipy.stats")
    code = (
        "import sys; from calibra.calibration import calibrate; from calibra.data.published import salvirt_judgments;"
        "calibrate(salvirt_judgments(), seed=1, engine='laplace', draws=200).summary();"
        f"print(*[m for m in {heavy!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_parts_that_are_not_asked_for_are_not_fitted(judgments):
    calibration = calibrate(judgments, seed=1, parts=())
    assert calibration.answered == ("ranks", "promises")
    assert calibration.notes == ()
    with pytest.raises(AttributeError, match="`lead_times` was left out: name 'lead times' in `parts`"):
        _ = calibration.lead_times


def test_an_unknown_part_is_refused(judgments):
    with pytest.raises(cb.InputError, match="`parts` must be some of 'lead times', 'thresholds', 'granularity'"):
        calibrate(judgments, seed=1, parts=("weather",))


def test_one_rep_is_compared_with_nobody(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rep": ["x"] * 2, "rank": ["A", "B"], "n": [60, 50], "events": [40, 10]})
    found = calibrate(Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", draws=200)
    assert {path.name for path in found.save_pictures(tmp_path, formats=("png",))} == {"probabilities.png"}


def test_of_a_rep_with_a_handful_of_judgments_nothing_is_found() -> None:
    counts = {"x": (400, 40), "y": (400, 44), "z": (4, 4)}
    frame = pd.DataFrame({
        "rep": list(counts), "rank": ["A"] * 3, "n": [n for n, _ in counts.values()],
        "events": [events for _, events in counts.values()],
    })  # fmt: skip
    judgments = Judgments.from_counts(frame, scale=cb.RankScale(["A"]))
    fit = RankModel().fit(judgments, seed=1, engine="laplace", draws=1000, progress=False)
    few = fit.profiles(flag_prob=0.6).set_index("rep").loc["z"]
    assert few["prob_above"] > 0.6
    assert (few["finding"], few["n_more"]) == ("cannot tell yet", 0)


def test_pictures_need_a_folder_that_exists(calibration: Calibration, tmp_path: Path) -> None:
    with pytest.raises(cb.InputError, match="A folder that exists was expected; there is none at"):
        calibration.save_pictures(tmp_path / "absent")


def test_one_margin_reaches_what_is_found_the_tables_and_the_file(tmp_path):
    frame = pd.DataFrame({"rep": [f"r{i}" for i in range(8)], "rank": "A", "n": 2000, "events": [720, *[600] * 7]})
    judgments = cb.Judgments.from_counts(frame, scale=cb.RankScale(["A"]), within_days=90)
    fitted = {odds: cb.calibrate(judgments, seed=1, margin_odds=odds) for odds in (1.1, 1.6)}
    for odds, finding, said in (
        (1.1, "above the others", "r0 lie above"),
        (1.6, "in line", "r0 (over 99\N{NO-BREAK SPACE}%)"),
    ):
        profiles = fitted[odds].tables()["profiles"]
        assert profiles["finding"].iloc[0] == finding
        assert any(said in str(finding) for finding in fitted[odds].findings)
    saved = cb.load(fitted[1.6].save(tmp_path / "team.calibra"))
    assert saved.settings.margin_odds == 1.6
    assert saved.tables()["profiles"]["finding"].iloc[0] == "in line"


def test_only_where_prospects_come_by_lot_is_a_rep_said_to_read_too_much_and_the_file_keeps_it(tmp_path):
    usual, early = np.array([[30, 30, 40], [20, 10, 4]]), np.array([[60, 25, 15], [21, 4, 1]])
    rows = [
        (f"r{i}", rank, 4 * n, 4 * events)
        for i in range(8)
        for rank, n, events in zip("ABC", *(early if i == 0 else usual), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    said = {}
    for assignment in (None, "random"):
        judgments = cb.Judgments.from_counts(
            frame, scale=cb.RankScale(list("ABC")), within_days=90, assignment=assignment
        )
        found = cb.calibrate(judgments, seed=1, parts=["thresholds"])
        saved = cb.load(found.save(tmp_path / "team.calibra"))
        said[assignment], read = (next(iter(one.thresholds.styles.values())).style[0] for one in (found, saved))
        assert read == said[assignment]
        assert any("r0 reads too much" in str(finding) for finding in found.findings) == (assignment == "random")
    assert said == {None: "starts to use ranks at lower probabilities than the others", "random": "reads too much"}


def test_an_assignment_is_stated_at_every_door_and_known_on_an_earlier_day():
    world = cb.simulate_judgments(seed=1, n_reps=2, n_prospects=60)
    judgments = Judgments.from_frame(
        world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns, assignment="random"
    )
    assert judgments.assignment == judgments.at("2026-06-30").assignment == "random"
    cells = pd.DataFrame({"rep": ["a"], "rank": ["A"], "days": [5], "ending": [1], "maturity": [1], "n": [3]})
    doors = (
        lambda value: Judgments.from_cells(cells, scale=world.scale, as_of="2026-09-30", assignment=value),
        lambda value: Judgments.from_frame(
            world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns, assignment=value
        ),
    )
    for door in doors:
        assert door(None).assignment is None
        assert door("random").assignment == "random"
        with pytest.raises(cb.InputError, match="`assignment` must be 'random', or None"):
            door("by lot")
