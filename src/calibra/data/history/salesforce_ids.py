"""Salesforce ids: 15 characters in reports, 18 elsewhere, the last three of which repeat what is upper case."""

from __future__ import annotations

import re
import string
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import is_text
from calibra.data.frames.open import collect

_LONG, _SHORT = "^[a-zA-Z0-9]{15}[A-Z0-5]{3}$", "^[a-zA-Z0-9]{15}$"
_SUFFIX = string.ascii_uppercase + "012345"
_LOOKED_AT = 20


def is_long_id(text: str) -> bool:
    """Whether a text is an id of 18 characters whose last three are right.

    Each of the three tells which of five characters are upper case: bit i is set for the i-th.
    """
    if not re.match(_LONG, text):
        return False
    fives = (text[0:5], text[5:10], text[10:15])
    return text[15:] == "".join(_SUFFIX[sum(1 << i for i, c in enumerate(five) if "A" <= c <= "Z")] for five in fives)


def ids_of_one_form(*tables: nw.LazyFrame[Any]) -> tuple[nw.LazyFrame[Any], ...]:
    """The tables with their `prospect` cut to 15 characters where both forms are in use; else as they came.

    Nothing is cut unless every id of 18 characters looked at ends as Salesforce's do, and cutting makes no two alike.
    A look at the first ids of each table says whether there is anything to count.
    """
    if not all(is_text(table.collect_schema()["prospect"]) for table in tables):
        return tables
    seen = [_first_ids(table) for table in tables]
    lengths = {len(text) for texts in seen for text in texts}
    if not lengths & {15, 18}:
        return tables
    long = [text for texts in seen for text in texts if re.match(_LONG, text)]
    if not all(map(is_long_id, long)):
        return tables
    counted = [_forms(table) for table in tables]
    if not (any(n_short for n_short, _, _ in counted) and any(n_long for _, n_long, _ in counted)):
        return tables
    if any(n_long != n_cut for _, n_long, n_cut in counted):
        return tables
    ids = nw.col("prospect").cast(nw.String)
    short = nw.when(ids.str.contains(_LONG)).then(ids.str.slice(0, 15)).otherwise(ids)
    return tuple(table.with_columns(short.alias("prospect")) for table in tables)


def _first_ids(table: nw.LazyFrame[Any]) -> list[str]:
    ids = collect(table.select(nw.col("prospect").cast(nw.String)).head(_LOOKED_AT))["prospect"].to_list()
    return [text for text in ids if isinstance(text, str)]


def _forms(table: nw.LazyFrame[Any]) -> tuple[int, int, int]:
    """Ids of 15 characters, different ones of 18, and how many of the latter remain different when cut."""
    ids = nw.col("prospect").cast(nw.String)
    long = table.filter(ids.str.contains(_LONG)).select(ids.alias("id"))
    cut = long.select(nw.col("id").str.slice(0, 15))
    return _length(table.filter(ids.str.contains(_SHORT))), _length(long.unique()), _length(cut.unique())


def _length(table: nw.LazyFrame[Any]) -> int:
    return int(collect(table.select(nw.len().cast(nw.Int64).alias("n")))["n"].to_list()[0])
