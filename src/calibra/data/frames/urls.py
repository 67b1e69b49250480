"""Tables by URL: a database and the name of a table in it become a frame that stays in its engine."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, finalize

from calibra.data.frames.engine_errors import explain_server
from calibra.errors import EngineError, InputError, what_came

if TYPE_CHECKING:
    import duckdb

_EXTRAS = {"postgres": "postgres", "postgresql": "postgres"}
_FORM = (
    "`<engine>://<database>::<table>`, such as 'duckdb://team.duckdb::judgments' or 'postgres://host/sales::judgments'"
)


_HANDED_OUT: WeakValueDictionary[Path, Any] = WeakValueDictionary()
"""File to a relation of it that is still in use: further tables of the file are opened in its connection, so that they
can be joined, and nothing keeps the file once no relation is left."""


def is_url(text: str) -> bool:
    """Whether a text names a table in a database (`duckdb://…`, `postgres://…`) rather than a file."""
    return re.match(r"^[A-Za-z][A-Za-z0-9+]+://", text) is not None


def read_url(url: str, *, connection: Any = None) -> Any:
    """Which table is meant? A frame in the database's own engine, for `Judgments.from_frame`; no row is read here.

    `duckdb://` is DuckDB's own relation, opened for reading only, and needs nothing more; the path after it is
    absolute where it begins with a slash and such a file exists, else relative. Tables of one file share a connection
    while they are in use; it holds the file, so that nobody can write to it. Every other engine is reached through
    Ibis: `postgres://` with `calibra-sales[postgres]`, others (`bigquery://`, `snowflake://`, …) with that back end of
    Ibis. Name and password may be left to the engine's own means, such as `PGPASSWORD`; in a URL the characters
    `/ : @ # ?` of a password are written `%2F %3A %40 %23 %3F`.

    Parameters
    ----------
    url : str
        `<engine>://<database>::<table>`; the table may be `schema.table`. A name that holds a dot or a quote stands in
        double quotes, a quote in it twice: `k."dotted.name"`.
    connection : optional
        Your own connection to that database, of DuckDB or Ibis, in place of one made here: to write beside reading, or
        where it is open already.

    Returns
    -------
    duckdb.DuckDBPyRelation or ibis.Table

    Raises
    ------
    InputError
        No such form, file, database, engine or table; an engine that is not installed, with what to install.
    EngineError
        A server that is not reached, or refuses.

    Examples
    --------
    >>> import duckdb, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "team.duckdb"
    >>> with duckdb.connect(str(file)) as connection:
    ...     _ = connection.execute("CREATE TABLE judgments AS SELECT 'Abe' AS owner, 'A' AS label")
    >>> read_url(f"duckdb://{file}::judgments").columns
    ['owner', 'label']
    """
    if not isinstance(url, str):
        raise InputError(f"A table's URL must read {_FORM}; got {url!r}, which is no text.")
    database, parted, table = url.partition("::")
    engine, found, place = database.partition("://")
    engine = engine.lower()
    if not (found and parted and place and table.strip()):
        raise InputError(f"A table's URL must read {_FORM}; got {without_password(url)!r}.")
    if connection is not None:
        return _read_from(connection, engine, table, without_password(database))
    if engine == "duckdb":
        return _read_duckdb(place, table)
    return _read_by_ibis(f"{engine}://{place}", engine, table)


def _read_from(connection: Any, engine: str, table: str, shown: str) -> Any:
    """The table in a connection of the user's own."""
    if engine != "duckdb" or hasattr(connection, "list_tables"):
        return _table_by_ibis(connection, table, shown)
    import duckdb

    if not isinstance(connection, duckdb.DuckDBPyConnection):
        raise InputError(f"`connection` must be a connection of DuckDB or Ibis; got {what_came(connection)}.")
    try:
        return connection.table(table)
    except duckdb.CatalogException as error:
        raise _no_table(table, shown, error) from error


def _read_duckdb(place: str, table: str) -> duckdb.DuckDBPyRelation:
    import duckdb

    candidates = [Path(place), Path(place.lstrip("/"))]
    file = next((path.resolve() for path in candidates if path.is_file()), None)
    if file is None:
        raise InputError(f"A `duckdb://` URL must name a file that exists; there is none at {place!r}.")
    beside = _HANDED_OUT.get(file)
    try:
        if beside is None:
            opened = duckdb.connect(str(file), read_only=True).table(table)
        else:
            opened = beside.query("calibra_beside", f"SELECT * FROM {table}")
    except duckdb.CatalogException as error:
        raise _no_table(table, str(file), error) from error
    except duckdb.Error as error:
        raise InputError(
            f"{str(file)!r} could not be read as a DuckDB database: {error}{way_in(str(error))}"
        ) from error
    _HANDED_OUT[file] = opened
    return opened


