"""What engines and the drivers behind them raise, and what is said instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import narwhals.stable.v2 as nw
from narwhals.exceptions import NarwhalsError

from calibra.errors import CalibraError, EngineError, InputError

_CSV = re.compile(r"CSV Error on Line: (?P<line>\d+)")
_WIDTHS = re.compile(r"Expected Number of Columns: (?P<wanted>\d+) Found: (?P<found>\d+)")
_FILE = re.compile(r"^\s*file = (?P<file>.+)$", re.MULTILINE)


_DENIED = re.compile(r"permission denied for (?P<kind>table|view|schema|sequence|function|relation) (?P<name>\S+)")
_GRANTS = {"schema": "USAGE ON SCHEMA", "function": "EXECUTE ON FUNCTION"}
"""What is to be granted, where it is not SELECT."""
_GONE = re.compile(
    "connection is (closed|lost)|connection (failed|refused|reset|timed out)|could not (connect|translate)|"
    "server closed the connection|terminating connection|consuming input failed|the connection is closed",
    re.IGNORECASE,
)
_STOPPED = re.compile(
    "statement timeout|canceling statement|lock timeout|too many (clients|connections)", re.IGNORECASE
)


def asks_an_engine[**P, R](call: Callable[P, R]) -> Callable[P, R]:
    """The call, in which a connection that is no more is an error of its own, wherever the query is put together."""

    @wraps(call)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except _lost() as error:
            raise explain(error) from error

    return asked


def _lost() -> tuple[type[Exception], ...]:
    """What the drivers that are loaded raise of a connection that is no more."""
    names = (("duckdb", "ConnectionException"), ("psycopg", "OperationalError"))
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)


_CLOSED = re.compile(
    "connection (has )?already (been )?closed|sparkcontext .*(stopped|shut down)|session .*closed", re.IGNORECASE
)
"""What DuckDB and Spark say of a connection or session that is no more."""


@contextmanager
def explaining(engine: nw.Implementation) -> Iterator[None]:
    """While an engine works: its complaint becomes one of ours, an interruption, which DuckDB renames, stays one."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error
    except engine_errors(engine) as error:
        if type(error).__name__ == "InterruptException":
            raise KeyboardInterrupt from error
        raise explain(error) from error


def explain(error: Exception) -> CalibraError:
    """An engine's complaint, with the way out where it is known: about the input, or of a server that is not there."""
    text = str(error).strip()
    if type(error).__module__.partition(".")[0] == "psycopg" and (said := explain_server(text)):
        return EngineError(said)
    if _CLOSED.search(text):
        return EngineError(
            "The connection to the table was closed. Open the table anew, and keep its connection open while it is "
            f"asked. ({text.splitlines()[0]})"
        )
    if said := _explain_csv(text) or _explain_parquet(text):
        return InputError(said)
    if "not a GZIP stream" in text:
        return InputError(
            "A compressed file must be whole and hold nothing after its end; one of those read does not. Write it "
            f"again. ({text.splitlines()[0]})"
        )
    if "Invalid unicode" in text or "invalid utf-8" in text.lower():
        return InputError(
            f"A file must be UTF-8 text, or its `encoding` be given, such as encoding='cp932'. ({text.splitlines()[0]})"
        )
    return InputError(f"`frame` could not be counted by its own engine: {text}")


def explain_server(text: str) -> str | None:
    """What became of a server, or what it refused, and what to do; None for a complaint about the query."""
    first = text.splitlines()[0] if text else "no reason given"
    if denied := _DENIED.search(text):
        what, name = _GRANTS.get(denied["kind"], "SELECT ON"), denied["name"]
        return (
            f"The server does not let this user read the {denied['kind']} {name}. Ask for GRANT {what} {name} TO the "
            f"user, and USAGE of its schema. ({first})"
        )
    if _STOPPED.search(text):
        return f"The server stopped the query. Call again when it has less to do, or raise its limit. ({first})"
    if _GONE.search(text):
        return (
            "The connection to the server was lost or could not be made. Call again; a table that was read before must "
            f"be opened anew with read_url. ({first})"
        )
    return None


def _explain_csv(text: str) -> str | None:
    """What DuckDB's reader of CSV files met, without its settings; None for any other complaint."""
    file, line = _FILE.search(text), _CSV.search(text)
    place = f" of {file['file']!r}" if file else ""
    if "reached an invalid state" in text:
        return f"The lines{place} must all end alike; some end in \\n, others in \\r\\n or \\r. Save it anew."
    if line is None:
        return None
    where = f"line {line['line']}{place}"
    if widths := _WIDTHS.search(text):
        return (
            f"Every line of a CSV file must have as many fields as its header, here {widths['wanted']}; {where} has "
            f"{widths['found']}. Quote fields that hold the separator, mend the line, or read the tables apart."
        )
    if "nicode" in text:
        return f"A file must be UTF-8 text, or its `encoding` be given, such as encoding='cp932'; {where} is not UTF-8."
    if "unterminated quote" in text:
        return (
            f"Every quote in a CSV file must be closed and stand around a whole field; {where} has one that does not."
        )
    return f"A CSV file must be readable line by line; {where} is not: {text.splitlines()[-1].strip()}"


_BROKEN_PARQUET = re.compile(r"(?:No magic bytes found at end of file|Failed to read file) '(?P<file>[^']+)'")


def _explain_parquet(text: str) -> str | None:
    """What is wrong with a Parquet file that was broken off; None for any other complaint."""
    broken = _BROKEN_PARQUET.search(text)
    if broken is None:
        return None
    return (
        f"A Parquet file must be whole; {broken['file']!r} is broken off or damaged. Write it again, or leave it out. "
        f"({text.splitlines()[0]})"
    )


def engine_errors(engine: nw.Implementation) -> tuple[type[Exception], ...]:
    """What an engine raises: of the drivers behind Ibis, those that are loaded, because no other can raise."""
    if engine.is_polars():
        names = [("polars.exceptions", "PolarsError")]
    elif engine.is_spark_like():
        names = [("pyspark.errors", "PySparkException")]
    else:
        names = [("duckdb", "Error"), ("psycopg", "Error"), ("ibis.common.exceptions", "IbisError")]
    raised = (getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
    return (NarwhalsError, *raised)
