"""What was found wrong at the doors, entry by entry, and the tests that hold each: a list, held to the tests there are.

D1–D25 and W1–W11 are the numbers of issue 14's lists; SMALL is the list of small inputs that came with W.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.data.entries.test_at_local_doors import CHECKS

TESTS = Path(__file__).parents[1]
ENTRIES: dict[str, tuple[str, ...]] = {
    "D1 shape changes part-way": (
        "data/frames/test_csv_files.py::test_a_file_whose_shape_changes_names_the_line",
        "data/frames/test_csv_files.py::test_generated_files_give_the_rows_that_python_reads_or_an_error",
    ),
    "D2 rows wider than the header": ("data/frames/test_csv_files.py::test_rows_wider_than_the_header_name_line_two",),
    "D3 files joined by name": (
        "data/frames/test_csv_files.py::test_columns_of_files_read_together_are_matched_by_name",
    ),
    "D4 ids of 15 and 18 characters": (
        "data/history/test_exports.py::test_ids_of_15_and_18_characters_are_the_same_prospects",
    ),
    "D5 tables of unlike types": ("data/history/test_exports.py::test_tables_of_unlike_types_are_brought_together",),
    "D6 epoch milliseconds": ("data/history/test_exports.py::test_epoch_milliseconds_are_moments",),
    "D7 number ranks with gaps": ("data/history/test_exports.py::test_number_ranks_with_gaps_keep_their_mapping",),
    "D8 missing altogether": (
        "data/counting/test_doubts.py::test_an_export_is_doubted_where_a_kind_of_judgment_is_missing_altogether",
        "data/counting/test_doubts.py::test_a_row_of_totals_is_doubted",
        "data/counting/test_event_day.py::test_where_it_carries_a_rank_there_is_a_doubt",
    ),
    "D9 whose calendar": (
        "data/frames/test_calendars.py::test_the_zone_that_a_column_names_is_whose_calendar_days_are_of",
        "data/frames/test_plain_types.py::test_the_last_nanosecond_of_a_day_is_of_that_day",
        "engines/test_calendars_on_engines.py::test_moments_in_utc_beside_plain_days_are_doubted",
    ),
    "D10 ranks on the day of the event": (
        "data/counting/test_event_day.py::test_the_clock_decides_in_both_doors_where_both_sides_have_one",
        "data/counting/test_event_day.py::test_days_of_both_doors_are_one_count",
    ),
    "D11 sums and exact decimals": (
        "data/frames/test_plain_types.py::test_ready_made_counts_may_be_sums_and_exact_decimals",
        "data/frames/test_plain_types.py::test_a_count_that_is_none_is_shown_as_it_came",
    ),
    "D12 durations, masks, NA": (
        "stats/test_arrays.py::test_durations_are_days_at_every_door_that_takes_days",
        "stats/test_arrays.py::test_masks_and_missing_values_are_refused_by_name",
    ),
    "D13 several quantiles": ("stats/test_arrays.py::test_several_quantiles_are_read_at_once",),
    "D14 prospects not among the outcomes": (
        "data/counting/test_event_day.py::test_many_ranked_prospects_without_an_outcome_are_a_doubt",
    ),
    "D15 the user is in sourceId": (
        "data/history/test_exports.py::test_without_a_column_of_users_the_user_is_in_the_source_id",
    ),
    "D16 sources counted by type": ("data/history/test_exports.py::test_sources_are_counted_by_type",),
    "D18 days written otherwise": ("data/frames/test_dates.py::test_days_in_other_hands_are_days",),
    "D19 a late change is no encoding": (
        "data/frames/test_csv_files.py::test_a_late_change_of_shape_is_not_taken_for_an_encoding",
    ),
    "D20 a day that decides nothing": (
        "data/test_small_doors.py::test_a_day_that_decides_no_outcome_is_left_out_alone",
    ),
    "D21 values that do not follow": (
        "data/history/test_exports.py::test_a_change_from_another_value_than_the_one_before_led_to_is_counted",
    ),
    "D25 the same header twice": (
        "data/frames/test_csv_files.py::test_a_name_that_stands_twice_in_a_header_is_told_to_who_needs_it",
        "data/frames/test_wild.py::test_a_name_that_two_columns_have_is_an_error",
        "data/entries/test_files_at_every_door.py::test_a_name_that_stands_twice_is_an_error_at_every_door",
        "engines/test_spark_names.py::test_a_name_that_two_columns_have_is_an_error",
    ),
    "W1 types nobody knows": (
        "data/frames/test_plain_types.py::test_a_column_of_an_unknown_type_is_refused_under_the_engines_own_name",
        "engines/test_types_on_engines.py::test_days_of_domains_are_those_of_their_base_type",
        "engines/test_types_tried_on_engines.py::test_types_of_postgresql",
        "engines/test_types_tried_on_engines.py::test_types_of_spark",
        "engines/test_types_on_engines.py::test_an_exact_number_that_is_infinite_or_none_is_read_as_a_float_is",
        "data/frames/test_types_tried.py::test_every_type_of_the_table_is_counted_or_refused",
    ),
    "W2 drift between Parquet files": (
        "data/frames/test_parquet_files.py::test_a_column_that_is_empty_in_one_file_is_read_in_the_others",
        "data/frames/test_parquet_files.py::test_unlike_types_are_refused_with_both_files",
        "data/frames/test_parquet_files.py::test_drift_in_a_polars_scan_is_told_in_words",
    ),
    "W3 text days on PostgreSQL": (
        "engines/test_history_plans.py::"
        "test_no_plan_joins_every_change_with_every_outcome_and_text_reads_as_moments_do",
        "engines/test_postgres.py::test_the_zone_of_a_moment_is_asked_for_where_its_row_is_read_and_nowhere_above",
    ),
    "W4 two URLs of one file": (
        "cli/test_urls.py::test_a_log_and_its_outcomes_may_be_tables_of_one_database",
        "data/frames/test_urls.py::test_a_log_and_its_outcomes_may_lie_in_one_database_or_in_two",
    ),
    "W5 scoring with the right to read": (
        "engines/test_score_engines.py::test_postgresql_scores_for_a_reader_who_may_make_no_temporary_table",
        "engines/test_shell_on_servers.py::test_a_file_that_may_only_be_read_is_scored_as_any_frame",
        "engines/test_score_engines.py::test_postgresql_keeps_a_view_of_the_scores",
    ),
    "W6 labels that are numbers": (
        "data/frames/test_plain_types.py::test_reps_that_are_numbers_read_alike_whatever_their_type",
        "engines/test_types_on_engines.py::test_numbers_as_labels_read_alike",
        "data/counting/test_doubts.py::test_many_scored_rows_of_reps_never_seen_are_doubted",
    ),
    "W7 infinity and sentinel days": (
        "data/frames/test_empty_days.py::test_infinity_is_no_day",
        "engines/test_types_on_engines.py::test_infinity_is_no_day_and_days_before_all_are_a_problem",
        "data/history/test_late.py::test_endless_days_of_outcomes_are_no_day_or_a_problem_of_the_row",
        "engines/test_history_late_on_engines.py::test_endless_days_of_outcomes",
        "data/frames/test_empty_days.py::test_one_day_in_most_impossible_rows_is_named_and_may_be_read_as_none",
    ),
    "W8 one state of the table": (
        "data/counting/test_same_state.py::test_rows_that_arrive_between_two_questions_are_an_error",
        "engines/test_postgres.py::test_rows_that_arrive_in_postgresql_between_two_questions_are_an_error",
        "data/entries/test_files_at_every_door.py::test_rows_that_arrive_in_files_between_two_questions_are_an_error",
    ),
    "W9 connections": (
        "engines/test_postgres_refusals.py::test_a_lost_connection_says_to_call_again",
        "data/frames/test_closed_connections.py::test_a_connection_that_was_closed_is_no_bad_input",
        "engines/test_postgres_refusals.py::test_a_user_without_rights_is_told_what_to_ask_for",
        "engines/test_shell_on_servers.py::"
        "test_a_server_that_goes_away_at_any_query_ends_with_status_4_and_no_half_written_file",
        "data/frames/test_urls.py::test_a_connection_of_ones_own_is_used_to_write_beside_reading",
    ),
    "W10 names, folders, late copies": (
        "engines/test_postgres_refusals.py::test_any_name_can_be_written_in_a_url",
        "engines/test_types_on_engines.py::test_amounts_of_any_kind_of_number_are_summed_alike",
        "data/frames/test_parquet_files.py::test_keys_are_read_off_the_folders",
        "data/frames/test_versions.py::test_of_late_copies_the_last_version_counts_and_the_replaced_are_told",
        "data/history/test_late.py::test_the_last_version_counts_and_what_is_recorded_later_is_not_known",
    ),
    "W11 Spark without a Python worker": (
        "engines/test_shell_on_servers.py::test_spark_scores_where_no_python_worker_can_start",
    ),
    "SMALL 1": ("data/frames/test_plain_types.py::test_moments_to_the_nanosecond_with_a_zone_are_counted",),
    "SMALL 2": ("engines/test_types_on_engines.py::test_outcomes_whose_days_are_of_a_domain_are_those_of_dates",),
    "SMALL 3": ("data/frames/test_parquet_files.py::test_the_values_named_for_exits_and_events",),
    "SMALL 4": ("data/frames/test_parquet_files.py::test_moments_are_read_in_the_zone_given_and_not_the_machines",),
    "SMALL 5": ("cli/test_urls.py::test_a_log_and_its_outcomes_may_be_tables_of_one_database",),
    "SMALL 6": ("engines/test_types_on_engines.py::test_scores_know_reps_and_ranks_by_the_text_of_the_counts",),
    "SMALL 7": ("engines/test_types_on_engines.py::test_infinity_is_no_day_and_days_before_all_are_a_problem",),
    "SMALL 8": (
        "engines/test_history_plans.py::"
        "test_no_plan_joins_every_change_with_every_outcome_and_text_reads_as_moments_do",
    ),
    "SMALL 9": ("engines/test_score_engines.py::test_postgresql_scores_for_a_reader_who_may_make_no_temporary_table",),
    "SMALL 10": (
        "data/frames/test_parquet_files.py::test_keys_are_read_off_the_folders",
        "data/frames/test_csv_files.py::test_a_folder_and_names_with_marks_are_read",
    ),
    "SMALL 11": ("engines/test_types_on_engines.py::test_padded_ranks_and_uuids_are_counted",),
    "SMALL 12": ("data/counting/test_same_state.py::test_the_numbers_of_both_states_are_those_of_sql",),
}
"""Entry to the tests that hold it. D17, D22–D24 are of other issues."""
ELSEWHERE = {
    "D1": "CSV files, at every door that takes a path: data/entries/test_files_at_every_door.py",
    "D2": "CSV files, likewise",
    "D3": "several CSV files",
    "D12": "arrays",
    "D13": "arrays",
    "D19": "CSV files, likewise",
    "D25": "files, likewise, and frames whose columns may share a name: pandas, pyarrow, Spark",
    "W2": "several Parquet files, likewise, and a polars scan of them",
    "W3": "PostgreSQL, whose planner it is",
    "W4": "databases by URL",
    "W5": "PostgreSQL and DuckDB, where a reader may write nothing",
    "W8": "tables that others write to: DuckDB, PostgreSQL, files, a polars scan",
    "W9": "connections: DuckDB, PostgreSQL",
    "W11": "Spark",
}
"""Entry that cannot occur on every back end to where it can; all others are tried on each (data/entries, doors.py)."""


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_has_its_tests(entry: str) -> None:
    assert ENTRIES[entry]
    for test in ENTRIES[entry]:
        file, _, name = test.partition("::")
        assert name in names_in(file), test


def test_every_entry_is_tried_at_every_door_or_can_occur_elsewhere_alone() -> None:
    everywhere = {entry.split()[0] for entry in CHECKS}
    assert everywhere.isdisjoint(ELSEWHERE)
    assert everywhere | set(ELSEWHERE) == {entry.split()[0] for entry in ENTRIES if not entry.startswith("SMALL")}


def test_the_list_is_whole() -> None:
    numbers = [entry.split()[0] if not entry.startswith("SMALL") else entry for entry in ENTRIES]
    elsewhere = (17, 22, 23, 24)
    wanted = [f"D{i}" for i in range(1, 26) if i not in elsewhere] + [f"W{i}" for i in range(1, 12)]
    assert numbers == [*wanted, *(f"SMALL {i}" for i in range(1, 13))]
