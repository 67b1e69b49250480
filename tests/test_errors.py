"""What a newcomer hands to a door by mistake comes back as one error that says what to do."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.reading.by_horizon import ByHorizon
from tests.calibrated import calibrated, read, world

FRAME = pd.DataFrame({"rep": ["Abe"], "rank": ["A"]})


@pytest.mark.parametrize(
    "door",
    [
        lambda given: cb.calibrate(given, seed=1),
        lambda given: cb.RankModel().fit(given, seed=1),
        lambda given: cb.RankModel().build(given),
        lambda given: cb.ThresholdModel().fit(given, seed=1),
        lambda given: cb.ThresholdModel().fit_by(given, by="segment", seed=1),
        lambda given: cb.ThresholdModel().build(given),
        lambda given: cb.LeadTimeModel().fit(given, seed=1),
        lambda given: cb.LeadTimeModel().build(given),
        lambda given: cb.backtest(given, [date(2026, 1, 1)], seed=1),
        lambda given: cb.replay("any.calibra", given),
        lambda given: calibrated().lead_times.chasing(given),
    ],
)
def test_a_frame_in_place_of_judgments_is_told_how_judgments_are_made(door) -> None:
    said = r"`judgments` must be Judgments; got a DataFrame of pandas\. Make them first: .*from_frame\(frame, scale="
    with pytest.raises(cb.InputError, match=said):
        door(FRAME)


def test_a_path_in_place_of_judgments_stands_in_the_call_that_reads_it() -> None:
    with pytest.raises(cb.InputError, match=r"got 'team\.csv'\. .*from_frame\('team\.csv', scale="):
        cb.calibrate("team.csv", seed=1)
    with pytest.raises(cb.InputError, match=r"from_frame\('team\.csv', scale="):
        cb.calibrate(Path("team.csv"), seed=1)


def test_a_long_path_stands_whole_in_the_call_that_reads_it() -> None:
    path = f"/srv/{'deep/' * 20}team.csv"
    for given in (path, Path(path)):
        with pytest.raises(cb.InputError, match=re.escape(f"from_frame({path!r}, scale=")):
            cb.calibrate(given, seed=1)


def test_a_calibration_in_place_of_what_it_holds_is_told_where_it_holds_it() -> None:
    held = r"must be a RankFit; got a Calibration\. .*`calibration\.ranks\[60\]` or `calibration\.ranks\[90\]`"
    calibration = calibrated()
    for door in (
        lambda given: cb.compare(given, given),
        cb.recommend_granularity,
        cb.rep_standings,
        cb.rank_reliability,
    ):
        with pytest.raises(cb.InputError, match=held):
            door(calibration)
    with pytest.raises(cb.InputError, match=r"got a Calibration\. .*pass `calibration\.judgments`"):
        cb.calibrate(calibration, seed=1)


def test_comparing_lead_time_fits_leads_to_tempo() -> None:
    lead = calibrated().lead_times
    with pytest.raises(cb.InputError, match=r"must be a RankFit; got a LeadTimeFit\..*`lead_times\.tempo\(\)`"):
        cb.compare(lead, lead)
    with pytest.raises(cb.InputError, match=r"`other` must be a RankFit; got a LeadTimeFit"):
        cb.compare(calibrated().ranks[60], lead)


def test_a_promise_says_that_it_needs_both_numbers() -> None:
    with pytest.raises(cb.InputError, match=r"both `prob` and `within_days`; `within_days` was not given\. Write"):
        cb.Promise(0.6)
    with pytest.raises(cb.InputError, match="`prob` was not given"):
        cb.Promise(within_days=90)


def test_a_horizon_that_is_not_there_names_those_that_are() -> None:
    calibration = calibrated()
    for fits in (calibration.ranks, calibration.thresholds.fits, calibration.thresholds.styles):
        with pytest.raises(KeyError, match=r"^A horizon that was fitted was expected: 60, 90; got 30\. ") as caught:
            fits[30]
        assert isinstance(caught.value, cb.InputError)


def test_horizons_behave_as_any_mapping_does() -> None:
    fits = ByHorizon({30: "short", 90: "long"})
    assert (list(fits), fits.get(60), 60 in fits, fits == {30: "short", 90: "long"}) == ([30, 90], None, False, True)
    assert {**fits}[30] == "short"
    with pytest.raises(KeyError, match="expected: none; got 30"):
        ByHorizon()[30]


@pytest.mark.parametrize("given", [None, 3, FRAME])
def test_what_is_no_path_is_refused_wherever_a_path_is_asked_for(given) -> None:
    calibration = calibrated()
    doors = (cb.load, calibration.save, calibration.report, lambda path: cb.replay(path, read()))
    for door in doors:
        with pytest.raises(cb.InputError, match=r"`path` must be a path, as text or as pathlib\.Path; got"):
            door(given)
    with pytest.raises(cb.InputError, match=r"`folder` must be a path"):
        calibration.save_pictures(given)


@pytest.mark.parametrize("given", [None, ["A", "B"]])
def test_what_is_no_scale_is_told_how_one_is_written(given) -> None:
    said = r"`scale` must be a RankScale; got .*\. Write `calibra\.RankScale\(\['A', 'B', 'C'\]\)`, the best rank first"
    told = {"scale": given, "as_of": world().as_of}
    doors = (
        lambda: Judgments.from_frame(world().frame, columns=world().columns, **told),
        lambda: Judgments.from_counts(FRAME, scale=given),
        lambda: Judgments.from_cells(FRAME, **told),
        lambda: cb.RankHistory.from_frames(FRAME, FRAME, outcome_columns={}, **told),
    )
    for door in doors:
        with pytest.raises(cb.InputError, match=said):
            door()


def test_other_things_given_by_mistake_are_no_bare_python_errors() -> None:
    calibration, fit = calibrated(), calibrated().ranks[60]
    doors = {
        "`groups` must be a list of lists of ranks": lambda: cb.merged_probabilities(fit, "ABC"),
        "`thresholds` must be a ThresholdFit; got a RankFit": lambda: cb.rank_reliability(fit, thresholds=fit),
        "`fit` must be a ModelFit": lambda: cb.predictive_check(FRAME, seed=1),
        "`cut_dates` must be a list of dates": lambda: cb.backtest(read(), "2026-01-01", seed=1, within_days=60),
        "`parts` must be some of": lambda: cb.calibrate(read(), seed=1, parts="thresholds"),
        "`promises` must lead from ranks to promises": lambda: cb.RankScale(["A"], 0.6),
        "`columns` must lead from roles": lambda: calibration.score(world().frame, as_of=world().as_of, columns="rep"),
        "`within_days` must be one of the horizons": lambda: calibration.calibration_table(within_days=[60]),
        "it has no 'score_known_rep'": lambda: cb.count_notes(FRAME),
        r"returned; got None": lambda: cb.count_notes(None),
        "URL must read": lambda: cb.read_url(None),
        "hold one forecast or more; they are empty": lambda: cb.reliability_curve_from_counts([], [], []),
        "`fit` must be a ThresholdFit; got a DataFrame of pandas": lambda: cb.recommend_thresholds(FRAME),
        r"`fit\[60\]` must be a ThresholdFit; got a RankFit": lambda: cb.recommend_thresholds({60: fit}),
        "`threshold_fit` must be a ThresholdFit": lambda: cb.describe_styles(fit, fit),
        "`cost` must be a number; got 'a'": lambda: cb.Payoff("a", 2),
        "`min_judgments` must be a number; got 'many'": lambda: cb.AdviceRules("many"),
        "`prob` must be numbers; could not convert": lambda: cb.ranked_probability_score([0], "half"),
    }
    for said, door in doors.items():
        with pytest.raises(cb.InputError, match=said):
            door()


LEVELS = {
    "probabilities": lambda level: calibrated().ranks[60].probabilities(interval_prob=level),
    "profiles": lambda level: calibrated().ranks[60].profiles(interval_prob=level),
    "bars": lambda level: calibrated().thresholds.fits[60].bars(interval_prob=level),
    "lead times": lambda level: calibrated().lead_times.lead_times(interval_prob=level),
    "chasing": lambda level: calibrated().lead_times.chasing(interval_prob=level),
    "never": lambda level: calibrated().lead_times.never(interval_prob=level),
    "calibration table": lambda level: calibrated().calibration_table(interval_prob=level),
    "standings": lambda level: cb.rep_standings(calibrated().ranks[60], interval_prob=level),
    "granularity": lambda level: cb.recommend_granularity(calibrated().ranks[60], interval_prob=level),
    "predictive check": lambda level: cb.predictive_check(calibrated().ranks[60], seed=1, interval_prob=level),
    "scores": lambda level: cb.score_forecasts([0, 1], [0.2, 0.7], interval_prob=level),
}


@pytest.mark.parametrize("level", [-1, 0, 1.0, 90, float("nan"), None, "x", True])
@pytest.mark.parametrize("door", LEVELS.values(), ids=LEVELS)
def test_a_level_that_is_none_is_refused_wherever_an_interval_is_read(door, level) -> None:
    said = f"`interval_prob` must lie strictly between 0 and 1; got {level!r}. Write 90 % as 0.9."
    with pytest.raises(cb.InputError, match=re.escape(said)):
        door(level)


def pair() -> tuple[str, str]:
    """Two reps of the calibration."""
    first, second, *_ = calibrated().ranks[60].reps
    return first, second


MARGINS = {
    "flag_prob": [
        lambda value: calibrated().ranks[60].profiles(flag_prob=value),
        lambda value: cb.describe_styles(calibrated().thresholds.fits[60], calibrated().ranks[60], flag_prob=value),
    ],
    "margin_odds": [
        lambda value: cb.compare(calibrated().ranks[60], reps=pair(), margin_odds=value),
        lambda value: cb.describe_styles(calibrated().thresholds.fits[60], calibrated().ranks[60], margin_odds=value),
        lambda value: cb.rank_reliability(calibrated().ranks[60], margin_odds=value),
        lambda value: cb.recommend_granularity(calibrated().ranks[60], margin_odds=value),
        lambda value: calibrated().ranks[60].profiles(margin_odds=value),
        lambda value: cb.calibrate(calibrated().judgments, seed=1, margin_odds=value),
    ],
    "margin_ratio": [lambda value: calibrated().lead_times.tempo(margin_ratio=value)],
    "nothing_auc": [
        lambda value: calibrated().ranks[60].profiles(nothing_auc=value),
        lambda value: calibrated().thresholds.fits[60].profiles(nothing_auc=value),
    ],
    "cut_points": [lambda value: cb.rep_standings(calibrated().ranks[60], cut_points=value)],
    "worst_share": [lambda value: cb.rep_standings(calibrated().ranks[60], worst_share=value)],
    "worth_prob": [lambda value: calibrated().lead_times.chasing(worth_prob=value)],
    "n_folds": [lambda value: cb.recommend_granularity(calibrated().ranks[60], n_folds=value)],
}


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), None, "x", True])
@pytest.mark.parametrize("name", MARGINS)
def test_margins_and_flags_are_numbers_in_their_range(name, value) -> None:
    for door in MARGINS[name]:
        with pytest.raises(cb.InputError, match=f"^`{name}` must (be|lie) .*; got {value!r}\\. [A-Z]"):
            door(value)


def test_a_flag_below_one_half_or_at_one_is_refused_and_two_and_a_half_folds_are() -> None:
    for value in (0.5, 1.0, 90):
        with pytest.raises(cb.InputError, match=r"`flag_prob` must lie strictly between 0\.5 and 1; got"):
            calibrated().ranks[60].profiles(flag_prob=value)
    with pytest.raises(cb.InputError, match=r"`n_folds` must be a whole number, 2 or more; got 2\.5"):
        cb.recommend_granularity(calibrated().ranks[60], n_folds=2.5)


def test_without_any_horizon_calibrate_names_the_argument_that_reads_one() -> None:
    judgments = read(scale=cb.RankScale(["A", "B", "C"]))
    with pytest.raises(cb.InputError, match=r"Read them with horizons=\[90\], or promise something") as caught:
        cb.calibrate(judgments, seed=1)
    assert "within_days=90." not in str(caught.value)
    assert list(cb.calibrate(read(scale=cb.RankScale(["A", "B", "C"]), horizons=[90]), seed=1, parts=()).ranks) == [90]


@pytest.mark.parametrize(
    ("door", "said"),
    [
        (lambda: cb.RankModel(adjust_for=("branche",)).fit(read(), seed=1), r"`adjust_for` must name groupings \('"),
        (lambda: cb.LeadTimeModel(adjust_for=("x",)).fit(read(), seed=1), r"`adjust_for` must name groupings"),
        (lambda: cb.RankModel(team="x").fit(read(), seed=1), r"`team` must name a grouping \(.*\); 'x' is not"),
        (lambda: cb.RankModel(team=5), "`team` must be the name of a grouping, as text; got 5"),
        (lambda: cb.RankModel(adjust_for=None), r"such as \('segment',\); got None\. Leave it out"),
        (lambda: cb.LeadTimeModel(adjust_for=None), r"such as \('segment',\); got None\. Leave it out"),
        (lambda: cb.RankModel(priors=None), r"`priors` must be a RankPriors; got None\. .*write RankPriors\(\)"),
        (lambda: cb.ThresholdModel(priors=cb.RankPriors()), "`priors` must be a ThresholdPriors; got a RankPriors"),
        (lambda: cb.LeadTimeModel(priors=None), "`priors` must be a LeadTimePriors; got None"),
        (lambda: read().binomial_cells(within_days=60, by=None), r"`by` must be a list of groupings.*got None"),
        (lambda: read().duration_counts(by=5), r"`by` must be a list of groupings.*got 5"),
        (lambda: calibrated().lead_times.cumulative_incidence([30], by=None), "`by` must hold 'rep', 'rank'"),
        (lambda: cb.predictive_check(calibrated().ranks[60], seed=1, by=None), "`by` must be a list of groupings"),
        (lambda: cb.predictive_check(calibrated().ranks[60], seed=-1), "`seed` must be a whole number, 0 or more"),
        (lambda: cb.predictive_check(calibrated().ranks[60], seed="x"), "`seed` must be .*; got 'x'"),
        (lambda: cb.decompose([0, 1], [0.2, 0.7], seed=-1), "`seed` must be a whole number, 0 or more; got -1"),
        (lambda: cb.reliability_curve([0, 1], [0.2, 0.7], seed=None), "`seed` must be .*; got None"),
    ],
)
def test_what_a_model_is_told_is_refused_by_the_name_it_was_given_as(door, said) -> None:
    with pytest.raises(cb.InputError, match=said):
        door()


HISTORY = {
    "scale": cb.RankScale(["A", "B"]), "as_of": "2026-09-30",
    "columns": {"prospect": "id", "changed_at": "on", "rank": "to", "rep": "who"},
    "outcome_columns": {"prospect": "id", "event_at": "won"},
}  # fmt: skip


def history(**told) -> cb.RankHistory:
    """Two prospects, first ranked on 1 January."""
    changes = pd.DataFrame({"id": [1, 2], "on": ["2026-01-01", "2026-03-01"], "to": ["A", "B"], "who": ["Abe", "Ito"]})
    outcomes = pd.DataFrame({"id": [1, 2], "won": ["2026-04-01", None]})
    return cb.RankHistory.from_frames(changes, outcomes, **(HISTORY | told))


def test_a_landmark_on_which_nobody_held_a_rank_is_answered_with_the_first_that_was_given() -> None:
    assert history().judgments("landmark", landmark="2026-01-01").n_judgments == 1
    with pytest.raises(cb.InputError, match=r"none did on 2024-01-01\. The first rank was given on 2026-01-01: choose"):
        history().judgments("landmark", landmark="2024-01-01")


def test_a_history_without_any_columns_is_told_the_roles_and_no_engine_s_line() -> None:
    for told in ({"columns": {}}, {"outcome_columns": {}}):
        with pytest.raises(cb.InputError, match="the role `prospect` is missing from") as caught:
            history(**told)
        assert "engine" not in str(caught.value)
    with pytest.raises(cb.InputError, match=r"`outcome_columns` must lead from roles to columns.*; got None"):
        history(outcome_columns=None)


def test_a_folder_or_nothing_in_place_of_the_file_to_write_is_refused_and_a_file_in_it_named(tmp_path) -> None:
    doors = {"report.html": calibrated().report, "team.calibra": calibrated().save}
    for name, door in doors.items():
        said = f"which is a folder. Write {str(tmp_path / name)!r}."
        with pytest.raises(cb.InputError, match=re.escape(said)):
            door(tmp_path)
        with pytest.raises(cb.InputError, match=re.escape(f"got '', which names none. Write {name!r}.")):
            door("")
    assert not any(tmp_path.iterdir())


def test_formats_of_pictures_are_a_list_of_those_there_are(tmp_path) -> None:
    for given, said in (
        ("svg", r"must be a tuple of formats; got 'svg'\. Write \('svg',\)"),
        (None, r"must be a tuple of formats; got None\. Write \('png', 'svg'\)"),
        (("svgg",), r"must be some of .*svg.*; got 'svgg'"),
    ):
        with pytest.raises(cb.InputError, match=said):
            calibrated().save_pictures(tmp_path, formats=given)
    assert not any(tmp_path.iterdir())


def test_prospects_and_capacity_of_advice_are_checked_rep_by_rep() -> None:
    fit = calibrated().thresholds.fits[60]
    each = dict.fromkeys(fit.reps, 40)
    first = fit.reps[0]
    for told, said in (
        ({"capacity": "x", "n_prospects": 5}, "`capacity` must be a number, 0 or more; got 'x'"),
        ({"capacity": float("nan")}, "`capacity` must be a number, 0 or more; got nan"),
        ({"capacity": 5, "n_prospects": 5}, "`n_prospects` must lead from reps to numbers, such as .*; got 5"),
        ({"n_prospects": {**each, "Nobody": 3}}, "must name reps of the fit .* found 1 unknown: 'Nobody'"),
        ({"n_prospects": {**each, first: "x"}}, rf"`n_prospects\['{first}'\]` must be a number, 0 or more; got 'x'"),
        ({"rules": None}, "`rules` must be an AdviceRules; got None"),
    ):
        with pytest.raises(cb.InputError, match=said):
            cb.recommend_thresholds(fit, **told)
    advised = cb.recommend_thresholds(fit, capacity=50, n_prospects=pd.Series(each))
    pd.testing.assert_frame_equal(advised.table, cb.recommend_thresholds(fit, capacity=50, n_prospects=each).table)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_rules_of_advice_are_finite_numbers(value) -> None:
    for name in ("min_judgments", "min_events", "act_prob"):
        with pytest.raises(cb.InputError, match=f"`{name}` must be a finite number; got {value}"):
            cb.AdviceRules(**{name: value})


def test_a_role_that_is_none_is_not_passed_over_in_scoring() -> None:
    frame, columns = world().frame, dict(world().columns)
    with pytest.raises(cb.InputError, match=r"from the roles rep, rank, judged_at, .*; 'reep' is none of them\. Pass"):
        calibrated().score(frame, as_of=world().as_of, columns={**columns, "reep": columns["rep"]})
    assert len(calibrated().score(frame, as_of=world().as_of, columns=columns)) == len(frame)


def test_a_picture_of_a_rep_who_is_not_there_is_refused() -> None:
    told = cb.rank_reliability(calibrated().ranks[60])
    with pytest.raises(cb.InputError, match=r"`rep` must be one of the reps in the result \(\(all reps\), .*'Nobody'"):
        cb.plot_rank_reliability(told, rep="Nobody")


def test_advice_that_must_be_certain_still_tells_a_number_of_judgments() -> None:
    advice = cb.recommend_thresholds(calibrated().thresholds.fits[60], rules=cb.AdviceRules(act_prob=1.0)).table
    waiting = advice["verdict"] == "cannot tell yet"
    assert waiting.any()
    assert advice["n_more"][waiting].between(0, 1e9).all()
