"""The record of past months: by hand, as known then, its verdicts, and where an outlook must be refused."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.outlook.back_test import came_in, came_of_open, last_months
from calibra.data.counting.dated import count_dated
from calibra.errors import InputError, NotEnoughDataError
from tests.data.counting.test_dated import counted


def record(*, held: int, n: int, ours: float = 1.0, theirs: float = 1.5, swing: float = 0.1) -> cb.OutlookBackTest:
    columns = {
        "of": ["opportunities"] * n,
        "months": [1] * n,
        "covered": [i < held for i in range(n)],
        "crps": [ours + 0.1 * (i % 2) for i in range(n)],
        "crps_last_months": [theirs] * n,
        "share_from_new": [0.25, 0.75] * (n // 2),
        "swing": [swing] * n,
    }
    return cb.OutlookBackTest({name: np.array(values) for name, values in columns.items()})


def test_verdicts() -> None:
    assert record(held=10, n=12).verdict() == "used"
    assert record(held=4, n=4).verdict() == "not checked"
    assert record(held=7, n=12).verdict() == "do not use"  # 7 of 12 is below 0.6
    assert record(held=12, n=12, ours=2.0).verdict() == "do not use"  # worse than last months' mean, surely
    assert record(held=12, n=12, ours=1.46).verdict() == "used"  # hardly worse
    assert record(held=12, n=12, swing=0.8).verdict() == "do not use"  # the range says nothing
    assert record(held=12, n=12).skill() == pytest.approx(1 - 1.05 / 1.5)
    assert record(held=12, n=12).share_from_new() == 0.5


def test_what_came_of_what_was_open_by_hand() -> None:
    dated = counted()
    january, february, march = (date(2026, m, d).toordinal() for m, d in ((1, 31), (2, 28), (3, 31)))
    assert came_of_open(dated, "opportunities", january, february) == 1  # a
    assert came_of_open(dated, "opportunities", february, march) == 1  # c
    assert came_of_open(dated, "wins", january, march) == 1  # a came in February and was won in March
    assert came_of_open(dated, "wins", february, march) == 1  # as an open opportunity
    assert came_of_open(dated, "amount", february, march) == 500.0
    assert came_in(dated, "opportunities", 0, march) == 1  # that of c is the outcome of its later rank's row


def test_last_months_have_the_errors_they_made() -> None:
    """Monthly events 1 .. 8 of prospects open since long: means of three lag by two, so that 9 is said of the ninth."""
    days = [date(2025, month, 15) for month in range(2, 10) for _ in range(month - 1)]
    n = len(days)
    frame = pd.DataFrame(
        {"p": range(n), "r": ["Abe"] * n, "k": ["A"] * n, "j": [date(2024, 12, 31)] * n, "e": days}
    ).astype({"j": "datetime64[us]", "e": "datetime64[us]"})
    roles = {"prospect": "p", "rep": "r", "rank": "k", "judged_at": "j", "event_at": "e"}
    dated = count_dated(
        cb.Judgments.from_frame(frame, scale=cb.RankScale(["A", "B"]), as_of="2025-09-30", columns=roles)
    )
    drawn = last_months(dated, "opportunities", date(2025, 9, 30))
    assert drawn is not None
    # months 0, 1, …, 8: means 1, 2, …, 7 of three; the fourth month on lies 2 above; 7 + 2 = 9
    assert drawn.tolist() == [9.0] * 6
    assert last_months(dated, "opportunities", date(2025, 4, 30)) is None


def test_past_months_know_nothing_later() -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=500, span_days=420)
    read = {"scale": world.scale, "columns": world.columns}
    full = cb.Judgments.from_frame(world.frame, as_of=world.as_of, **read)
    early = cb.backtest_outlook(full.at("2026-08-31"), seed=1, months=3)
    late = cb.backtest_outlook(full, seed=1, months=4)
    names = ["snapshot", "median", "lower", "upper", "actual"]
    first, second = (each.table.query("of == 'opportunities' and months == 1")[names] for each in (early, late))
    both = first.merge(second, on="snapshot", suffixes=("", "_late"))
    assert len(both) == 3
    for name in names[1:]:
        assert both[name].tolist() == both[f"{name}_late"].tolist()


def test_too_few_past_months_are_refused() -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, span_days=200)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    with pytest.raises(NotEnoughDataError, match=r"0 past months; it takes at least 3, each with 6 months before it"):
        cb.backtest_outlook(judgments, seed=1)
    with pytest.raises(InputError, match="`months`"):
        cb.backtest_outlook(judgments, seed=1, months=0)


@pytest.mark.slow
def test_a_crm_that_closes_by_the_quarter_is_not_to_be_forecast_month_by_month(shared_data: Path) -> None:
    """Maven CRM closes hardly any of its old deals in the first month of a quarter: no age tells that."""
    rows = pd.read_csv(shared_data / "maven_crm" / "judgements.csv").dropna(subset=["opportunity_at"])
    rows["rank"] = "deal"
    roles = {
        "prospect": "prospect_id", "rep": "rep", "rank": "rank", "judged_at": "opportunity_at",
        "event_at": "won_at", "exit_at": "disqualified_at",
    }  # fmt: skip
    judgments = cb.Judgments.from_frame(rows, scale=cb.RankScale(["deal"]), as_of="2017-12-31", columns=roles)
    found = cb.outlook(judgments, seed=1, engine="laplace", progress=False)
    assert found.back_test is not None
    own = found.back_test.table.query("months == 1").set_index("snapshot")["actual"]
    published = {"2017-05-31": 432, "2017-06-30": 73, "2017-07-31": 378, "2017-08-31": 411, "2017-09-30": 54,
                 "2017-10-31": 329, "2017-11-30": 431}  # fmt: skip
    assert {day: int(own[day]) for day in published} == published
    assert found.verdict() == "do not use"
    with pytest.raises(InputError, match="failed on past months"):
        found.chance_of(300)
