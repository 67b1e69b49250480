"""What a server says that is not there, stops or refuses: an error of its own, apart from bad input."""

from __future__ import annotations

import duckdb
import narwhals.stable.v2 as nw
import pytest

from calibra.data.frames.engine_errors import explain, explaining
from calibra.errors import EngineError, InputError

try:
    import psycopg
except ImportError:
    psycopg = None  # type: ignore[assignment]
with_psycopg = pytest.mark.skipif(psycopg is None, reason="psycopg is not installed: calibra-sales[postgres]")


@pytest.mark.parametrize("raised", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error")])
def test_who_interrupts_a_query_interrupts_the_call(raised: Exception) -> None:
    """DuckDB answers Ctrl-C with errors of its own; a shell that asks for KeyboardInterrupt must see one."""
    with pytest.raises(KeyboardInterrupt), explaining(nw.Implementation.DUCKDB):
        raise raised


def test_other_errors_are_explained_or_pass() -> None:
    with pytest.raises(InputError, match="could not be counted"), explaining(nw.Implementation.DUCKDB):
        raise duckdb.BinderException("no such column")
    with pytest.raises(RuntimeError, match="of another"), explaining(nw.Implementation.DUCKDB):
        raise RuntimeError("of another kind")


@with_psycopg
@pytest.mark.parametrize(
    ("kind", "text", "match"),
    [
        ("OperationalError", "the connection is closed", "was lost or could not be made. Call again"),
        ("OperationalError", "connection failed: connection to server refused", "could not be made. Call again"),
        ("errors.AdminShutdown", "terminating connection due to administrator command", "Call again"),
        ("errors.QueryCanceled", "canceling statement due to statement timeout", "server stopped the query"),
        ("errors.InsufficientPrivilege", "permission denied for table enum_t", "Ask for GRANT SELECT ON enum_t TO"),
        ("errors.InsufficientPrivilege", "permission denied for schema k\nLINE 1: ...", "GRANT USAGE ON SCHEMA k TO"),
    ],
)
def test_a_server_that_is_not_there_or_refuses_is_no_bad_input(kind: str, text: str, match: str) -> None:
    raised = psycopg
    for part in kind.split("."):
        raised = getattr(raised, part)
    found = explain(raised(text))
    assert isinstance(found, EngineError)
    assert not isinstance(found, InputError)
    with pytest.raises(EngineError, match=match):
        raise found


@with_psycopg
def test_a_complaint_about_the_rows_is_bad_input() -> None:
    assert isinstance(explain(psycopg.errors.DatetimeFieldOverflow("date out of range")), InputError)
