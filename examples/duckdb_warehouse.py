"""Judgments that live in a DuckDB database: counted there, so that rows never come into Python.

Run it as it is: it makes a small database first. For a database of yours, connect to it, and write the query and the
columns that are yours.
"""

import duckdb

import calibra as cb

# A database to try it on. Yours is there already: duckdb.connect("sales.duckdb", read_only=True)
world = cb.simulate_judgments(seed=1, n_reps=6, n_prospects=1200)
export = world.frame
database = duckdb.connect()
database.execute("CREATE TABLE leads AS SELECT * FROM export")

# Any relation will do: a table, a view, a query. It is read once, with one group-by.
leads = database.sql(
    "SELECT prospect, rep, rank, judged_at, event_at, exit_at, segment FROM leads WHERE rank IS NOT NULL"
)

judgments = cb.Judgments.from_frame(
    leads,
    scale=world.scale,
    as_of=world.as_of,
    columns={  # role: column; any other name, such as segment, is a grouping
        "prospect": "prospect", "rep": "rep", "rank": "rank", "judged_at": "judged_at", "event_at": "event_at",
        "exit_at": "exit_at", "segment": "segment",
    },
)  # fmt: skip

rank_fit = cb.RankModel(within_days=90, adjust_for=("segment",)).fit(judgments, seed=1)
print(rank_fit.diagnostics)

# Results are pandas tables; they go back as they came.
probabilities = rank_fit.probabilities()
database.execute("CREATE TABLE rank_probabilities AS SELECT * FROM probabilities")
print(
    database.sql(
        "SELECT rep, rank, round(estimate, 3) AS estimate, n FROM rank_probabilities WHERE rank = 'A' ORDER BY rep"
    )
)
