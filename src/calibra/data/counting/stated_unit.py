"""What a column of probabilities holds: numbers from 0 to 1, or per cent; and which of its values are none."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from calibra.data.counting.amounts import number_of
from calibra.data.counting.packed import whole_numbers
from calibra.data.frames.dates import is_text
from calibra.data.frames.open import OpenedFrame, collect
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.errors import InputError
from calibra.words import counted, quoted

SHARE, PER_CENT = 1.0, 100.0
PROBABILITY_TEXT = "^[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)%?$"
_PLAIN_TEXT = "^[0-9.%+-]*$"
_TIDIED = {
    **dict(zip("０１２３４５６７８９．％＋－", "0123456789.%+-", strict=True)),
    **dict.fromkeys((" ", "\u00a0", "\u2009", "\u202f", "\u3000", "\t"), ""),
}
"""Signs of full width, and blanks of every kind, to how they are read."""
_AS_CAME = "probability_as_came"
_SHOWN = 3


class ProbColumn(NamedTuple):
    """What a column of probabilities looks like."""

    unit: float = SHARE
    """What they are divided by: 1, or 100."""
    faults: tuple[str, ...] = ()
    """What is wrong with the column, in words."""
    n_lost: int = 0
    """Values that are no probability and were left out."""
    is_told: bool = True
    """Whether some value tells the unit: all of 0 and 1 may be either."""


def read_prob_column(opened: OpenedFrame, role: str, *, loses_values: bool) -> ProbColumn:
    """Tell numbers from 0 to 1 and per cent apart; one small query over the column.

    Parameters
    ----------
    opened : OpenedFrame
        The frame; the column of the role holds numbers or text.
    role : str
        `stated_prob` or `machine_prob`.
    loses_values : bool
        Whether a value that is no probability is left out alone; else it is a fault.
    """
    dtype = opened.schema[role]
    value, signed = as_number(role, dtype), _is_signed(role, dtype)
    plain, bad = ~value.is_null() & ~signed, _is_bad(role, dtype)
    fine = ~value.is_null() & (value >= 0) & (value <= PER_CENT)
    asked = {
        "n_bad": number_of(bad),
        "n_signed": number_of(fine & signed),
        "n_plain": number_of(fine & plain),
        "n_above": number_of(fine & plain & (value > 1)),
        "n_between": number_of(fine & plain & (value > 0) & (value < 1)),
    }
    found = collect(with_tidy_text(opened.frame, [role]).select(**asked))
    opened.let_go()
    n = {name: int(whole_numbers(found[name])[0]) for name in asked}
    faults = [*_ambiguous(n, role, quoted(opened.roles.columns[role]))]
    if n["n_bad"] and not loses_values:
        faults.append(_say_bad(opened, role, n["n_bad"]))
    unit = PER_CENT if n["n_signed"] or n["n_above"] else SHARE
    is_told = unit == PER_CENT or n["n_between"] > 0
    return ProbColumn(unit, tuple(faults), n["n_bad"] if loses_values else 0, is_told)


def with_tidy_text(frame: nw.LazyFrame[Any], roles: Iterable[str]) -> nw.LazyFrame[Any]:
    """The frame with the text of these columns as it is read: worked out once a row, however often it is asked for."""
    schema = frame.collect_schema()
    texts = [role for role in roles if is_text(schema[role])]
    return frame.with_columns(**{role: _tidy(role) for role in texts}) if texts else frame


def per_mille(role: str, dtype: nw.dtypes.DType, unit: float) -> nw.Expr:
    """The probability in whole thousandths, of a frame `with_tidy_text`; null where there is none that can be read."""
    value = as_number(role, dtype)
    sound = nw.when((value >= 0) & (value <= unit)).then(value)
    return (sound / unit * 1000 + 0.5).floor().cast(nw.Int64)


def as_number(role: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """The column of tidy text or of numbers as a float, a per cent sign left out; null where there is no number."""
    value = nw.col(role)
    if is_text(dtype):
        text = nw.col(role)
        value = nw.when(text.str.contains(PROBABILITY_TEXT)).then(text.str.replace_all("%", "", literal=True))
    value = value.cast(nw.Float64)
    return nw.when(~value.is_nan()).then(value)


def _tidy(role: str) -> nw.Expr:
    """The text without blanks, digits and signs of full width as others; what is plain already is not looked at."""
    text = nw.col(role).cast(nw.String)
    tidy = reduce(lambda found, sign: found.str.replace_all(*sign, literal=True), _TIDIED.items(), text)
    return nw.when(text.str.contains(_PLAIN_TEXT)).then(text).otherwise(tidy)


def _is_signed(role: str, dtype: nw.dtypes.DType) -> nw.Expr:
    return nw.col(role).str.ends_with("%") if is_text(dtype) else nw.lit(value=False)


def _is_bad(role: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Whether there is a value, and it is no probability in either way of writing."""
    value = as_number(role, dtype)
    outside = [(value < 0) | (value > PER_CENT)]
    if is_text(dtype):
        text = nw.col(role)
        outside.append(~text.is_null() & ~text.str.contains(PROBABILITY_TEXT) & (text != nw.lit("")))
    return reduce(or_, outside)


def _ambiguous(n: dict[str, int], role: str, column: str) -> list[str]:
    """A column that holds both ways of writing: nobody can know which is meant by each value."""
    if n["n_signed"] and n["n_plain"]:
        return [
            f"`{role}` (column {column}) must be written one way; found {counted(n['n_signed'], 'value')} with "
            f"a per cent sign and {n['n_plain']:,} without. Write all as '70%', or all as numbers from 0 to 1."
        ]
    if n["n_above"] and n["n_between"]:
        return [
            f"`{role}` (column {column}) must hold numbers from 0 to 1, or per cent from 0 to 100; found "
            f"{counted(n['n_between'], 'value')} between 0 and 1 and {n['n_above']:,} above 1, so that 0.5 may mean "
            "50 % or half a per cent. Where all are per cent, divide the column by 100; where both ways are mixed, "
            "divide those above 1 alone."
        ]
    return []


def _say_bad(opened: OpenedFrame, role: str, n: int) -> str:
    came = opened.frame.with_columns(**{_AS_CAME: nw.col(role)})
    rows = with_tidy_text(came, [role]).filter(_is_bad(role, opened.schema[role]))
    named = [name for name in ("prospect", role) if name in opened.schema]
    found = collect(rows.with_columns(**{role: nw.col(_AS_CAME)}).select(*named).sort(*named).head(_SHOWN))
    opened.let_go()
    shown = "; ".join(f"prospect {row.get('prospect')}: {_as_came(row[role])}" for row in found.iter_rows(named=True))
    more = "; …" if n > _SHOWN else ""
    column = quoted(opened.roles.columns[role])
    return (
        f"`{role}` (column {column}) must be a number from 0 to 1, per cent from 0 to 100, or text such as "
        f"'70%'; it is not, in {counted(n, 'row')} ({shown}{more}). Correct them, or leave them empty."
    )


def _as_came(value: object) -> str:
    return quoted(value) if isinstance(value, str) else f"{value}"


def refuse_prob_without_rows(*roles: str) -> InputError:
    """What is said where probabilities are asked of judgments that have none."""
    what = {STATED_PROB: "stated probabilities", MACHINE_PROB: "scores of a machine"}
    named = " or ".join(f"`{role}`" for role in roles)
    asked = " and ".join(what[role] for role in roles).capitalize()
    return InputError(f"{asked} are read from a column: map it as {named} in `columns` of Judgments.from_frame.")
