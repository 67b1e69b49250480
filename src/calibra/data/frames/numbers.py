"""Columns of numbers, and of numbers given as text, as exports and files give them."""

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import is_text

NUMBER_TEXT = "^[+-]?[0-9]+(?:[.][0-9]*)?(?:[eE][+-]?[0-9]{1,2})?$"
"""Text that is a number, in the words that every engine's regular expressions share."""


def as_number(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """The column as a float: null where missing, NaN or no number."""
    value = nw.col(name)
    if is_text(dtype):
        text = value.cast(nw.String)
        value = nw.when(text.str.contains(NUMBER_TEXT)).then(text)
    value = value.cast(nw.Float64)
    return nw.when(~value.is_nan()).then(value)


def is_no_number(name: str) -> nw.Expr:
    """Whether a column of text holds what is no number; empty is none."""
    text = nw.col(name).cast(nw.String)
    return ~text.is_null() & ~text.str.contains(NUMBER_TEXT) & (text != nw.lit(""))
