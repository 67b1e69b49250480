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
    """Different ids of 15 and of 18 characters, and how many of the latter remain different when cut."""
    ids = nw.col("prospect").cast(nw.String)
    long = nw.when(ids.str.contains(_LONG)).then(ids)
    counted = collect(
        table.select(
            nw.when(ids.str.contains(_SHORT)).then(ids).n_unique().cast(nw.Int64).alias("short"),
            long.n_unique().cast(nw.Int64).alias("long"),
            long.str.slice(0, 15).n_unique().cast(nw.Int64).alias("cut"),
            nw.when(ids.str.contains(_SHORT)).then(nw.lit(1)).count().cast(nw.Int64).alias("n_short"),
            nw.when(ids.str.contains(_LONG)).then(nw.lit(1)).count().cast(nw.Int64).alias("n_long"),
        )
    )
    found = {name: int(counted[name].to_list()[0]) for name in counted.columns}
    return found["n_short"], found["long"] if found["n_long"] else 0, found["cut"] if found["n_long"] else 0
