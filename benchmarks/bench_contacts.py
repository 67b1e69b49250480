"""What it costs to count a log of contacts beside judgments, against a query written by hand.

Both read the same Parquet files in the same run, in turns, and find the same judgments; every line ends in ratios to
the query by hand, of the medians and of the least CPU seconds: `python benchmarks/bench_contacts.py [rows]`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
from bench_counts import MILLION, SCALE, compare

from calibra.data.counting.judgments import Judgments
from calibra.data.history.contact_log import Contacts

AS_OF = "2026-06-30"
PER_JUDGMENT = 10

JUDGMENTS = """
COPY (
    SELECT i AS lead, 'rep ' || (hash(i) % 200) AS owner, chr(65 + (hash(i + 1) % 5)::INT) AS label, judged,
        CASE WHEN hash(i + 3) % 10 < 3 THEN judged + 1 + (hash(i + 4) % 200)::INT END AS opened,
        CASE WHEN hash(i + 5) % 10 < 4 THEN judged + 1 + (hash(i + 6) % 200)::INT END AS left_at
    FROM (SELECT i, DATE '2025-06-01' + (hash(i + 2) % 300)::INT AS judged FROM range({rows}) AS rows(i))
) TO '{path}' (FORMAT parquet)
"""
LOG = """
COPY (
    SELECT (hash(i) % {judgments})::BIGINT AS lead, DATE '2025-06-01' + (hash(i + 7) % 400)::INT AS day,
        CASE WHEN hash(i + 8) % 5 = 0 THEN 'newsletter' ELSE 'call' END AS how
    FROM range({rows}) AS rows(i)
) TO '{path}' (FORMAT parquet)
"""
BY_HAND = """
WITH ended AS (
    SELECT lead, owner, label, judged,
        least(coalesce(opened, DATE '{as_of}'), coalesce(left_at, DATE '{as_of}'), DATE '{as_of}') AS last,
        CASE WHEN opened <= DATE '{as_of}' AND opened <= coalesce(left_at, opened) THEN 1
             WHEN left_at <= DATE '{as_of}' THEN 2 ELSE 3 END AS ending
    FROM read_parquet('{judgments}')
), contacted AS (
    SELECT owner, label, ending, ended.lead, judged,
        count(*) FILTER (how = 'call' AND day > judged AND day <= last) AS contacts
    FROM ended LEFT JOIN read_parquet('{log}') AS log ON log.lead = ended.lead
    GROUP BY ALL
)
SELECT owner, label, contacts, ending, count(*) AS n FROM contacted GROUP BY ALL
"""


def main(n_contacts: int) -> None:
    """Write both tables, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        judgments, log = Path(folder) / "judgments.parquet", Path(folder) / "log.parquet"
        n = n_contacts // PER_JUDGMENT
        duckdb.connect().execute(JUDGMENTS.format(rows=n, path=judgments))
        duckdb.connect().execute(LOG.format(judgments=n, rows=n_contacts, path=log))
        columns = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged"}
        columns |= {"event_at": "opened", "exit_at": "left_at"}
        read = Judgments.from_frame(judgments, scale=SCALE, as_of=AS_OF, columns=columns)
        contacts = Contacts.from_frame(
            log,
            columns={"prospect": "lead", "at": "day", "kind": "how"},
            kinds={"call": "sales", "newsletter": "information"},
        )

        def by_hand() -> int:
            query = BY_HAND.format(as_of=AS_OF, judgments=judgments, log=log)
            found = duckdb.connect().sql(query).fetchnumpy()
            return int((found["n"] * found["contacts"]).sum())

        def ours() -> int:
            counts = read.with_contacts(contacts).contact_counts()
            return int((counts.n * counts.contacts).sum())

        compare(f"{n_contacts:,} contacts", {"by hand, DuckDB": by_hand, "Contacts": ours}, repeats=3)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10 * MILLION)
