"""Small tables written into a query: what an engine is sent says the very values, whatever the labels hold."""

import json

import pyarrow as pa

from calibra.data.scoring.small_tables import postgres_rows, spark_rows

LABELS = ['A"x', "O'Neil", "a\\b", "{x,y}", "NULL", "50 %s", "山田", "", " a ", None, "a:b", "two\nlines"]
TABLE = pa.table({"key": range(12), "share": [i / 7 if i % 3 else None for i in range(12)], "label": LABELS})


def test_array_literals_quote_what_postgresql_would_take_apart() -> None:
    query = postgres_rows(TABLE.slice(0, 5))
    assert "'{0,1,2,3,4}' AS bigint[]" in query
    assert "'{NULL,0.14285714285714285,0.2857142857142857,NULL,0.5714285714285714}' AS double precision[]" in query
    assert """'{"A\\"x","O''Neil","a\\\\b","{x,y}","NULL"}' AS text[]""" in query


def test_the_text_for_spark_reads_back_as_the_table() -> None:
    text, kind = spark_rows(TABLE)
    assert json.loads(text) == TABLE.to_pylist()
    assert kind == "array<struct<key: bigint, share: double, label: string>>"
