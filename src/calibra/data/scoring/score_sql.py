"""The join of a calibration table to prospects as SQL, for those who may not or will not have it sent by calibra."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from calibra.data.counting.stated import PER_MILLE
from calibra.data.frames.dates import as_day
from calibra.data.frames.roles import STATED_PROB
from calibra.data.scoring.score_rows import (
    ENDED_EVENT,
    ENDED_EXIT,
    ENDS,
    NEEDED,
    NO_DAY,
    NOT_YET,
    NOTES,
    NUMBERS,
    UNKNOWN_RANK,
    UNNAMED,
    Lookup,
)
from calibra.data.scoring.stated_rows import LEAST, MOST, STATED_NUMBERS, TENTHS, StatedLookup
from calibra.errors import InputError
from calibra.words import quoted

TEXT = {"duckdb": "VARCHAR", "postgres": "text"}
"""Dialect to what it calls text."""


def score_sql(
    lookup: Lookup,
    *,
    unseen: str,
    dialect: str,
    as_of: Any,
    columns: Mapping[str, str],
    prospects: str,
    table: str,
    stated_table: str,
    prefix: str,
) -> str:
    """The query whose rows are those of `score_rows`, over a table that holds the calibration table.

    Parameters
    ----------
    lookup : Lookup
        What is joined; its numbers are in the table already.
    unseen : str
        What the table calls a rep never seen.
    dialect : {"duckdb", "postgres"}
        Whose SQL.
    as_of, columns, prefix
        As in `score_rows`.
    prospects, table, stated_table : str
        What stands after FROM for the prospects, the calibration table and the table of stated percentages.

    Raises
    ------
    InputError
        Another dialect; a role without column; names of reps brought to one form.
    """
    if dialect not in TEXT:
        raise InputError(f"`dialect` must be one of {', '.join(map(quoted, TEXT))}; got {dialect!r}.")
    if missing := [role for role in NEEDED if role not in columns]:
        raise InputError(
            f"`columns` must say which columns hold {', '.join(f'`{role}`' for role in missing)}. "
            "Pass columns={'rep': ..., 'rank': ..., 'judged_at': ...}."
        )
    if lookup.rep_names.normalise:
        raise InputError(
            "Names of reps were brought to one form (`normalise_names`), which no two dialects of SQL do alike: let "
            "`score` do it, or fit with `rep_labels` in its place."
        )
    column = {role: f"p.{_name(columns[role])}" for role in (*NEEDED, *ENDS) if role in columns}
    today = f"DATE '{date.fromordinal(as_day(as_of, 'UTC'))}'"
    known_as = f"CASE WHEN a.known THEN a.rep ELSE {_text(unseen)} END"
    outputs, joins = _outputs(), []
    if lookup.stated is not None and STATED_PROB in columns:
        stated = f"p.{_name(columns[STATED_PROB])}"
        outputs |= _stated_outputs()
        joins = _stated_joins(lookup, lookup.stated, stated, stated_table, known_as, TEXT[dialect])
    return "\n".join(
        [
            "SELECT p.*,",
            ",\n".join(f"    {value} AS {_name(prefix + name)}" for name, value in outputs.items()),
            f"FROM {prospects} AS p",
            f"CROSS JOIN LATERAL ({_read(lookup, column, table, today, TEXT[dialect])}) AS a",
            f"CROSS JOIN LATERAL (SELECT {_reason(column, today)} AS reason) AS r",
            f"LEFT JOIN {table} AS c",
            f"    ON c.rep = CASE WHEN r.reason IS NULL THEN {known_as} END",
            "    AND c.rank = a.rank",
            f"    AND c.age_week = least(CAST(floor((a.age + 6) / 7.0) AS bigint), {lookup.n_weeks - 1})",
            *joins,
        ]
    )


def _stated_joins(lookup: Lookup, stated: StatedLookup, column: str, table: str, known_as: str, text: str) -> list[str]:
    """What is stated, as whole thousandths between the ends; then the rows of the per cent below it and of the next."""
    days = " ".join(
        f"WHEN {_text(rank)} THEN {of}" for rank, of in zip(lookup.ranks, stated.of_ranks, strict=True) if of
    )
    told = f"CAST({column} AS {text})"
    unit = f"CASE WHEN strpos({told}, '%') > 0 THEN 100 ELSE {stated.unit:g} END"
    number = f"CAST(nullif(replace({told}, '%', ''), '') AS double precision) / {unit}"
    thousandths = f"least(greatest(floor({number} * {PER_MILLE} + 0.5), {LEAST}), {MOST})"
    below = f"CAST(floor(w.thousandths / {TENTHS}) AS bigint)"
    rep = f"CASE WHEN r.reason IS NULL THEN {known_as} END"
    joins = [
        f"CROSS JOIN LATERAL (SELECT CASE a.rank {days} END AS days, "
        f"CASE WHEN {number} BETWEEN 0 AND 1 THEN {thousandths} END AS thousandths) AS w"
    ]
    for name, per_cent in (("s", below), ("t", f"least({below} + 1, {MOST // TENTHS})")):
        joins += [
            f"LEFT JOIN {table} AS {name}",
            f"    ON {name}.rep = {rep} AND {name}.within_days = w.days",
            f"    AND CAST(round(CAST({name}.stated AS numeric) * 100) AS bigint) = {per_cent}",
        ]
    own, start, end = (_log_odds(of) for of in (f"w.thousandths / {PER_MILLE}", "s.stated", "t.stated"))
    share = f"CASE WHEN t.stated > s.stated THEN ({own} - {start}) / ({end} - {start}) ELSE 0 END"
    return [*joins, f"CROSS JOIN LATERAL (SELECT {share} AS share) AS b"]


def _stated_outputs() -> dict[str, str]:
    """Column that a stated percentage adds to what it is: between two whole per cents straight in log-odds."""
    found = {"stated_within_days": "s.within_days"}
    for name in STATED_NUMBERS:
        start, end = _log_odds(f"s.{name}"), _log_odds(f"t.{name}")
        found[f"stated_{name}"] = f"1 / (1 + exp(-({start} + ({end} - {start}) * b.share)))"
    return found


def _log_odds(of: str) -> str:
    return f"ln({of} / (1 - {of}))"


def _read(lookup: Lookup, column: Mapping[str, str], table: str, today: str, text: str) -> str:
    """What a prospect's own columns say: its age in days, rep, rank of the scale, and whether the fit knows the rep."""
    ranks = " ".join(f"WHEN {_text(label)} THEN {_text(lookup.ranks[i])}" for label, i in lookup.spellings.items())
    rep = f"CAST({column['rep']} AS {text}) COLLATE {_BY_LETTER}"
    if lookup.rep_names:
        named = " ".join(f"WHEN {_text(old)} THEN {_text(new)}" for old, new in lookup.rep_names.labels.items())
        rep = f"CASE {rep} {named} ELSE {rep} END"
    return (
        f"SELECT CAST({today} - CAST({column['judged_at']} AS date) AS bigint) AS age, {rep} AS rep, "
        f"CASE CAST({column['rank']} AS {text}) COLLATE {_BY_LETTER} {ranks} END AS rank, "
        f"coalesce({rep} IN (SELECT k.rep FROM {table} AS k WHERE k.known_rep), false) AS known"
    )


