"""The shell on tables of a database with `[history]`, as a nightly job runs it, and when the server goes away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import polars as pl
import pytest

from calibra.cli.main import main
from tests.calibrated import calibrated
from tests.data.history.history_world import history_world
from tests.test_scoring import COLUMNS, TODAY, plain, polars_frame, scored

CONFIG = """\
as_of = "2026-06-30"
horizons = [90]

[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
changed_at = "changed_at"

[scale]
ranks = ["A", "B", "C", "D", "E"]

[fit]
engine = "laplace"
draws = 200

[history]
outcomes = "{url}::crm.outcomes"
columns = {{ prospect = "prospect", event_at = "event_at", exit_at = "exit_at" }}
"""
FILES = ("calibration.calibra", "hand_back.csv", "summary.txt")
"""Some of what `fit` writes: the first and the last of it."""


def tables() -> dict[str, pl.DataFrame]:
    """A log, its outcomes, and prospects named as the log is."""
    changes, outcomes = history_world(2000)
    last = changes.sort("prospect", "changed_at").group_by("prospect", maintain_order=True).last()
    return {"changes": changes, "outcomes": outcomes, "prospects": last.select("prospect", "rep", "rank", "changed_at")}


@pytest.fixture(scope="module")
def urls(postgres: Any, postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One database in DuckDB and one in PostgreSQL that hold the same tables."""
    file = tmp_path_factory.mktemp("shell") / "w.duckdb"
    postgres.raw_sql("DROP SCHEMA IF EXISTS crm CASCADE; CREATE SCHEMA crm").close()
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA crm")
        for name, frame in tables().items():
            lent = frame.to_arrow()
            connection.register("lent", lent)
            connection.execute(f"CREATE TABLE crm.{name} AS SELECT * FROM lent")
            postgres.create_table(name, lent, database="crm")
    return {"duckdb": f"duckdb://{file}", "postgres": postgres_url}


def step(command: str, url: str) -> list[str]:
    """The command of a nightly job."""
    return {
        "check": ["check", f"{url}::crm.changes", "--config", "h.toml"],
        "fit": ["fit", f"{url}::crm.changes", "--config", "h.toml", "--out", "out", "--quiet"],
        "score": ["score", "out", f"{url}::crm.prospects", "--as-of", "2026-06-30", "--out", "s.parquet"],
    }[command]


def set_up(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "h.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
    monkeypatch.chdir(folder)


def test_the_nightly_steps_give_the_same_on_both_databases(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, scores = {}, {}
    for engine, url in urls.items():
        set_up(tmp_path / engine, url, monkeypatch)
        capsys.readouterr()
        assert main(step("check", url)) == 0
        told[engine] = capsys.readouterr().out
        assert main(step("fit", url)) in (0, 1)  # 1: a fit whose checks say that it is not to be trusted
        assert [name for name in FILES if not Path("out", name).is_file()] == []
        assert main(step("score", url)) == 0
        frame = pl.read_parquet("s.parquet").sort("prospect")
        scores[engine] = frame.select("prospect", "score_age_days", "score_verdict", "score_note", "score_estimate")
    assert told["duckdb"] == told["postgres"]
    assert "judgments of" in told["duckdb"]
    exact = pl.exclude("score_estimate")
    assert scores["duckdb"].select(exact).equals(scores["postgres"].select(exact))
    assert (scores["duckdb"]["score_estimate"] - scores["postgres"]["score_estimate"]).abs().max() < 1e-9
    assert scores["duckdb"]["score_estimate"].count() > 100


class Proxy:
    """Lends a server under another port, and hangs up at the n-th query of all that pass."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server, self.n_queries, self.dies_at = server, 0, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def start(self, dies_at: int | None) -> None:
        self.n_queries, self.dies_at = 0, dies_at

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target, source is client), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if asks and data[:1] in (b"Q", b"P"):  # a query, or one to be prepared
                    self.n_queries += 1
                    if self.dies_at is not None and self.n_queries >= self.dies_at:
                        break
                target.sendall(data)
        except OSError:  # the other direction has hung up
            source.close()
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture(scope="module")
def proxy(postgres_url: str) -> Iterator[Proxy]:
    place = urlsplit(postgres_url)
    lent = Proxy((str(place.hostname), int(place.port or 0)))
    yield lent
    lent.listener.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("command", "n_tries"), [("check", 5), ("fit", 3), ("score", 3)])
def test_a_server_that_goes_away_at_any_query_ends_with_status_4_and_no_half_written_file(
    command: str, n_tries: int, urls: dict[str, str], proxy: Proxy, postgres_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    url = f"postgres://calibra@127.0.0.1:{proxy.port}/postgres"
    set_up(tmp_path / command, url, monkeypatch)
    if command == "score":
        proxy.start(None)
        assert main(step("fit", url)) in (0, 1)
    proxy.start(None)
    before = contents(Path())
    assert main(step(command, url)) in (0, 1)
    n_queries = proxy.n_queries
    assert n_queries >= n_tries
    for path in set(contents(Path())) - set(before):
        Path(path).unlink()
    capsys.readouterr()
    for i in range(n_tries):
        at = 1 + round(i * (n_queries - 1) / (n_tries - 1))
        proxy.start(at)
        assert main(step(command, url)) == 4, f"query {at} of {n_queries}"
        said = capsys.readouterr().err
        assert said.startswith("calibra: ")
        assert "Traceback" not in said
        assert contents(Path()) == before


# who may read and nothing else ----------------------------------------------------------------------------------


def check_scored(found: Any) -> None:
    wanted = plain(scored(calibrated(), polars_frame()))
    assert [row["note"] for row in plain(found)] == [row["note"] for row in wanted]
    assert [row["estimate"] for row in plain(found)] == [
        pytest.approx(row["estimate"], rel=1e-12) if row["estimate"] else None for row in wanted
    ]


def test_a_file_that_may_only_be_read_is_scored_as_any_frame(tmp_path: Path) -> None:
    """DuckDB's file opened for reading, and one without the right to write."""
    file = tmp_path / "prospects.duckdb"
    lent = polars_frame().to_arrow()
    with duckdb.connect(str(file)) as connection:
        connection.register("lent", lent)
        connection.execute("CREATE TABLE prospects AS SELECT * FROM lent")
    file.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            check_scored(calibrated().score(connection.table("prospects"), as_of=TODAY, columns=COLUMNS))
    finally:
        tmp_path.chmod(0o755)


def test_spark_scores_where_no_python_worker_can_start(spark: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The workers' Python is another one, or there is none."""
    functions = pytest.importorskip("pyspark.sql.functions")
    polars_frame().write_parquet(tmp_path / "prospects.parquet")
    frame = spark.read.parquet(str(tmp_path / "prospects.parquet"))
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(tmp_path / "no-python"))
    with pytest.raises(Exception, match="no-python"):
        spark.range(1).select(functions.udf(lambda value: value, "bigint")("id")).collect()
    check_scored(calibrated().score(frame, as_of=TODAY, columns=COLUMNS))
