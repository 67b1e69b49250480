"""Deals from logs: forecasts counted by one query, held against cases by hand and against a loop over the rows."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.data.counting.forecasts import LOST, PUSHED, SIZES, WON, ForecastCells

COLUMNS = {"deal": "deal", "rep": "rep", "category": "category", "judged_at": "said", "expected_at": "by"}
READING: dict[str, Any] = {
    "columns": COLUMNS | {"stated_amount": "amount"},
    "outcome_columns": {"deal": "deal", "won_at": "won", "lost_at": "lost", "amount": "amount"},
    "categories": ["commit", "best case"],
    "as_of": "2026-06-30",
}
NAMES = ["deal", "rep", "category", "said", "by", "amount"]


def statements(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=NAMES)


def ends(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["deal", "won", "lost", "amount"])


THREE = statements(
    ("D1", "r", "commit", "2026-03-10", "2026-04-30", 100.0),
    ("D2", "r", "commit", "2026-03-12", "2026-04-15", 200.0),
    ("D2", "r", "commit", "2026-04-14", "2026-06-30", 200.0),
    ("D3", "r", "best case", "2026-03-01", "2026-04-30", 50.0),
    ("D1", "r", "commit", "2026-04-20", "2026-04-20", 90.0),  # what the CRM writes at the close
)
ENDED = ends(("D1", "2026-04-20", None, 90.0), ("D2", "2026-06-10", None, 200.0), ("D3", None, "2026-04-25", None))


def read(log: Any, outcomes: Any, **more: Any) -> cb.Deals:
    return cb.Deals.from_frames(log, outcomes, **{**READING, **more})


def by_period(cells: ForecastCells, fate: int | None = None, name: str = "n") -> list[float]:
    return cells.total(name, "period", fate=fate, closed=False).tolist()


def test_three_deals_by_hand() -> None:
    # April: D1 won for 90 of 100, D2 stated for 15 April and moved, D3 lost; F = 350. June: D2 won, moved once before.
    cells = read(THREE, ENDED).cells()
    assert cells.openings[:3] == (date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1))
    assert by_period(cells) == [3, 0, 1, 0]
    assert by_period(cells, WON) == [1, 0, 1, 0]
    assert by_period(cells, LOST) == [1, 0, 0, 0]
    assert by_period(cells, PUSHED) == [1, 0, 0, 0]
    assert by_period(cells, name="stated") == [350, 0, 200, 0]
    assert by_period(cells, name="paid") == [90, 0, 200, 0]
    assert cells.total("n", "pushes").tolist() == [3, 1, 0, 0]
    paired = {name: float(cells.total(name)) for name in ("n_paired", "stated_paired", "paid_paired", "n_other")}
    assert paired == {"n_paired": 2, "stated_paired": 300, "paid_paired": 290, "n_other": 1}
    assert float(cells.total("sum_log")) == pytest.approx(np.log(0.9))
    assert float(cells.total("square")) == pytest.approx(90**2 / 100 + 200)
    assert float(cells.total("n_overdue")) == 0  # D2 was restated in April


def test_what_is_written_at_the_end_or_later_is_hindsight_and_counted() -> None:
    told = read(THREE, ENDED).told()
    assert (told["n_statements"], told["n_hindsight"], told["n_deals"], told["n_won"]) == (5, 1, 3, 2)
    without = read(THREE.iloc[:4], ENDED).cells()
    pd.testing.assert_frame_equal(without.table, read(THREE, ENDED).cells().table)


def test_no_later_row_leaks_into_an_earlier_day() -> None:
    world = cb.simulate_deals(seed=3, n_reps=3, n_months=6)
    deals = cb.Deals.from_frames(world.statements, world.outcomes, **world.reading)
    whole = deals.cells()
    for place in range(3, whole.n_periods):
        opens = whole.openings[place]
        then = deals.at(opens - pd.Timedelta(days=1)).cells()
        known = whole.before(place)
        assert then.openings == known.openings[: len(then.openings)]
        own = then.table[then.table["period"] < opens.isoformat()].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            own, known.table[known.table["period"] < opens.isoformat()].reset_index(drop=True)
        )
        np.testing.assert_array_equal(then.new["n"], known.new["n"])


def loop(log: pd.DataFrame, outcomes: pd.DataFrame, openings: list[date], as_of: date) -> dict[str, float]:
    """The forecasts of closed periods by a loop over deals and periods, which knows no window function."""
    ended = {row.deal: row for row in outcomes.itertuples()}
    found: dict[str, float] = dict.fromkeys(("n", "won", "lost", "pushed", "stated", "paid", "new", "new_paid"), 0.0)
    for deal, rows in log.groupby("deal"):
        end = ended.get(deal)
        won = None if end is None or not isinstance(end.won_on, str) else date.fromisoformat(end.won_on)
        lost = None if end is None or not isinstance(end.lost_on, str) else date.fromisoformat(end.lost_on)
        over = won or lost or date.max
        told = [(date.fromisoformat(r.said_on), date.fromisoformat(r.expected_on), r.amount) for r in rows.itertuples()]
        held = sorted(row for row in told if row[0] < over)
        for opens, following in pairwise(openings):
            if following > as_of + pd.Timedelta(days=1):
                continue
            stood = [row for row in held if row[0] <= opens]
            is_forecast = bool(stood) and over >= opens and opens <= stood[-1][1] < following
            is_won = won is not None and opens <= won < following
            if is_forecast:
                is_lost = lost is not None and lost < following
                found["n"] += 1
                found["stated"] += stood[-1][2]
                found["won" if is_won else "lost" if is_lost else "pushed"] += 1
                found["paid"] += end.amount if is_won and end is not None else 0.0
            elif is_won and end is not None:
                found["new"] += 1
                found["new_paid"] += end.amount
    return found


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_the_query_counts_as_a_loop_does(kind: str) -> None:
    world = cb.simulate_deals(seed=5, n_reps=3, n_months=8)
    frames = (world.statements, world.outcomes)
    log, outcomes = frames if kind == "pandas" else map(pl.from_pandas, frames)
    cells = cb.Deals.from_frames(log, outcomes, **world.reading).cells()
    expected = loop(world.statements, world.outcomes, list(cells.openings), world.as_of)
    counted = {name: float(cells.total("n", fate=fate)) for name, fate in {"n": None, "won": WON, "lost": LOST}.items()}
    counted |= {"pushed": float(cells.total("n", fate=PUSHED)), "stated": float(cells.total("stated"))}
    counted |= {"paid": float(cells.total("paid")), "new": cells.new["n"].sum(), "new_paid": cells.new["paid"].sum()}
    assert expected["n"] > 50
    assert counted == pytest.approx(expected)


def test_the_last_of_several_statements_of_a_day_counts() -> None:
    # Stamps of 1 March, 9:00 and 10:00: the later one names May, so that nothing is forecast for April.
    log = statements(
        ("D1", "r", "commit", "2026-03-01 10:00", "2026-05-20", 1.0),
        ("D1", "r", "commit", "2026-03-01 09:00", "2026-04-20", 1.0),
    )
    deals = read(log, ENDED.iloc[:0])
    assert by_period(deals.cells())[0] == 1
    assert deals.cells().openings[0] == date(2026, 5, 1)
    assert deals.told()["n_same_day"] == 1


def test_a_deal_nobody_restated_is_overdue_and_no_forecast_of_the_next_period() -> None:
    cells = read(statements(("D1", "r", "commit", "2026-03-10", "2026-04-30", 9.0)), ENDED.iloc[:0]).cells()
    assert by_period(cells, PUSHED) == [1, 0, 0, 0]
    assert float(cells.total("n_overdue")) == 1


def test_a_category_that_means_none_ends_the_forecast_before() -> None:
    log = statements(
        ("D1", "r", "commit", "2026-03-10", "2026-04-30", 9.0), ("D1", "r", "Omitted", "2026-03-20", "2026-04-30", 9.0),
        ("D2", "r", "Commit!", "2026-03-10", "2026-04-30", 9.0),
    )  # fmt: skip
    cells = read(log, ENDED.iloc[:0], category_labels={"Omitted": None, "Commit!": "commit"}).cells()
    assert by_period(cells) == [1, 0, 0, 0]


def test_periods_may_be_quarters_or_open_on_days_of_the_users_own() -> None:
    quarter = read(THREE, ENDED, period="quarter").cells()
    assert quarter.openings == (date(2026, 4, 1), date(2026, 7, 1))
    assert by_period(quarter, WON) == [2, 0]  # D2 within the quarter, too
    fiscal = read(THREE, ENDED, period=["2026-01-21", "2026-04-21", "2026-07-21"]).cells()
    # On 21 January nothing had been said; on 21 April D2 says June and D3 says April: both are of the second period.
    assert fiscal.openings == (date(2026, 4, 21),)
    assert by_period(fiscal) == [2]
    with pytest.raises(cb.InputError, match="`period` must go on beyond `as_of`"):
        read(THREE, ENDED, period=["2026-01-21", "2026-04-21"])


def test_a_log_of_last_values_is_refused_with_the_reason() -> None:
    log = statements(*((f"D{i}", "r", "commit", "2026-03-01", "2026-04-10", 5.0) for i in range(25)))
    outcomes = ends(*((f"D{i}", "2026-04-10", None, 5.0) for i in range(25)))
    with pytest.raises(cb.NotEnoughDataError, match=r"Of 25 deals won, 100\s% were first stated for the very day"):
        read(log, outcomes).cells()
    overwritten = log.assign(said="2026-04-10")
    with pytest.raises(cb.NotEnoughDataError, match="or nothing was said of them before"):
        read(overwritten, outcomes).cells()


def test_what_reads_oddly_is_counted() -> None:
    log = statements(
        ("D1", "r", "commit", "2026-03-01", "2026-03-01", 5.0),  # for the day itself
        ("D2", "r", "commit", "2026-05-01", "2026-05-20", 5.0),  # first said on the day it was lost
        ("D3", "r", "commit", "2026-03-01", None, 5.0),
        ("D4", "r", "commit", "2026-03-01", "2026-04-30", 5.0),
        ("D4", "r", "commit", "2026-05-10", "2026-06-30", 5.0),  # lost on 5 May: reopened
        (None, "r", "commit", "2026-05-10", "2026-06-30", 5.0),
    )
    outcomes = ends(
        ("D2", None, "2026-05-01", None), ("D4", None, "2026-05-05", None), ("D1", "2026-03-09", None, None)
    )
    told = read(log, outcomes).told()
    names = ("n_for_today", "n_unsaid", "n_no_date", "n_reopened", "n_without_amount", "no_deal")
    assert [told[name] for name in names] == [1, 1, 1, 1, 1, 1]
    table = read(log, outcomes).summary()
    assert list(table.columns) == ["what", "n", "of"]


def test_sizes_are_thirds_of_the_forecasts_by_stated_amount() -> None:
    amounts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    log = statements(*((f"D{i}", "r", "commit", "2026-03-01", "2026-04-10", a) for i, a in enumerate(amounts)))
    cells = read(log, ENDED.iloc[:0]).cells()
    assert cells.total("n", "size").tolist() == [2, 2, 2]
    assert len(cells.size_edges) == len(SIZES) - 1
    deals = read(log, ENDED.iloc[:0])
    assert deals.forecasts().size.tolist() == [0, 0, 1, 1, 2, 2]


def test_bad_input_gets_one_clear_error() -> None:
    with pytest.raises(cb.InputError, match=r"`columns` of deals must name .* the role `expected_at` is missing"):
        read(THREE, ENDED, columns={name: column for name, column in COLUMNS.items() if name != "expected_at"})
    with pytest.raises(cb.InputError, match=r"found others in 1 row \('best case'\)"):
        read(THREE, ENDED, categories=["commit"])
    with pytest.raises(cb.InputError, match="outcomes must hold one row a deal; 'D1' have more"):
        read(THREE, pd.concat([ENDED, ENDED.iloc[:1]]))
    with pytest.raises(cb.InputError, match="`stated_amount` must be 0 or more; 5 rows hold less"):
        read(THREE.assign(amount=-1.0), ENDED)
    with pytest.raises(cb.InputError, match="`expected_at` given as text must be days that exist"):
        read(THREE.assign(by="soon"), ENDED)
    with pytest.raises(cb.InputError, match='`period` must be "month", "quarter" or a list'):
        read(THREE, ENDED, period="fortnight")
    with pytest.raises(cb.InputError, match="`day` must not be after `as_of`"):
        read(THREE, ENDED).at("2027-01-01")


def test_currency_order_of_rows_and_copies_of_neighbours_change_nothing_else() -> None:
    world = cb.simulate_deals(seed=5, n_reps=2, n_months=6)
    cells = cb.Deals.from_frames(world.statements, world.outcomes, **world.reading).cells()
    turned = world.statements.sample(frac=1.0, random_state=1)
    again = cb.Deals.from_frames(turned, world.outcomes.iloc[::-1], **world.reading).cells()
    pd.testing.assert_frame_equal(again.table, cells.table)
    weekly = world.statements.assign(
        said_on=(pd.to_datetime(world.statements["said_on"]) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
    )
    both = pd.concat([world.statements, weekly])  # the same statement again on the next day
    merged = cb.Deals.from_frames(both, world.outcomes, **world.reading).cells()
    assert merged.table["n"].sum() >= cells.table["n"].sum() - 5
    dear = world.statements.assign(amount=world.statements["amount"] * 100)
    paid = world.outcomes.assign(amount=world.outcomes["amount"] * 100)
    hundred = cb.Deals.from_frames(dear, paid, **world.reading).cells()
    assert float(hundred.total("stated")) == pytest.approx(100 * float(cells.total("stated")))
    np.testing.assert_array_equal(hundred.total("n", "rep", "category"), cells.total("n", "rep", "category"))


def test_outcomes_whose_ids_have_no_type_because_there_are_none_are_no_outcomes() -> None:
    log = statements(("D1", "r", "commit", "2026-03-10", "2026-04-30", 9.0))
    kinds = {"amount": pa.float64(), next(iter(ENDED)): pa.null()}
    nobody = pa.table({name: pa.nulls(0, kinds.get(name, pa.string())) for name in ENDED})
    none, typed = read(log, nobody).cells(), read(log, ENDED.iloc[:0]).cells()
    assert by_period(none) == by_period(typed)
    assert sum(by_period(none)) > 0


def test_amounts_given_as_text_are_the_numbers_they_are_and_nothing_else() -> None:
    as_text = [frame.assign(amount=frame["amount"].astype(float).map("{:.1f}".format)) for frame in (THREE, ENDED)]
    as_text[1].loc[2, "amount"] = ""  # lost: none was paid
    given, told = read(THREE, ENDED).cells(), read(*as_text).cells()
    for name in ("n", "stated", "paid"):
        assert by_period(told, name=name) == by_period(given, name=name)
    with pytest.raises(cb.InputError, match=r"statements: `stated_amount` given as text must be numbers .*found '12k'"):
        read(THREE.assign(amount="12k"), ENDED)
    with pytest.raises(cb.InputError, match=r"outcomes: `amount` given as text must be numbers .*found '1,200'"):
        read(THREE, ENDED.assign(amount="1,200"))
