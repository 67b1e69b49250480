"""Engines, started once for all tests that ask for them; what cannot start is skipped, with the reason."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.postgres import CannotStartError, private_cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.engines)
            for warning in NOT_OURS:
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{warning}"))


NOT_OURS = ("fetch_arrow_table:DeprecationWarning", "PySpark does not yet fully support pandas:FutureWarning")
"""Warnings of Ibis 12 on DuckDB 2, and of PySpark on pandas 3."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    try:
        with private_cluster() as url:
            yield url
    except CannotStartError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Any]:
    """An Ibis connection to PostgreSQL, whose session is in a zone of its own."""
    ibis = pytest.importorskip("ibis", reason="Ibis is not installed: calibra-sales[postgres]")
    pytest.importorskip("psycopg", reason="psycopg is not installed: calibra-sales[postgres]")
    connection = ibis.connect(postgres_url)
    connection.raw_sql("SET TIME ZONE 'America/New_York'").close()
    connection.raw_sql("SET statement_timeout = '120s'").close()  # a bad plan fails instead of running for hours
    yield connection
    connection.disconnect()


@pytest.fixture(scope="session")
def ibis_duckdb() -> Iterator[Any]:
    """An Ibis connection to DuckDB."""
    ibis = pytest.importorskip("ibis", reason="Ibis is not installed: calibra-sales[ibis]")
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session on this machine, in a zone of its own."""
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: calibra-sales[spark]")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer; there is no java on the PATH")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = sql.SparkSession.builder.master("local[1]").appName("calibra")
        for name, value in SPARK_SETTINGS.items():
            builder = builder.config(name, value)
        session = builder.config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


SPARK_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.python.sql.dataFrameDebugging.enabled": "false",  # else half of all calls ask where the caller stands
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.session.timeZone": "America/New_York",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Small, quiet, on loopback alone; no time spent on making small queries fast."""