def _reason(column: Mapping[str, str], today: str) -> str:
    """Why a row has no probability, null where it has one; the first reason counts."""
    tests = {UNKNOWN_RANK: "a.rank IS NULL", NO_DAY: "a.age IS NULL", NOT_YET: "a.age < 0"}
    for role, reason in zip(ENDS, (ENDED_EVENT, ENDED_EXIT), strict=True):
        if role in column:
            tests[reason] = f"CAST({column[role]} AS date) <= {today}"
    return f"CASE {' '.join(f'WHEN {test} THEN {_text(NOTES[reason])}' for reason, test in tests.items())} END"


def _outputs() -> dict[str, str]:
    """Column that scoring adds to what it is."""
    no_number = "CAST('NaN' AS double precision)"  # as tables written from pandas may hold it
    numbers = {name: f"nullif(CAST(c.{name} AS double precision), {no_number})" for name in NUMBERS}
    unnamed = "coalesce(trim(a.rep), '') = ''"
    note = (
        f"CASE WHEN r.reason IS NOT NULL THEN r.reason WHEN {unnamed} AND c.note IS NULL THEN {_text(UNNAMED)} "
        f"WHEN {unnamed} THEN concat(c.note, {_text(f'; {UNNAMED}')}) ELSE c.note END"
    )
    ages = {"age_days": "CASE WHEN a.age >= 0 THEN a.age END"}
    return ages | numbers | {"verdict": "c.verdict", "known_rep": "a.known", "note": note}


_BY_LETTER = '"C"'
"""Whatever a column was declared as: else two reps whose names differ by case would both be a prospect's."""


def _name(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _text(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
