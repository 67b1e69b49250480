"""Names of columns that Spark reads otherwise: a dot is a field of a struct to it, a backtick a quote, case nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from calibra.errors import InputError
from calibra.words import quoted

_MARKS = (".", "`")


def with_plain_names(opened: Any, names: Sequence[str], *, wanted: Collection[str]) -> tuple[Any, dict[str, str]]:
    """The frame, and each of its columns to what it is called there: by its place where Spark would read its name.

    Other engines take any name, and so does Spark where no two are alike but for their case.

    Raises
    ------
    InputError
        A wanted name that several columns of a Spark frame have.
    """
    same = {name: name for name in names}
    if not opened.implementation.is_spark_like():
        return opened, same
    every = list(nw.to_native(opened).columns)
    again = next((name for name in wanted if every.count(name) > 1), None)
    if again is not None:
        raise InputError(
            f"`frame` must have columns of different names; {quoted(again)} stands {every.count(again)} times. Rename "
            "all but one."
        )
    alike = len({name.casefold() for name in every}) < len(every)
    if not alike and not any(mark in name for name in every for mark in _MARKS):
        return opened, same
    inside = [f"column_{place}" for place in range(len(every))]
    return nw.from_native(nw.to_native(opened).toDF(*inside)), dict(zip(every, inside, strict=True))
