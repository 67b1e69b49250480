"""What rank and percentage add to a score: against refits, rows counted one by one, and worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.added.findings import HARDLY, findings
from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, BOTH, RANK, STATED, layout_of
from calibra.chapters.added.left_out import left_out_scores, linpred_in_chunks
from calibra.chapters.added.model import AddedModel
from calibra.chapters.added.rows import Added, gain_between, middle_score
from calibra.chapters.added.worth import worth_draws
from calibra.data.counting.signal_cells import SignalCells
from calibra.data.frames.roles import MACHINE_PROB
from calibra.inference.engines import sample_posterior
from calibra.reading.means import ALL_REPS
from calibra.reading.predictive import predictive_check
from tests.chapters.added.worlds import fitted, read, team


@cache
def adding() -> AddedFit:
    return fitted(team(0.8))


@cache
def both() -> AddedFit:
    frame = team(0.8, stated=0.95, n=1800)
    rng = np.random.default_rng(2)
    frame["rank"] = frame["rank"].where(rng.random(len(frame)) < 0.5, rng.permutation(frame["rank"]))
    return fitted(frame, draws=400)


def said(fit: AddedFit) -> set[tuple[str, str | None]]:
    return {(found.key, found.rep) for found in findings(Added({90: fit}))}


def small_cells(n: np.ndarray, events: np.ndarray) -> SignalCells:
    """Two reps, two ranks at each of two scores."""
    score = np.tile([0.2, 0.2, 0.6, 0.6], (2, 1))
    rank = np.tile([0, 1, 0, 1], (2, 1))
    return SignalCells(
        ("Abe", "Ito"), ("A", "B"), 90, date(2026, 6, 30), n, events, rank, {MACHINE_PROB: score}, n_left_out=0
    )


def test_the_score_of_a_judgment_left_out_is_that_of_a_fit_without_it() -> None:
    n = np.array([[4, 6, 5, 3], [7, 5, 4, 6]])
    events = np.array([[2, 1, 4, 1], [3, 0, 3, 2]])
    cells = small_cells(n, events)
    layout = layout_of(cells)
    declared = AddedModel().declare(cells, layout)[RANK]
    posterior = sample_posterior(declared, seed=1, engine="laplace", draws=6000, progress=False)
    without, with_event = left_out_scores(declared, posterior)
    for rep, cell in ((0, 0), (1, 3)):
        for came, told in ((0, without), (1, with_event)):
            size, seen = declared.size.copy(), declared.events.copy()
            size[rep, cell] -= 1
            seen[rep, cell] -= came
            rest = replace(declared, size=size, events=seen)
            anew = sample_posterior(rest, seed=2, engine="laplace", draws=6000, progress=False)
            (_, linpred), *_ = linpred_in_chunks(rest, anew)
            prob = (1.0 / (1.0 + np.exp(-linpred[:, rep, cell]))).mean()
            assert told[rep, cell] == pytest.approx(np.log(prob if came else 1.0 - prob), abs=0.03)


def test_reps_read_in_chunks_are_those_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = adding()
    whole = left_out_scores(fit.declarations[RANK], fit.posteriors[RANK])
    monkeypatch.setattr("calibra.chapters.added.left_out.AT_ONCE", 1)
    np.testing.assert_allclose(left_out_scores(fit.declarations[RANK], fit.posteriors[RANK]), whole)


def test_a_gain_is_the_mean_over_judgments_with_the_error_of_that_mean() -> None:
    fit = adding()
    ahead, behind = (left_out_scores(fit.declarations[name], fit.posteriors[name]) for name in (RANK, BASE))
    each, of_first = [], []
    for rep in range(len(fit.reps)):
        for cell in range(fit.cells.n.shape[1]):
            came, n = int(fit.cells.events[rep, cell]), int(fit.cells.n[rep, cell])
            values = [ahead[1][rep, cell] - behind[1][rep, cell]] * came
            values += [ahead[0][rep, cell] - behind[0][rep, cell]] * (n - came)
            each += values
            of_first += values if rep == 0 else []
    row = fit.gains().iloc[0]
    assert (row["reading"], row["against"], row["n"]) == (RANK, BASE, len(each))
    assert row["gain"] == pytest.approx(np.mean(each))
    error = np.std(each) / np.sqrt(len(each))
    assert row["gain_upper"] - row["gain_lower"] == pytest.approx(2 * 1.6449 * error, rel=1e-3)
    own = fit.by_rep().set_index("rep").loc["rep 0"]
    assert own["gain"] == pytest.approx(np.mean(of_first))
    half = 1.6449 * np.std(of_first) / np.sqrt(len(of_first))
    assert own["gain_upper"] - own["gain"] == pytest.approx(half, rel=1e-3)


def test_it_is_found_where_the_rank_adds_and_what_comes_at_a_score_is_what_was_counted() -> None:
    fit = adding()
    assert ("added.rank_adds", None) in said(fit)
    frame = team(0.8)
    near = frame[(frame["machine_prob"] - 0.27).abs() < 0.06]
    predicted = fit.predict(0.27).set_index("level")
    for rank, rows in near.groupby("rank"):
        counted, error = rows["event_at"].notna().mean(), np.sqrt(0.25 / len(rows))
        assert predicted.loc[rank, "estimate"] == pytest.approx(counted, abs=3 * error)
    assert predicted.loc["A", "lower"] > predicted.loc["C", "upper"]
    assert predicted.loc["", "estimate"] == pytest.approx(near["event_at"].notna().mean(), abs=0.06)


def test_a_rank_that_only_repeats_the_score_is_said_to_add_hardly_anything() -> None:
    frame = team(0.0, n=6000)
    came = frame["event_at"].notna()
    assert came[frame["rank"] == "A"].mean() > came[frame["rank"] == "C"].mean() + 0.1  # it goes with the outcome
    keys = {key for key, _ in said(fitted(frame))}
    assert "added.rank_hardly" in keys
    assert not keys & {"added.rank_adds", "added.rank_reversed", "added.rank_unknown"}


def test_few_judgments_leave_it_unknown() -> None:
    assert ("added.rank_unknown", None) in said(fitted(team(0.3, n=120)))


def test_a_rep_whose_ranks_speak_against_the_outcome_is_named_and_no_other() -> None:
    told = said(fitted(team(0.9, n=3000, reversed_rep=True)))
    assert {(key, rep) for key, rep in told if rep} == {("added.rank_reversed_of_rep", "rep 0")}


def test_the_percentage_carries_more_where_it_holds_more_of_what_was_seen() -> None:
    fit = both()
    assert fit.layout.readings == (BASE, RANK, STATED, BOTH)
    assert gain_between(fit, RANK, STATED).mean < 0
    assert ("added.stated_more_beside_machine", None) in said(fit)
    noise = fitted(team(0.8, stated=0.1, n=1800), draws=400)
    assert ("added.rank_more_beside_machine", None) in said(noise)


def test_without_a_score_rank_and_percentage_are_held_against_each_other() -> None:
    fit = fitted(team(0.8, stated=0.1, n=1800), "machine_prob", draws=400)
    assert not fit.with_machine
    assert said(fit) == {("added.rank_more_alone", None)}


def test_of_statements_that_most_lack_none_is_compared() -> None:
    frame = team(0.8, stated=0.9)
    frame["stated_prob"] = frame["stated_prob"].where(np.arange(len(frame)) % 3 == 0)
    fit = AddedModel(within_days=90).lay_out(read(frame))
    assert set(fit.declarations) == {BASE, RANK}


def test_the_typical_rep_and_the_reps_themselves_are_recovered() -> None:
    rows = adding().by_rep().set_index("rep")
    # From C to A what is seen rises by about 2.2, of which .8 · .8 a unit is beyond the score: log-odds of about 1.3.
    frame = team(0.8)
    x = np.log(frame["machine_prob"] / (1 - frame["machine_prob"]))
    design = np.column_stack([np.ones(len(frame)), x, frame["rank"] == "A", frame["rank"] == "B"]).astype(float)
    came = frame["event_at"].notna().to_numpy(dtype=float)
    beta = np.zeros(4)
    for _ in range(25):
        prob = 1.0 / (1.0 + np.exp(-design @ beta))
        beta += np.linalg.solve((design * (prob * (1 - prob))[:, None]).T @ design, design.T @ (came - prob))
    assert np.log(rows.loc[ALL_REPS, "odds"]) == pytest.approx(beta[2], abs=0.2)
    assert (rows["odds_lower"] < rows["odds"]).all()
    assert rows["n"].iloc[0] == rows["n"].iloc[1:].sum() == len(frame)


def test_the_machine_is_read_anew_where_it_says_too_much() -> None:
    frame = team(0.8)
    frame["machine_prob"] = np.sqrt(frame["machine_prob"])  # says far too much
    fit = fitted(frame)
    came = frame["event_at"].notna().mean()
    alone = fit.predict(middle_score(fit)).set_index("level").loc[""]
    assert alone["estimate"] == pytest.approx(came, abs=0.06)
    assert middle_score(fit) > came + 0.1


def test_checks_read_it() -> None:
    check = predictive_check(adding(), seed=1)
    assert check is not None
    quantities = adding().checked().ranked()
    assert {"rank: typical", "rank: first rep", "rank: rep_rank_scale"} <= set(quantities)
    with pytest.raises(cb.InputError, match="`by` must be empty"):
        adding().checked().cells(None, ("segment",))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: adding().predict(70), "`machine` must be numbers from 0 to 1; got 70. Write 70 % as 0.7"),
        (lambda: adding().predict("high"), "`machine` must be numbers from 0 to 1; got 'high'"),
        (lambda: adding().predict(0.5, signal="stated"), "`signal` must be 'rank'; got 'stated'"),
        (lambda: cb.AddedModel(priors=3), "`priors` must be an AddedPriors; got 3"),
        (
            lambda: cb.plot_added(fitted(team(0.5, stated=0.5, n=300), "machine_prob", draws=100)),
            "none: there is no machine's score",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, words) -> None:
    with pytest.raises(cb.InputError, match=words):
        wrong()


def test_one_rank_beside_one_score_has_nothing_to_compare() -> None:
    with pytest.raises(cb.NotEnoughDataError, match="One rank alone, beside one probability, has nothing to add"):
        fitted(team(0.5, n=300).assign(rank="A"))


@pytest.mark.nuts
@pytest.mark.slow
def test_laplace_and_nuts_agree() -> None:
    frame: pd.DataFrame = team(0.8, n=900, n_reps=4)
    one, other = (
        AddedModel(within_days=90).fit(read(frame), seed=1, engine=engine, draws=1500, progress=False)
        for engine in ("laplace", "nuts")
    )
    for mine, theirs in (
        (one.contrast_draws(RANK), other.contrast_draws(RANK)),
        (one.level_draws(RANK, 0.0, [0.1, 0.3, 0.6]), other.level_draws(RANK, 0.0, [0.1, 0.3, 0.6])),
    ):
        sd = theirs.std(axis=0)
        assert np.all(np.abs(mine.mean(axis=0) - theirs.mean(axis=0)) < 0.2 * sd)
        assert np.all(np.abs(np.log(mine.std(axis=0) / sd)) < 0.2)
    assert gain_between(one, RANK, BASE).mean == pytest.approx(gain_between(other, RANK, BASE).mean, abs=5e-4)


def test_what_a_rank_may_be_worth_is_what_it_gains_of_many_judgments_and_not_known_of_few() -> None:
    many = fitted(team(0.8), draws=400)
    (gain,) = many.gains().query("reading == 'rank' and against == 'base'")["gain"]
    assert worth_draws(many, "rank").mean() == pytest.approx(gain, rel=0.35)
    few = fitted(team(0.8, n=60), draws=400)
    assert (worth_draws(few, "rank") < HARDLY).mean() < 0.5
    assert "added.rank_hardly" not in [found.key for found in findings(Added({90: few}))]
