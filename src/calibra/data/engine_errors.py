"""What engines and the drivers behind them raise, and what is said instead."""

from __future__ import annotations

import sys

import narwhals.stable.v2 as nw

from calibra.errors import InputError


def explain(error: Exception) -> InputError:
    """An engine's complaint about the input, with the way out where it is known."""
    text = str(error).strip()
    if "nicode" in text or "utf-8" in text.lower():
        return InputError(
            f"A file must be UTF-8 text, or its `encoding` be given, such as encoding='cp932'. ({text.splitlines()[0]})"
        )
    return InputError(f"`frame` could not be counted by its own engine: {text}")


def engine_errors(engine: nw.Implementation) -> tuple[type[Exception], ...]:
    """What an engine raises: of the drivers behind Ibis, those that are loaded, because no other can raise."""
    if engine.is_polars():
        names = [("polars.exceptions", "PolarsError")]
    elif engine.is_spark_like():
        names = [("pyspark.errors", "PySparkException")]
    else:
        names = [("duckdb", "Error"), ("psycopg", "Error"), ("ibis.common.exceptions", "IbisError")]
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
