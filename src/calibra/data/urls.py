"""Tables by URL: a database and the name of a table in it become a frame that stays in its engine."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.errors import InputError

if TYPE_CHECKING:
    import duckdb

_EXTRAS = {"postgres": "postgres", "postgresql": "postgres"}
_FORM = (
    "`<engine>://<database>::<table>`, such as 'duckdb://team.duckdb::judgments' or 'postgres://host/sales::judgments'"
)


def is_url(text: str) -> bool:
    """Whether a text names a table in a database (`duckdb://…`, `postgres://…`) rather than a file."""
    return re.match(r"^[a-z][a-z0-9+]+://", text) is not None


def read_url(url: str) -> Any:
    """Which table is meant? A frame in the database's own engine, for `Judgments.from_frame`; no row is read here.

    `duckdb://` is DuckDB's own relation, opened for reading only, and needs nothing more; the path after it is
    absolute where it begins with a slash and such a file exists, else relative. Every other engine is reached
    through Ibis: `postgres://` with `calibra-sales[postgres]`, others (`bigquery://`, `snowflake://`, …) with that
    back end of Ibis. Name and password may be left to the engine's own means, such as `PGPASSWORD`.

    Parameters
    ----------
    url : str
        `<engine>://<database>::<table>`; the table may be `schema.table`.

    Returns
    -------
    duckdb.DuckDBPyRelation or ibis.Table

    Raises
    ------
    InputError
        No such form, file, database, engine or table; an engine that is not installed, with what to install.

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
    if not (found and parted and place and table.strip()):
        raise InputError(f"A table's URL must read {_FORM}; got {_without_password(url)!r}.")
    if engine == "duckdb":
        return _read_duckdb(place, table)
    return _read_by_ibis(database, engine, table)


def _read_duckdb(place: str, table: str) -> duckdb.DuckDBPyRelation:
    import duckdb

    candidates = [Path(place), Path(place.lstrip("/"))]
    file = next((path for path in candidates if path.is_file()), None)
    if file is None:
        raise InputError(f"A `duckdb://` URL must name a file that exists; there is none at {place!r}.")
    try:
        return duckdb.connect(str(file), read_only=True).table(table)
    except duckdb.CatalogException as error:
        raise _no_table(table, str(file), error) from error
    except duckdb.Error as error:
        raise InputError(f"{str(file)!r} could not be read as a DuckDB database: {error}") from error


def _read_by_ibis(database: str, engine: str, table: str) -> Any:
    extra = _EXTRAS.get(engine, "ibis")
    try:
        import ibis
        from ibis.common.exceptions import TableNotFound
    except ImportError as error:
        raise InputError(f"`{engine}://` needs Ibis; install it with pip install 'calibra-sales[{extra}]'.") from error
    shown = _without_password(database)
    try:
        connection = ibis.connect(database)
    except ImportError as error:
        also = f"calibra-sales[{extra}]" if extra != "ibis" else f"ibis-framework[{engine}]"
        raise InputError(f"`{engine}://` needs a driver that is not here: pip install '{also}'.") from error
    except ValueError as error:
        raise InputError(f"A table's URL must read {_FORM}; Ibis knows no way to {shown!r}.") from error
    except _driver_error(engine) as error:
        raise InputError(f"{shown!r} could not be reached: {str(error).strip()}") from error
    schema, _, name = table.rpartition(".")
    try:
        return connection.table(name, database=schema or None)
    except TableNotFound as error:
        connection.disconnect()
        raise _no_table(table, shown, error) from error


def _driver_error(engine: str) -> type[BaseException] | tuple[()]:
    """The driver's own exception, where calibra brings the driver; nothing to catch elsewhere."""
    if engine not in _EXTRAS:
        return ()
    try:
        driver = import_module("psycopg")
    except ImportError:
        return ()
    error: type[BaseException] = driver.Error
    return error


def _no_table(table: str, place: str, error: Exception) -> InputError:
    return InputError(f"The table must be in the database; {place!r} has no {table!r}. ({str(error).strip()})")


def _without_password(url: str) -> str:
    return re.sub(r"((?:password|token|secret)=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url))
