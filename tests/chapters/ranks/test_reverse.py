"""Of the events that came, which rank they had been given: against counting the rows of ten worlds."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.calibrated import all_findings
from tests.chapters.ranks.worlds import counts


@pytest.mark.parametrize("seed", range(10))
def test_the_shares_are_those_of_counting_the_rows(seed: int) -> None:
    world = cb.simulate_judgments(seed=seed, n_reps=4, n_prospects=500)
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    fit = cb.RankModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=100)
    found = fit.reverse().set_index(["rep", "rank"])
    rows = world.frame
    days = (rows["event_at"] - rows["judged_at"]).dt.days
    came = rows[((pd.Timestamp(world.as_of) - rows["judged_at"]).dt.days >= 90) & (days <= 90)]
    for rep, part in [(ALL_REPS, came), *came.groupby("rep")]:
        expected = part["rank"].value_counts().reindex(list(world.scale.ranks), fill_value=0)
        assert found.loc[rep, "events"].tolist() == expected.tolist()
        np.testing.assert_allclose(found.loc[rep, "share"], expected / len(part))
        assert (found.loc[rep, "n_events"] == len(part)).all()


def test_the_interval_is_that_of_jeffreys_and_without_events_there_is_none() -> None:
    fit = cb.RankModel().fit(counts([[40, 60], [20, 20]], [[12, 4], [0, 0]]), seed=1, engine="laplace", draws=100)
    table = fit.reverse().set_index(["rep", "rank"])
    row = table.loc[("rep 00", "A")]
    assert (row["share"], row["events"], row["n_events"]) == (0.75, 12, 16)
    assert (row["lower"], row["upper"]) == pytest.approx(beta.ppf([0.05, 0.95], 12.5, 4.5))
    assert table.loc["rep 01", ["share", "lower", "upper"]].isna().all(axis=None)


def test_where_all_events_stood_in_one_rank_the_interval_ends_at_none_and_all() -> None:
    # as Brown, Cai and DasGupta (2001) mend the ends of Jeffreys' interval
    fit = cb.RankModel().fit(counts([[40, 60], [20, 20]], [[12, 0], [5, 5]]), seed=1, engine="laplace", draws=100)
    table = fit.reverse().set_index(["rep", "rank"])
    assert table.loc[("rep 00", "A"), ["lower", "upper"]].tolist() == pytest.approx([beta.ppf(0.05, 12.5, 0.5), 1.0])
    assert table.loc[("rep 00", "B"), ["lower", "upper"]].tolist() == pytest.approx([0.0, beta.ppf(0.95, 0.5, 12.5)])


def test_a_rep_is_told_how_many_of_the_events_had_stood_low() -> None:
    # "Inverted" has 30, 105 and 195 events of 300 judgments each at A, B and C
    (found,) = [one for one in all_findings("mixed") if one.key == "ranks.missed_of" and one.rep == "Inverted"]
    assert str(found) == "Of 330 events of Inverted within 90 days, 195 had been ranked C."
    assert not [one for one in all_findings("mixed") if one.key == "ranks.missed_of" and one.rep == "New"]
