"""Rows written into a table of a database: those of a day in place of what it held of that day, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.data.frames.engine_errors import explain_server
from calibra.data.frames.urls import connect_by_ibis, driver_error, parts_of, way_in, without_password
from calibra.errors import EngineError, InputError

if TYPE_CHECKING:
    import pandas as pd

TYPES = {"duckdb": {"text": "VARCHAR"}, "postgres": {}, "postgresql": {}}
"""Engines that rows are written to, and what they call a type where the name is another."""


def write_day(url: str, table: str, rows: pd.DataFrame, *, columns: Mapping[str, str], day: str) -> None:
    """Put the rows of one day into a table, which is made where there is none.

    Parameters
    ----------
    url : str
        `duckdb://file` or `postgres://host/database`.
    table : str
        Its name, `schema.table` for one of another schema, which exists.
    rows : pandas.DataFrame
        Rows of one day.
    columns : mapping of str to str
        Column to its type in SQL: `date`, `text`, `bigint` or `double precision`.
    day : str
        The column of the day; what the table holds of that day is replaced.

    Raises
    ------
    InputError
        Another engine; a file that is held; a table with other columns.
    EngineError
        A server that is not reached, goes away or refuses.
    """
    engine, _, place = url.partition("://")
    engine = engine.lower()
    if engine not in TYPES or not place or "::" in place:
        raise InputError(
            "`output.url` must name a database, such as 'duckdb://team.duckdb' or 'postgres://host/sales', and "
            f"`output.table` a table in it; got {without_password(url)!r}."
        )
    names = {name: TYPES[engine].get(kind, kind) for name, kind in columns.items()}
    target = ".".join(map(_quoted, parts_of(table)))
    made = (
        f"CREATE TABLE IF NOT EXISTS {target} ({', '.join(f'{_quoted(name)} {kind}' for name, kind in names.items())})"
    )
    dropped = f"DELETE FROM {target} WHERE {_quoted(day)} = "
    values = [[_plain(value) for value in row] for row in rows[list(names)].itertuples(index=False, name=None)]
    days = list(dict.fromkeys(row[list(names).index(day)] for row in values))
    listed = ", ".join(map(_quoted, names))
    if engine == "duckdb":
        _write_duckdb(place, made, dropped, days, f"INSERT INTO {target} ({listed})", rows[list(names)])
    else:
        _write_postgres(f"{engine}://{place}", made, dropped, days, f"INSERT INTO {target} ({listed})", values)


def _write_duckdb(
    place: str, made: str, dropped: str, days: Sequence[object], inserted: str, rows: pd.DataFrame
) -> None:
    import duckdb

    absolute = Path(place)
    file = absolute if absolute.is_file() or absolute.parent.is_dir() else Path(place.lstrip("/"))
    try:
        with duckdb.connect(str(file)) as connection:
            connection.register("calibra_rows", rows)
            connection.begin()
            connection.execute(made)
            for each in days:
                connection.execute(f"{dropped}?", [each])
            connection.execute(f"{inserted} SELECT * FROM calibra_rows")
            connection.commit()
    except duckdb.Error as error:
        raise InputError(f"{str(file)!r} could not be written to: {error}{way_in(str(error))}") from error


def _write_postgres(
    database: str, made: str, dropped: str, days: Sequence[object], inserted: str, values: Sequence[Sequence[object]]
) -> None:
    connection = connect_by_ibis(database)
    marks = ", ".join(["%s"] * len(values[0])) if values else ""
    try:
        with connection.con.transaction(), connection.con.cursor() as cursor:
            cursor.execute(made)
            for each in days:
                cursor.execute(f"{dropped}%s", [each])
            if values:
                cursor.executemany(f"{inserted} VALUES ({marks})", values)
    except driver_error("postgres") as error:
        said = explain_server(str(error)) or f"The server refused to write: {str(error).strip()}"
        raise EngineError(said) from error
    finally:
        connection.disconnect()


def _plain(value: Any) -> object:
    """A value as a driver takes it: nothing for NaN and NA, numbers of Python's own."""
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