def way_in(text: str) -> str:
    """What to do about a file that somebody holds."""
    if "lock" in text:
        return " Another process has it open for writing: close that, read a copy, or call again later."
    if "different configuration" in text:
        return " This process has it open already: pass that connection, read_url(url, connection=...)."
    return ""


def _read_by_ibis(database: str, engine: str, table: str) -> Any:
    connection = connect_by_ibis(database)
    if engine in _EXTRAS:
        finalize(connection, connection.con.close)  # when no table of it is in use any more, and on exit
    return _table_by_ibis(connection, table, without_password(database), engine=engine, own=True)


def connect_by_ibis(database: str) -> Any:
    """A connection of Ibis to a database such as `postgres://host/sales`; raises as `read_url`."""
    engine = database.partition("://")[0]
    extra = _EXTRAS.get(engine, "ibis")
    try:
        import ibis
    except ImportError as error:
        raise InputError(f"`{engine}://` needs Ibis; install it with pip install 'calibra-sales[{extra}]'.") from error
    shown = without_password(database)
    try:
        return ibis.connect(database)
    except ImportError as error:
        also = f"calibra-sales[{extra}]" if extra != "ibis" else f"ibis-framework[{engine}]"
        raise InputError(f"`{engine}://` needs a driver that is not here: pip install '{also}'.") from error
    except ValueError as error:
        raise InputError(
            f"A table's URL must read {_FORM}; Ibis knows no way to {shown!r}. Of a password the characters / : @ # ? "
            "are written %2F %3A %40 %23 %3F, or it is left to PGPASSWORD."
        ) from error
    except driver_error(engine) as error:
        raise EngineError(f"{shown!r} could not be reached: {str(error).strip()}") from error


def _table_by_ibis(connection: Any, table: str, shown: str, *, engine: str = "postgres", own: bool = False) -> Any:
    """The table in an Ibis connection, which is closed where it is not there and was made here."""
    from ibis.common.exceptions import TableNotFound

    *schema, name = parts_of(table)
    try:
        return connection.table(name, database=".".join(schema) or None)
    except TableNotFound as error:
        elsewhere = _schemas_with(connection, name) if not schema else ""
        refused: Exception = _no_table(table, shown, error, elsewhere)
        cause: BaseException = error
    except driver_error(engine) as error:
        said = explain_server(str(error)) or f"The server refused to open {table!r}: {str(error).strip()}"
        refused, cause = EngineError(said), error
    if own:
        connection.disconnect()
    raise refused from cause


def parts_of(table: str) -> list[str]:
    """The parts of a table's name: parted by dots, save those in double quotes."""
    parts = re.findall(r'"(?:[^"]|"")*"|[^."]+', table.strip())
    if ".".join(parts) != table.strip():
        return list(filter(None, table.strip().rpartition(".")[::2]))
    return [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]


def _schemas_with(connection: Any, name: str) -> str:
    """The schemas of a PostgreSQL server that have a table of this name, as a hint."""
    if connection.name != "postgres":
        return ""
    query = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name = %s"
    with connection.con.cursor() as cursor:
        found = [row[0] for row in cursor.execute(query, (name,)).fetchall()]
    return (
        f" It is in another schema: write {' or '.join(f'{schema}.{name}' for schema in sorted(found))}."
        if found
        else ""
    )


def driver_error(engine: str) -> type[BaseException] | tuple[()]:
    """The driver's own exception, where calibra brings the driver; nothing to catch elsewhere."""
    if engine not in _EXTRAS:
        return ()
    try:
        driver = import_module("psycopg")
    except ImportError:
        return ()
    error: type[BaseException] = driver.Error
    return error


def _no_table(table: str, place: str, error: Exception, hint: str = "") -> InputError:
    return InputError(f"The table must be in the database; {place!r} has no {table!r}.{hint} ({str(error).strip()})")


def without_password(url: str) -> str:
    """A URL that may be shown."""
    return re.sub(r"((?:password|token|secret)=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url))
