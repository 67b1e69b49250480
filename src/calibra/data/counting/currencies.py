"""In which currencies amounts come, and what one unit of each is worth in the one that is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw

from calibra.data.counting.labels import label_text
from calibra.data.frames.open import OpenedFrame, collect
from calibra.errors import InputError, what_came
from calibra.words import counted, quoted

_LISTED = 3


def check_rates(rates: object) -> dict[str, float]:
    """What an amount in each currency is worth in the one that is reported, or the error that says how it is written.

    Raises
    ------
    InputError
        No mapping from currencies to numbers above 0.
    """
    if rates is None:
        return {}
    fine = isinstance(rates, Mapping) and all(
        isinstance(name, str) and isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < 1e12
        for name, rate in rates.items()
    )
    if not fine or not isinstance(rates, Mapping):
        raise InputError(
            f"`rates` must lead from currencies to what one unit is worth, such as {{'USD': 150.0}}; got "
            f"{what_came(rates)}."
        )
    return {str(name): float(rate) for name, rate in rates.items()}


def read_currencies(opened: OpenedFrame, present: Sequence[str], rates: Mapping[str, float]) -> dict[str, float]:
    """Rate of every currency that amounts come in; nothing where all come in one, or nobody says in which.

    Of several currencies one may be left out of `rates`: the one that is reported, at rate 1.

    Raises
    ------
    InputError
        Several currencies without their rates; amounts without a currency among others that have one.
    """
    if "currency" not in present or "amount" not in present:
        if rates:
            raise InputError("`rates` needs the roles `currency` and `amount`; map them, or leave `rates` out.")
        return {}
    paid = opened.frame.filter(~nw.col("amount").is_null())
    found = collect(paid.group_by("currency").agg(nw.len().cast(nw.Int64).alias("n")))
    opened.let_go()
    texts = [label_text(label) for label in found["currency"].to_list()]
    numbers: dict[str | None, int] = {}
    for text, n in zip(texts, found["n"].to_list(), strict=True):
        numbers[text] = numbers.get(text, 0) + int(n)
    nameless = numbers.pop(None, 0)
    known = sorted(((name, n) for name, n in numbers.items() if name is not None), key=lambda pair: -pair[1])
    without = [name for name, _ in known if name not in rates]
    if len(known) > 1 and len(without) > 1:
        raise InputError(_without_rates(known, without))
    if nameless and len(known) > 1:
        raise InputError(
            f"`currency` must be known where amounts come in several; it is missing in {counted(nameless, 'row')} with "
            "an amount. Fill it, or leave the amount empty."
        )
    return {name: rates.get(name, 1.0) for name, _ in known} if len(known) > 1 or without == [] else {}


def _without_rates(known: Sequence[tuple[str, int]], without: Sequence[str]) -> str:
    """Several currencies and no way to add them up."""
    listed = ", ".join(name for name, _ in known[:_LISTED]) + (", …" if len(known) > _LISTED else "")
    rows = ", ".join(f"{n:,}" for _, n in known[:_LISTED])
    wanted = ", ".join(f"{quoted(name)}: …" for name in without[1 : 1 + _LISTED])
    return (
        f"`amount` comes in {listed} ({rows} rows); give `rates={{{wanted}}}`, what one unit of each is worth in "
        f"{without[0]}, or map one currency."
    )
