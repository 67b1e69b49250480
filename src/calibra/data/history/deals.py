"""Deals: what a rep says of each, when it will be won and for how much, from a log of statements; and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np

from calibra.data.counting.forecasts import ForecastCells, OpenForecasts
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.plan import column_faults
from calibra.data.counting.rows import ONE_AT_A_TIME
from calibra.data.frames.dates import as_day, is_text, is_unreadable, with_days
from calibra.data.frames.numbers import as_number, is_no_number
from calibra.data.frames.open import OpenedFrame, collect, open_frame
from calibra.data.history.count_forecasts import count_forecasts, list_forecasts, look_through
from calibra.data.history.frames import same_engine
from calibra.data.history.moments import of_one_type, with_moments
from calibra.data.history.periods import Periods, read_periods
from calibra.data.history.statements import Statements
from calibra.errors import InputError, NotEnoughDataError, check_number, what_came
from calibra.words import counted, listed, quoted

if TYPE_CHECKING:
    import pandas as pd

ROLES = ("deal", "rep", "judged_at", "expected_at", "stated_amount", "category")
NEEDED = ("deal", "rep", "judged_at", "expected_at")
OF_ENDS = ("deal", "won_at", "lost_at", "amount")
_INNER = {"deal": "prospect", "category": "rank", "stated_amount": "amount"}
"""What the door, which knows judgments, calls the roles of deals."""
_NOT_OF = -2


@dataclass(frozen=True, slots=True, eq=False)
class Deals:
    """What reps said of their deals, and how these ended: counted by one query in the engine the tables live in.

    Made by `from_frames`.
    """

    statements: Statements
    """The tables, as known on `as_of`."""
    categories: tuple[str, ...]
    """Categories, best first; one of the name "all" where statements have none."""
    as_of: date
    """Snapshot date."""
    n_left_out: Mapping[str, int]
    """Statements that could not be read, by why."""
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """How many, and a mark of everything that was counted: the same for the same counts."""
        told = self.told()
        parts = [repr(sorted(told.items()))]
        with suppress(NotEnoughDataError):
            cells = self.cells()
            keys = (cells.rep, cells.category, cells.pushes, cells.period, cells.size, cells.fate)
            order = np.lexsort(keys)
            parts += [repr([values[order].tolist() for values in (*keys, *cells.sums.values())]), repr(cells.reps)]
        mark = sha256("\n".join(parts).encode()).hexdigest()[:16]
        n, deals = (f"{told[name]:,.0f}" for name in ("n_statements", "n_deals"))
        return f"<Deals: {n} statements of {deals} deals, as of {self.as_of}; {mark}>"

    @classmethod
    def from_frames(
        cls,
        statements: Any,
        outcomes: Any = None,
        *,
        as_of: str | date | datetime | np.datetime64,
        columns: Mapping[str, str],
        outcome_columns: Mapping[str, str] | None = None,
        categories: Sequence[str] | None = None,
        category_labels: Mapping[str, str | None] | None = None,
        period: str | Sequence[Any] = "month",
        amount_step: float = 1.0,
        timezone: str | None = None,
        encoding: str = "utf-8",
    ) -> Deals:
        """Deals of a log of statements, or of weekly snapshots, and of a table of how they ended.

        A statement holds from its day until the next one of the deal, or the deal's end; of several on one day the last
        counts. Those on the day of the end and later are hindsight, and left out: CRMs write the closing day over the
        date that was said. Snapshots are read as they are, each row a statement.

        Parameters
        ----------
        statements : frame or path
            One row a statement. Any frame or file that `Judgments.from_frame` reads.
        outcomes : frame or path, optional
            One row a deal that has ended. Without it revisions alone can be read.
        as_of : date
            Snapshot date; nothing later is known.
        columns : mapping of str to str
            Role to column. Needed: `deal`, `rep`, `judged_at`, `expected_at`. Else: `stated_amount`, `category`.
        outcome_columns : mapping of str to str
            Role to column. Needed: `deal`, and `won_at`. Else: `lost_at`, `amount`.
        categories : sequence of str, optional
            Categories, best first, such as ["commit", "best case"]; needed where `category` is mapped.
        category_labels : mapping of str to str, optional
            Label in the data to the category it means; None, or "", for none: such a deal is not forecast.
        period : {"month", "quarter"} or sequence of dates
            Calendar months or quarters, or the days on which periods of your own open, up to one after `as_of`.
        amount_step : float
            Amounts that differ by less than half of it are the same, in the currency of the data.
        timezone, encoding
            As in `Judgments.from_frame`.

        Raises
        ------
        InputError
            Roles, columns, labels, days or amounts that cannot be read, all in one message; deals with two ends.

        Examples
        --------
        >>> import calibra as cb
        >>> world = cb.simulate_deals(seed=1, n_reps=4)
        >>> deals = cb.Deals.from_frames(world.statements, world.outcomes, **world.reading)
        >>> deals.categories
        ('commit', 'best case', 'pipeline')
        """
        _check_roles(columns, "columns", ROLES, NEEDED)
        ends = dict(outcome_columns or {})
        if outcomes is not None:
            _check_roles(ends, "outcome_columns", OF_ENDS, ("deal", "won_at"))
        wanted = tuple(columns.values()), tuple(ends.values())
        pair, own = same_engine(statements, statements if outcomes is None else outcomes, encoding, wanted)
        reading = {"timezone": timezone, "encoding": encoding, "connection": own}
        log = _open(pair[0], columns, "statements", reading)
        told = None if outcomes is None else _open(pair[1], ends, "outcomes", reading)
        check_number(amount_step, "amount_step")
        return _read(cls, log, told, as_of, categories, category_labels or {}, period, float(amount_step))

    def at(self, day: str | date | datetime | np.datetime64) -> Deals:
        """The same deals as known on an earlier day."""
        number = as_day(day, "UTC", "day")
        if number > self.statements.as_of_day:
            raise InputError(f"`day` must not be after `as_of`, {self.as_of}; got {date.fromordinal(number)}.")
        known = replace(self.statements, as_of_day=number)
        return replace(self, statements=known, as_of=date.fromordinal(number), _kept={})

    def cells(self) -> ForecastCells:
        """Forecasts of every period counted by rep, category, pushes, size and what became of them.

        Raises
        ------
        NotEnoughDataError
            No forecast; a log of last values alone: what was said before cannot be read from it.
        """
        return self._once("cells", lambda: count_forecasts(self.statements, self.categories, self.told()))  # type: ignore[no-any-return]

    def forecasts(self) -> OpenForecasts:
        """Every forecast, deal by deal and without names: what totals of periods are made of."""
        return self._once("forecasts", lambda: list_forecasts(self.statements, self.cells())[0])  # type: ignore[no-any-return]

    def open_forecasts(self) -> pd.DataFrame:
        """Which deals are stated for the period that has not closed?

        `deal`, `rep`, `category`, `pushes`, `stated`, `has_ended` (won or lost in it already), in the order of deals.
        """
        from calibra.tables import make_table

        cells = self.cells()
        rows, names, has_ended = list_forecasts(self.statements, cells)
        chosen = rows.period == cells.n_periods
        labels = {"rep": cells.reps, "category": cells.categories}
        columns: dict[str, Any] = {"deal": np.array(names, dtype=object)[chosen]}
        columns |= {name: np.array(of, dtype=object)[getattr(rows, name)[chosen]] for name, of in labels.items()}
        numbers = {"pushes": rows.pushes, "stated": rows.stated, "has_ended": has_ended}
        return make_table(columns | {name: values[chosen] for name, values in numbers.items()})

    def revisions(self) -> dict[str, Any]:
        """Neighbouring statements of deals, counted.

        `rep`, `before` (times moved later before), `moved` days, `n`, `gap` days between them, summed.
        """

        def read() -> dict[str, Any]:
            found = collect(self.statements.revisions())
            numbers = {name: whole_numbers(found[name]) for name in ("before", "moved", "n", "gap")}
            return {"rep": np.array([str(rep) for rep in found["rep"].to_list()], dtype=object), **numbers}

        return self._once("revisions", read)  # type: ignore[no-any-return]

    def told(self) -> dict[str, float]:
        """What came in, and what is to be known of it: see `summary`."""
        return self._once("told", lambda: {**look_through(self.statements), **self.n_left_out})  # type: ignore[no-any-return]

    def summary(self) -> pd.DataFrame:
        """What came in? One row each: what, n, of how many.

        Statements, deals and ends; what was replaced on its day, said in hindsight, said without a date or for the day
        itself; deals ended without a statement before, reopened, overdue; how far stated days are bunched on the last
        days of periods and on one length, and whether many deals were given one day at once, as mass updates do.
        """
        from calibra.data.history.count_forecasts import summary_table

        return summary_table(self.told())

    def _once(self, name: str, read: Any) -> Any:
        if name not in self._kept:
            with ONE_AT_A_TIME:
                self._kept[name] = read()
        return self._kept[name]


def _check_roles(columns: object, name: str, known: Sequence[str], needed: Sequence[str]) -> None:
    if not isinstance(columns, Mapping):
        raise InputError(f"`{name}` must lead from roles to columns; got {what_came(columns)}.")
    faults = [f"the role `{role}` is missing" for role in needed if role not in columns]
    faults += [f"{quoted(str(role))} is no role" for role in columns if role not in known]
    if faults:
        raise InputError(f"`{name}` of deals must name {listed(known, 'or')}: {'; '.join(faults)}.")


def _open(native: Any, columns: Mapping[str, str], side: str, reading: Mapping[str, Any]) -> OpenedFrame:
    """One table; every fault of its columns in one error."""
    inner = {_INNER.get(role, role): column for role, column in columns.items()}
    try:
        opened = open_frame(native, columns=inner, required=list(inner), **reading)
        present, faults = column_faults(opened)
    except InputError as error:
        raise InputError(f"{side}: {_in_words(str(error))}") from error
    faults = [*opened.faults, *faults]
    if faults:
        raise InputError("\n".join([f"{side} cannot be read:", *(f"- {_in_words(fault, side)}" for fault in faults)]))
    frame = opened.frame
    for role in ("judged_at", "expected_at", "won_at", "lost_at"):
        if role in present:
            opened = replace(opened, frame=with_moments(replace(opened, frame=frame), role, opened.calendar.timezone))
            frame = opened.frame
    schema = frame.collect_schema()
    texts = [role for role in present if role.endswith("_at") and is_text(schema[role])]
    for role in texts:
        wrong = collect(frame.filter(is_unreadable(role)).select(role).sort(role).head(3))[role].to_list()
        if wrong:
            raise InputError(
                f"{side}: `{role}` given as text must be days that exist, written 2026-09-30 (ISO 8601) or 2026/9/30; "
                f"found {', '.join(map(quoted, wrong))}. Correct them, or leave them empty."
            )
    if "amount" in present and is_text(schema["amount"]):
        wrong = collect(frame.filter(is_no_number("amount")).select("amount").sort("amount").head(3))[
            "amount"
        ].to_list()
        if wrong:
            fault = f"`amount` given as text must be numbers such as 1200.5; found {', '.join(map(quoted, wrong))}."
            raise InputError(f"{side}: {_in_words(fault, side)} Correct them, or leave them empty.")
    dated = [role for role in present if role.endswith("_at")]
    return replace(opened, frame=with_days(frame, dated, schema), schema=schema)


def _in_words(fault: str, side: str = "statements") -> str:
    """A fault in the words of deals."""
    for role, inner in _INNER.items():
        if role != "stated_amount" or side == "statements":
            fault = fault.replace(f"`{inner}`", f"`{role}`").replace(f"'{inner}'", f"'{role}'")
    return fault


def _read(
    cls: type[Deals],
    log: OpenedFrame,
    ends: OpenedFrame | None,
    as_of: object,
    categories: Sequence[str] | None,
    labels: Mapping[str, str | None],
    period: str | Sequence[Any],
    step: float,
) -> Deals:
    """The log with places of categories in place of labels; what cannot be read counted; the periods."""
    day, known, schema = as_day(as_of, log.calendar.timezone), tuple(categories or ("all",)), log.frame.collect_schema()
    has_category = "rank" in schema
    if has_category and categories is None:
        raise InputError("`categories` must list the categories, best first, where `category` is mapped.")
    code = _codes(known, labels) if has_category else nw.lit(0)
    moment = nw.col("judged_at").cast(nw.String) if is_text(log.schema["judged_at"]) else nw.col("judged_at")
    has_amount = "amount" in schema
    stated = as_number("amount", schema["amount"]) if has_amount else nw.lit(None).cast(nw.Float64)
    frame = log.frame.select(
        nw.col("prospect").alias("deal"),
        nw.col("rep").cast(nw.String),
        (nw.col("rank").cast(nw.String) if has_category else nw.lit("all")).alias("label"),
        code.cast(nw.Int64).alias("code"),
        nw.col("judged_day").alias("day"),
        moment.alias("moment"),
        nw.col("expected_day"),
        stated.alias("stated"),
    )
    first, left_out = _look_at(frame, known)
    good = ~(nw.col("deal").is_null() | nw.col("day").is_null() | nw.col("rep").is_null())
    frame = frame.filter(good).drop("label")
    told = None if ends is None else _ends(ends)
    if told is not None and ends is not None:
        names = log.roles.columns["prospect"], ends.roles.columns["prospect"]
        frame, told = of_one_type(frame, told, "deal", names)
    periods: Periods = read_periods(period, min(first, day), day)
    return cls(Statements(frame, told, periods, day, step), known, date.fromordinal(day), left_out)


def _codes(categories: tuple[str, ...], labels: Mapping[str, str | None]) -> nw.Expr:
    wrong = [f"{quoted(str(a))}: {quoted(str(b))}" for a, b in labels.items() if b and b not in categories]
    if wrong:
        raise InputError(f"`category_labels` must lead to {listed(map(quoted, categories), 'or')}; not {wrong[0]}.")
    text = nw.col("rank").cast(nw.String)
    code = nw.when(text.is_null() | (text == nw.lit(""))).then(nw.lit(-1)).otherwise(nw.lit(_NOT_OF))
    for place, category in enumerate(categories):
        spelt = [category, *(label for label, meant in labels.items() if meant == category)]
        code = nw.when(text.is_in(spelt)).then(nw.lit(place)).otherwise(code)
    none = [label for label, meant in labels.items() if not meant]
    return nw.when(text.is_in(none)).then(nw.lit(-1)).otherwise(code) if none else code


def _look_at(frame: nw.LazyFrame[Any], categories: tuple[str, ...]) -> tuple[int, dict[str, int]]:
    """The first day; statements left out by why. Labels that mean nothing, and negative amounts, are refused."""
    tests = {
        "no_deal": nw.col("deal").is_null(),
        "no_day": nw.col("day").is_null(),
        "no_rep": nw.col("rep").is_null(),
        "unknown": nw.col("code") == _NOT_OF,
        "negative": nw.col("stated") < 0,
    }
    sums = [nw.when(hit).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64).alias(k) for k, hit in tests.items()]
    found = collect(frame.select(*sums, nw.col("day").min().cast(nw.Int64).alias("first")))
    n = {name: int(found[name].to_list()[0] or 0) for name in tests}
    first = found["first"].to_list()[0]
    if first is None:
        raise InputError("There are no statements with a day: `judged_at` is empty in every row.")
    if n["unknown"]:
        wrong = collect(frame.filter(nw.col("code") == _NOT_OF).select("label").unique().sort("label").head(3))
        shown = ", ".join(map(quoted, wrong["label"].to_list()))
        raise InputError(
            f"`category` must be one of {listed(map(quoted, categories), 'or')}; found others in "
            f"{counted(n['unknown'], 'row')} ({shown}). Map them with `category_labels`, to None where they mean none."
        )
    if n["negative"]:
        raise InputError(f"`stated_amount` must be 0 or more; {counted(n['negative'], 'row')} hold less. Correct them.")
    return int(first), {name: n[name] for name in ("no_deal", "no_day", "no_rep")}


def _ends(ends: OpenedFrame) -> nw.LazyFrame[Any]:
    """The ends of deals; refused where one has two."""
    schema = ends.frame.collect_schema()
    none = nw.lit(None).cast(nw.Int64)
    paid = as_number("amount", schema["amount"]) if "amount" in schema else nw.lit(None).cast(nw.Float64)
    frame = ends.frame.select(
        nw.col("prospect").alias("deal"),
        nw.col("won_day") if "won_day" in schema else none.alias("won_day"),
        nw.col("lost_day") if "lost_day" in schema else none.alias("lost_day"),
        paid.alias("paid"),
    ).filter(~nw.col("deal").is_null())
    several = frame.group_by("deal").agg(nw.len().cast(nw.Int64).alias("n")).filter(nw.col("n") > 1)
    twice = collect(several.select("deal").sort("deal").head(3))["deal"].to_list()
    if twice:
        raise InputError(
            f"outcomes must hold one row a deal; {', '.join(quoted(str(deal)) for deal in twice)} have more. Keep one."
        )
    if len(collect(frame.filter(nw.col("paid") < 0).select("deal").head(1))):
        raise InputError("`amount` of outcomes must be 0 or more; some are less. Correct them.")
    return frame
