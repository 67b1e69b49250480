"""Would the tests notice? Faults are seeded into a copy of the code, one at a time; each must be caught by a test.

`make mutate` runs it; `python tests/mutate.py greenwood exit` only the faults whose names hold one of the words,
`--part 2/10` the second tenth of them, and `--texts` only looks whether every fault still finds its text. The
working tree is never touched. A fault whose text is not found exactly once is an error: the code has moved on, and
the fault with it. The tests named with a fault are part of `make test`; they must pass without it, and fail with it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Fault:
    """One mistake someone might make."""

    name: str
    """What is done wrong."""
    tests: str
    """Test files (or one test) that should notice, below tests/."""
    changes: tuple[tuple[str, str, str], ...]
    """Module below src/calibra, text as it stands there, text as it would stand."""


def fault(name: str, tests: str, *change: str) -> Fault:
    """A fault of one change, or of several, three texts each."""
    return Fault(name, tests, tuple((change[i], change[i + 1], change[i + 2]) for i in range(0, len(change), 3)))


COUNTS, CURVES, BARS = (
    "data/counting/test_counts.py",
    "stats/survival/test_lifetable.py",
    "stats/detection/test_curve.py",
)
GOLDEN = "data/counting/test_judgments.py::test_every_kind_of_frame_gives_the_golden_duration_counts"
BY_HAND = "data/counting/test_counts.py::test_exposure_by_hand"
MATURE = "data/counting/test_counts.py::test_only_mature_judgments_enter_and_only_events_within_the_horizon_count"
WEEKS = "data/counting/test_weekly.py"
AMOUNTS = "data/counting/test_judgments.py::test_touches_and_amounts_add_up_to_the_rows"
RANK = "chapters/ranks/test_model.py::test_"
TEAMS = "chapters/ranks/test_teams_and_cases.py::test_"
STANDINGS = "chapters/test_rank_decisions.py::test_far_out_reps_stand_first_and_last_and_the_middle_is_not_told_apart"
PRIORS = "checks/test_priors.py::test_weights_are_the_ratio_of_prior_densities"
MISFITS = "chapters/lead_times/test_misfits.py"
TEMPO = "chapters/lead_times/test_tempo.py"
RESIDUAL = "chapters/lead_times/test_residual.py"
PRECISION = "inference/laplace/test_corrected.py::test_gamma_precision_is_the_density_of_the_scale"
CORRECTED = "inference/laplace/test_corrected.py"
ENGINE = "inference/test_engines.py::test_"
FAULTS = (
    fault("an exit is ignored", GOLDEN,
          "data/counting/packed.py", '_ENDS = {"event_at": 1, "exit_at": 2, ', '_ENDS = {"event_at": 1, '),
    fault("a type that is not known counts as absent, without a question", "data/frames/test_plain_types.py",
          "data/counting/plan.py", "elif not _all_null(opened, name):", "elif not isinstance(dtype, nw.Unknown):"),
    fault("exact decimals keep their zeros", "data/frames/test_plain_types.py",
          "data/frames/plain_types.py", 'text.str.replace_all("[.]?0+$", "")', "text"),
    fault("a day before the year 1 is any day before the judgment", "data/frames/test_empty_days.py",
          "data/counting/problems.py", "(packed.code >> 2) + judged < FIRST_OF_ALL)", "(packed.code >> 2) + judged < -(10**9))"),
    fault("a tie goes to the exit and not to the event", GOLDEN,
          "data/counting/packed.py", '_ENDS = {"event_at": 1, "exit_at": 2, ', '_ENDS = {"event_at": 2, "exit_at": 1, ',
          "data/counting/counts.py", "EVENT, EXIT, OPEN = 1, 2, 3", "EVENT, EXIT, OPEN = 2, 1, 3"),
    fault("early events of young judgments are counted", MATURE,
          "data/counting/counts.py", "hit = mature & (self.ending == EVENT)", "hit = (self.ending == EVENT)"),
    fault("an event on the last day of the horizon is late", COUNTS + "::test_the_horizon_itself_is_within",
          "data/counting/counts.py", "(self.days <= within_days)", "(self.days < within_days)"),
    fault("weekly events of young judgments are counted", WEEKS,
          "data/counting/weekly_rows.py", "counted[1, i] = of_age * sums", "counted[1, i] = sums"),
    fault("young judgments of every age are half answered", "data/counting/test_young.py",
          "data/counting/young.py", "np.where(counted > 0, expected / np.maximum(counted, 1.0), 1.0)",
          "np.where(counted > 0, 0.5, 1.0)"),
    fault("the days of events are read from young judgments, too", "data/counting/test_young.py",
          "data/counting/reached.py", "hit = mature & (counts", "hit = (counts"),
    fault("young judgments lost from sight are silent", "data/counting/test_young.py",
          "data/counting/young.py", "or in_part > MOST_UNKNOWN * weeks.n[is_young].sum()", ""),
    fault("answers that are out count as none", "inference/test_delayed_binomial.py",
          "inference/declare/families.py", "np.log(odds_against + (1.0 - self._reached(eta)))", "np.log(odds_against)"),
    fault("weeks begin a day later", WEEKS,
          "data/counting/weekly_rows.py", "return (days / WEEK_DAYS)", "return ((days + 1) / WEEK_DAYS)"),
    fault("weekly endings count the later of event and exit", WEEKS,
          "data/counting/weekly_rows.py", "return nw.col(\"code\") == (nw.col(day) - nw.col(\"judged_day\")) * 4 + bits",
          "return nw.col(day) <= nw.col(\"as_of_day\")"),
    fault("what is recent stops at 13 weeks", WEEKS,
          "data/counting/weekly.py", "weeks = np.maximum(RECENT_WEEKS,", "weeks = np.minimum(RECENT_WEEKS,"),
    fault("a quarter is compared with itself among the others", "stats/test_periods.py",
          "stats/periods.py", "n_others = n.sum(axis=1, keepdims=True) - n",
          "n_others = n.sum(axis=1, keepdims=True) + 0 * n"),
    fault("quarters differ though chance explains it", "checks/test_quarters.py",
          "checks/quarters.py", "if found.p_value < CHANCE}", "if found.p_value < 1.1}",
          "checks/quarters.py", "z > STANDS_OUT", "z > 0"),
    fault("a hand-back ends the reading", "data/counting/test_exits.py",
          "data/counting/packed.py", 'if role != "exit_at" or plan.to_hand_back or', 'if role or plan.to_hand_back or'),
    fault("any exit is followed through to the event", "data/counting/test_exits.py",
          "data/counting/exits.py", "given.get(label) or named.get(", "HANDED_BACK or named.get("),
    fault("what was handed back lately counts as without event", "chapters/exits/test_hand_backs.py",
          "chapters/exits/hand_backs.py",
          "old = back & (exits.maturity > exits.horizons.index(within_days))", "old = back"),
    fault("judgments lost from sight count as without event", "data/counting/test_exits.py",
          "data/counting/counts.py", "young, mature = ~mature, mature & ~part", "young = ~mature"),
    fault("a judgment is mature a day late", GOLDEN,
          "data/counting/packed.py", "nw.when(judged <= as_of_day - horizon)", "nw.when(judged < as_of_day - horizon)"),
    fault("an event on an edge falls into the next interval", BY_HAND,
          "data/counting/counts.py", "np.searchsorted(edges, self.days)", 'np.searchsorted(edges, self.days, side="right")'),
    fault("person-days end at midnight before and not after the edge", BY_HAND,
          "data/counting/counts.py", "np.concatenate([[0.0], edges + 0.5])", "np.concatenate([[0.0], edges - 0.5])"),
    fault("late entry is ignored", BY_HAND,
          "data/counting/counts.py", "np.maximum(start, lower), 0.0", "lower, 0.0"),
    fault("amounts of judgments not won are added up", AMOUNTS,
          "data/counting/amounts.py", "known = nw.when(won & (nw.col", "known = nw.when((nw.col"),
    fault("a table that grew between two counts is counted on", "data/counting/test_same_state.py",
          "data/counting/rows.py", "        self.first.check_counts(packed, keep, plan)\n", ""),
    fault("an ending that moves between two counts goes unseen", "data/counting/test_same_state.py",
          "data/counting/same_state.py", "int(code @ n) != self.total_code", "not self.n"),
    fault("of several versions of a judgment the first counts", "data/frames/test_versions.py",
          "data/frames/versions.py", 'nw.col(VERSION) < nw.col("last_version")', 'nw.col(VERSION) > nw.col("last_version")'),
    fault("a row is known before it was recorded", "data/frames/test_versions.py",
          "data/counting/packed.py", '_SEEN_FROM = ("entered_at", "recorded_at")', '_SEEN_FROM = ("entered_at",)'),
    fault("an earlier snapshot is read in UTC", "data/counting/test_same_state.py",
          "data/counting/judgments.py", "as_day(as_of, checked.choices.timezone)", 'as_day(as_of, "UTC")'),
    fault("a label's quotes end its element of an array", "data/scoring/test_small_tables.py",
          "data/scoring/small_tables.py", r""".replace('"', '\\"')""", ""),
    fault("an event before the judgment is no problem", "data/counting/test_problems.py",
          "data/counting/problems.py", "EVENT_BEFORE: early & (bits == 1)", "EVENT_BEFORE: early & (bits == 0)"),
    fault("Greenwood's n(n − d) becomes n²", CURVES,
          "stats/survival/lifetable.py", "n * (n - ended)))", "n * n))"),
    fault("exits do not compete: 1 − KM", CURVES,
          "stats/survival/lifetable.py", "_hazard_parts(all_ended, counts)", "_hazard_parts(ended, counts)"),
    fault("the life table's covariance has the wrong sign", CURVES,
          "stats/survival/lifetable.py", "- 2 * share * np.cumsum(cross)", "+ 2 * share * np.cumsum(cross)"),
    fault("pooled violators decrease", "stats/forecasts/test_isotonic.py",
          "stats/forecasts/isotonic.py", "weights=cells.weight)", "weights=cells.weight, increasing=False)"),
    fault("pooled violators forget their weights", "stats/forecasts/test_isotonic.py",
          "stats/forecasts/isotonic.py", "regression(cells.rate, weights=cells.weight)", "regression(cells.rate)"),
    fault("a unit of a funnel counts in its own spread", "stats/test_funnel.py",
          "stats/funnel.py", "others = np.arange(n.size) != place", "others = np.arange(n.size) >= 0"),
    fault("the interval of miscalibration and its test part", "stats/forecasts/test_decomposition.py",
          "stats/forecasts/decomposition.py", "debiased**2 + (null.upper - null.expected) ** 2",
          "debiased**2 + (null.expected - null.lower) ** 2"),
    fault("the smooth band forgets that its bend is uncertain", "stats/forecasts/test_bands.py",
          "stats/forecasts/smooth_band.py", "ndtr((middle - means) / sds)", "ndtr((middle - means) / sds * 3)"),
    fault("few hits in few forecasts have no variance", "stats/forecasts/test_calibration_error.py",
          "stats/forecasts/calibration_error.py", "DRAWN_IN = 2.0", "DRAWN_IN = 0.0"),
    fault("lower and upper are swapped", RANK + "intervals_hold_the_truth_of_a_simulated_organisation",
          "stats/intervals.py", "lower, upper = (_quantile_of", "upper, lower = (_quantile_of"),
    fault("a 90 % interval covers 80 %", RANK + "one_rep_and_one_rank_is_the_plain_beta_like_answer",
          "stats/intervals.py", "tail = (1.0 - interval_prob) / 2.0", "tail = 1.0 - interval_prob"),
    fault("an exact bound is that of one event more", "stats/test_binomial.py",
          "stats/binomial.py", "others + 1.0, tail)", "others + 2.0, tail)"),
    fault("an incidence forgets the exits", "chapters/lead_times/test_curves.py",
          "chapters/lead_times/curves.py", "total = sum(causes[1:], causes[0])", "total = causes[0]"),
    fault("a rep's own use of a rank is fitted, but not read", RESIDUAL,
          "chapters/lead_times/draws.py", 'if "residual" in draws:', 'if "residue" in draws:'),
    fault("a new rep uses every rank as a line through the others says", RESIDUAL,
          "chapters/lead_times/new_rep.py", '("level", "slope", "residual", "tempo")', '("level", "slope", "tempo")'),
    fault("who disqualifies early is called faster", TEMPO,
          "chapters/lead_times/tables.py", "_medians(fit, fit.draws.without_exits)", "_medians(fit, fit.draws)"),
    fault("a rep who only drops duds is called slower",
          "chapters/lead_times/test_tempo.py::test_who_drops_only_duds_is_not_called_slower",
          "chapters/lead_times/tables.py", "low, high = np.minimum(ratio, as_seen), np.maximum(ratio, as_seen)",
          "low, high = ratio, ratio"),
    fault("whose worse ranks bring events is called slower", TEMPO,
          "chapters/lead_times/tables.py", "curves.event / np.maximum(curves.event[..., -1:], 1e-300)", "curves.event"),
    fault("wide default intervals stay whole",
          "chapters/lead_times/test_model.py::test_no_default_interval_is_wider_than_a_quarter_of_its_start",
          "chapters/lead_times/cells.py", "np.diff(person_days[cut]).min() >= enough", "False"),
    fault("the baseline's trend is fitted, but not read",
          "chapters/lead_times/test_baseline.py::test_hazards_are_read_as_declared",
          "chapters/lead_times/draws.py", '("trend", self.cells.trend), ', ""),
    fault("a rank's bends are fitted, but not read",
          "chapters/lead_times/test_baseline.py::test_hazards_are_read_as_declared",
          "chapters/lead_times/draws.py", "common = common + bent", "common = common + 0.0 * bent"),
    fault("all ranks have hazards of one shape",
          "chapters/lead_times/test_baseline.py::test_a_rank_whose_last_events_come_early_is_read_so",
          "chapters/lead_times/baseline.py", "- np.array(bends), 0.0)", "- np.array(bends), 0.0) * 1e-3"),
    fault("late intervals without events are drawn up",
          "chapters/lead_times/test_baseline.py::test_the_last_events_are_expected_where_they_come",
          "chapters/lead_times/baseline.py", "[: max(len(clock) - 1, 0)]", "[:0]"),
    fault("a heap of endings is spread over its day",
          "chapters/lead_times/test_baseline.py::test_person_days_of_a_heap_give_back_its_share",
          "chapters/lead_times/baseline.py", "days[..., interval] *= factor", "days[..., interval] *= 0.0 * factor + 1.0"),
    fault("events go on after all have ended", "chapters/lead_times/test_model.py::test_nothing_comes_after_all_have_ended",
          "chapters/lead_times/fit.py", "np.minimum(wanted, self.last_edge_days) + 0.5", "wanted + 0.5"),
    fault("old prospects are listed whatever the hazard does",
          "chapters/lead_times/test_chasing.py::test_nobody_is_listed_where_the_hazard_never_falls",
          "chapters/lead_times/chasing.py", "& self.late.plateau[rank]", "& (self.late.plateau[rank] | True)",
          "chapters/lead_times/chasing.py", "(chance < OF_FRESH * fresh) & (chance < rule.worth_prob)",
          "np.ones(chance.shape, dtype=bool)",
          "chapters/lead_times/chasing.py", "hardly_any = to_come < rule.worth_prob", "hardly_any = to_come < np.inf"),
    fault("those with events still to come after a lull are listed",
          "chapters/lead_times/test_chasing.py::test_nobody_is_listed_in_a_lull_before_later_events",
          "chapters/lead_times/chasing.py", "hardly_any = to_come < rule.worth_prob", "hardly_any = to_come < np.inf"),
    fault("those past the follow-up are counted as chased",
          "chapters/lead_times/test_chasing.py::test_counts_are_those_of_the_names",
          "chapters/lead_times/chasing.py", '"n_chased": count(n_listed)', '"n_chased": count(opened.n)'),
    fault("the late hazard is its estimate and not its upper end",
          "chapters/lead_times/test_chasing.py::test_early_and_late_hazards_are_counted_by_hand",
          "chapters/lead_times/plateau.py", "0.5 + 0.5 * INTERVAL_PROB", "0.5"),
    fault("a tail of slow events is not looked for",
          "chapters/lead_times/test_never.py::test_slow_events_are_not_called_absent",
          "chapters/lead_times/never.py", "late.plateau & (tail_share < TAIL_SHARE)", "late.plateau"),
    fault("a misfit by every grouping is computed and not told", MISFITS,
          "chapters/lead_times/misfits.py", "        *cell_misfits(calibration.tests, calibration.cells),\n", ""),
    fault("a hazard that rises smoothly is called a cluster", MISFITS,
          "chapters/lead_times/check.py", "*(_beside(seen, days, side) for side in (-1, 1))]", "]"),
    fault("a cluster across two pieces is not seen", MISFITS, "chapters/lead_times/check.py", "REACH = 2", "REACH = 1"),
    fault("a rep whose failures are left out is called above all reps", "data/counting/test_rep_left_out.py",
          "chapters/ranks/profiles.py", " & ~fit.cells.seen_too_little", ""),
    fault("every grouping has the whole level for itself", MISFITS,
          "chapters/lead_times/misfits.py", "surely = p_values * np.isfinite(p_values).sum() < CELL",
          "surely = p_values < CELL"),
    fault("the bar has the wrong sign of d²", BARS,
          "stats/detection/curve.py", "slope - 0.5 * d * d", "slope + 0.5 * d * d"),
    fault("a bar out of reach is met by all and not by none", BARS,
          "stats/detection/curve.py", "np.where(target > phi, np.inf, -np.inf)", "np.where(target > phi, -np.inf, np.inf)"),
    fault("the share above a cutpoint is that below", BARS,
          "stats/detection/curve.py", "phi * ndtr(d - cut) + (1.0 - phi)", "phi * ndtr(cut - d) + (1.0 - phi)"),
    fault("the worst rank has the edges of the best", BARS,
          "stats/detection/curve.py",
          "np.concatenate([cutpoints, -outside], axis=-1), np.concatenate([outside, cutpoints], axis=-1)",
          "np.concatenate([-outside, cutpoints], axis=-1), np.concatenate([cutpoints, outside], axis=-1)"),
    fault("a promise of an average is read as a bar", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/targets.py", "kind=promise.kind, upper", 'kind="bar", upper'),
    fault("optimism points the other way", RANK + "optimism_has_the_sign_of_poor_outcomes",
          "chapters/ranks/profiles.py", "gap, auc = 100.0 * (prob", "gap, auc = -100.0 * (prob"),
    fault("all reps count the same", RANK + "all_reps_row_is_the_count_weighted_mean_of_the_reps",
          "reading/means.py", "n / np.maximum(total, 1e-300), 1.0", "1.0 / len(n), 1.0"),
    fault("a rep whose team is unknown is of an average team", TEAMS + "a_rep_whose_team_is_unknown_may_be_of_any",
          "chapters/ranks/population.py", "linpred + _team_effects(fit, team, rng, shape)[..., None]", "linpred"),
    fault("a rep is read at all reps' mix of teams", TEAMS + "the_gap_of_a_team_is_the_gap_of_its_reps",
          "chapters/ranks/mix.py", "if within_team else team_shares(n)", "if True else team_shares(n)"),
    fault("the spread of a population is that of its mean", TEAMS + "the_spread_of_a_population_is_integrated",
          "chapters/ranks/population.py", "(prob - mean[:, None]) ** 2, both",
          "(prob - prob.mean()) ** 2 * mean[:, None], both"),
    fault("draws of two fits are paired by index", "inference/test_pairing.py",
          "inference/pairing.py", "rng.permutation(_evenly(second.n_draws, n_draws))",
          "_evenly(second.n_draws, n_draws)"),
    fault("two snapshots of the same rows are compared", "chapters/drift/test_overlap.py",
          "chapters/drift/sides.py", "    refuse_shared_judgments(fit, other)\n", ""),
    fault("weeks are counted back from the snapshot date to know rows again",
          "chapters/drift/test_overlap.py::test_weeks_are_those_of_the_calendar_whatever_the_snapshot_date",
          "data/counting/weekly_rows.py", 'weeks_of(nw.col("judged_day") - 1)', "weeks_of(age)"),
    fault("each side of a comparison keeps its own mix of reps",
          "chapters/test_rank_decisions.py::test_who_judges_how_much_is_no_difference_between_two_periods",
          "chapters/drift/sides.py", "[part.spread_out(common) for", "[part.spread_out(_normalise(part.n)) for"),
    fault("the best rep stands last", STANDINGS,
          "chapters/standings/places.py", "np.argsort(np.argsort(-gap, axis=1", "np.argsort(np.argsort(gap, axis=1"),
    fault("the half-normal prior is half as wide", PRIORS,
          "inference/declare/priors.py", "return -0.5 * (scale / self.sd) ** 2", "return -2.0 * (scale / self.sd) ** 2"),
    fault("the Jacobian of a precision's prior is dropped", PRECISION,
          "inference/declare/priors.py", "(2.0 * self.shape + 1.0) * np.log", "(2.0 * self.shape - 2.0) * np.log"),
    fault("the importance weights of the outer draws are dropped", ENGINE + "laplace_gives_the_surgical_posterior",
          "inference/laplace/engine.py", "systematic_resample(found.weights, draws",
          "systematic_resample(np.full_like(found.weights, 1 / len(found.weights)), draws"),
    fault("the determinant of a block is dropped", CORRECTED,
          "inference/laplace/block_weights.py", "log_target -= 0.5 * log_determinant(chol)", "log_target -= 0.0"),
    fault("a block's deviations are not scaled by their prior", CORRECTED,
          "inference/laplace/block_prior.py", "log_target -= self.log_root", "log_target -= 0.0 * self.log_root"),
    fault("the correlation of two terms is dropped from the density of a block", "inference/laplace/test_block_prior.py",
          "inference/laplace/block_prior.py", "log_target -= u[later] * u[earlier] * self.coupling", "log_target -= 0.0"),
    fault("a new rep's slope does not go with the level", "chapters/ranks/test_teams_and_cases.py",
          "chapters/ranks/population.py", "slope = rho * level +", "slope = 0.0 * level +"),
    fault("the spread of a population leaves the correlation out", "chapters/ranks/test_teams_and_cases.py",
          "chapters/ranks/population.py", "variance + 2.0 * both[:, None]", "variance + 0.0 * both[:, None]"),
    fault("an odd rep's slope is forgotten in the spread of a population", "chapters/ranks/test_teams_and_cases.py",
          "chapters/ranks/population.py", "odd.sd[0] ** 2 + of_slope * fit.scores", "odd.sd[0] ** 2 + 0.0 * fit.scores"),
    fault("odd reps count twice in a block's weights", "inference/laplace/test_odd_blocks.py",
          "inference/laplace/odd_blocks.py", "(of_odd + np.log(self.chance))[draw, rep]", "of_odd[draw, rep]"),
    fault("what an odd rep has less of precision is halved in PyMC", "inference/nuts/test_build_cells.py",
          "inference/declare/odd_reps.py", "- lost.log_root + 0.5 * total", "- lost.log_root + 0.25 * total"),
    fault("the search for a place to start stops on the way",
          "chapters/lead_times/test_engines.py::test_hazards_of_few_events_on_little_exposure_are_found",
          "inference/laplace/cell_blocks.py", "[self.prior_mean, scales]", "[np.zeros(self.n_coefficients), scales]",
          "inference/laplace/cell_blocks.py", "for _ in range(40):", "for _ in range(4):"),
    fault("a noisy block keeps its four points", CORRECTED,
          "inference/laplace/engine.py", "_MOST_NOISE, _MOST_POINTS = 0.07, 16", "_MOST_NOISE, _MOST_POINTS = 0.7, 16"),
    fault("a grouping may take the name of a term for its axis",
          ENGINE + "an_axis_called_like_something_of_the_model_gets_another_name",
          "inference/declare/cells.py", "while dim in variables or axes", "while axes"),
    fault("counts that are no whole numbers are fitted", ENGINE + "declarations_that_do_not_fit_are_refused",
          "inference/declare/checks.py", "& (values == np.floor(values)))", ")"),
    fault("after the time limit of nuts nothing is said of it",
          ENGINE + "auto_keeps_the_draws_of_laplace_with_their_doubt_where_nuts_is_not_done_in_time",
          "inference/posterior.py", "if self.nuts_stopped_seconds is not None:\n            say(",
          "if self.nuts_stopped_seconds == 0.0:\n            say("),
    fault("chains are looked at beyond what each of them has drawn",
          ENGINE + "what_is_looked_at_on_the_way_is_the_beginning_of_the_whole",
          "inference/nuts/engine.py", "[names].isel(draw=slice(length))", "[names]"),
    fault("draws with divergent transitions are taken for sound",
          ENGINE + "nuts_draws_on_while_its_checks_fail_and_anew_with_smaller_steps_after_divergences",
          "inference/nuts/engine.py", "<= MOST_R_HAT and not self.n_divergent", "<= MOST_R_HAT"),
    fault("deviations are spelled with another prior than their own", "inference/nuts/test_build_cells.py",
          "inference/nuts/build_cells.py", 'f"{name}_standard", 0.0, spread, dims=dims)', 'f"{name}_standard", 0.0, 1.0, dims=dims)'),
    fault("the density of what later rounds draw from is forgotten", "inference/laplace/test_outer.py",
          "inference/laplace/outer.py", " + r.coefficients.log_density(standard)", ""),
    fault("a rank after the event on its day is kept whatever the clock says", "data/counting/test_event_day.py",
          "data/frames/dates.py", "(clocks[0] < clocks[1])", "(clocks[0] < 0)"),
    fault("a rank after the event takes the place of the one before it", "data/counting/test_event_day.py",
          "data/history/log.py", ' & (nw.col("next_hindsight") == nw.col("hindsight"))', ""),
    fault("nobody is asked about prospects without an outcome", "data/counting/test_event_day.py",
          "data/counting/doubts.py", "many = n > 0 and", "many = n < 0 and"),
    fault("a lost connection is bad input", "data/frames/test_engine_errors.py",
          "data/frames/engine_errors.py", "return EngineError(said)", "return InputError(said)"),
    fault("each table of a DuckDB file is opened in a connection of its own",
          "data/frames/test_urls.py::test_tables_of_one_file_share_a_connection_while_they_are_in_use",
          "data/frames/urls.py", "    _HANDED_OUT[file] = opened\n", ""),
    fault("ids of 15 and of 18 characters are two prospects", "data/history/test_exports.py",
          "data/history/salesforce_ids.py", "ids.str.slice(0, 15)", "ids.str.slice(0, 18)"),
    fault("any text of 18 characters is cut", "data/history/test_exports.py",
          "data/history/salesforce_ids.py", "if not all(map(is_long_id, long)):", "if False:",
          "data/history/salesforce_ids.py", "if any(n_long != n_cut for", "if any(n_long < n_cut for"),
    fault("rows lost from a history are not counted", "data/history/test_exports.py",
          "data/history/salesforce.py", '!= nw.col("led_to_before")', '!= nw.col("value")'),
    fault("nobody is asked about a file without an event", "data/counting/test_doubts.py",
          "data/counting/doubts.py", "[] if has_events else", "[] if not has_events else"),
    fault("ranks that stand worst first are not seen", "data/counting/test_doubts.py",
          "data/counting/doubts.py", "trend < -SURE_Z * np.sqrt", "trend > SURE_Z * np.sqrt"),
    fault("the share now is told without what was counted", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/boundary_rows.py", "n[:, : boundary + 1]", "n[:, :boundary]"),
    fault("a promise is kept only where it is met to the last digit", "chapters/test_rank_decisions.py",
          "chapters/promises/reliability.py", "odds_beyond(draws, promised, margin_odds=margin_odds)",
          "odds_beyond(draws, promised, margin_odds=1.0001)"),
    fault("a gap in log-odds is held against five points", "chapters/ranks/test_model.py",
          "chapters/ranks/profiles.py", "on_odds < -margin", "on_odds < -5.0"),
    fault("an aim is read off a model that does not fit", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/boundary_rows.py", "columns[name] if fits_well else", "columns[name] if fit_p_value >= 0.0 else"),
    fault("reading is named from outcomes and bars alone", "chapters/thresholds/test_style.py",
          "chapters/thresholds/style.py", "may_judge = enough & (assignment == RANDOM or bool(rank_fit.adjust_for))",
          "may_judge = enough"),
    fault("who has moved is told to move again", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/today.py", "(n > 0) & (np.log", "(n < 0) & (np.log"),
    fault("the first answer waits for the youngest judgment", "chapters/ranks/test_first_answers.py",
          "chapters/ranks/first_answers.py", ">= FEWEST_SHOWN)[0].max())", ">= FEWEST_SHOWN)[0].min())"),
    fault("a rank that stays leaves its prospects to the next", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/boundary_rows.py", "np.where(moves, aim.cut, cut)", "np.where(moves, aim.cut, aim.cut)"),
    fault("a verdict is announced as if nothing were known yet", "reading/test_waiting.py",
          "reading/waiting.py", "later = 1.0 / np.sqrt(precision + more", "later = 1.0 / np.sqrt(more"),
    fault("a step leads back behind where the rep stands", "chapters/thresholds/test_advice.py",
          "chapters/thresholds/steps.py", "np.minimum(share_now, counted)", "share_now"),
    fault("the residual of a rank turns the promise the other way", "chapters/thresholds/test_residuals.py",
          "chapters/thresholds/targets.py", "asked = shifted(np.asarray(promise.prob), -np.asarray(beside))", "asked = shifted(np.asarray(promise.prob), np.asarray(beside))"),
    fault("a strength is somebody who reads as meant or tells apart", "chapters/ranks/test_strengths.py",
          "chapters/ranks/strengths.py", "(as_meant & (area >= others))", "(as_meant | (area >= others))"),
    fault("of several horizons the narrowest gap is told", "chapters/ranks/test_chapter.py",
          "chapters/ranks/findings.py", "told = [max(of_side, key=", "told = [min(of_side, key="),
    fault("two models far apart are not doubted", "chapters/thresholds/test_doubts.py",
          "chapters/thresholds/doubts.py", "(score > APART)", "(score > 10.0 * APART)"),
    fault("of a rep with a handful of judgments something is found", "test_workflow.py",
          "reading/flags.py", "FEWEST_JUDGMENTS = 30", "FEWEST_JUDGMENTS = 1"),
    fault("a covariance counts once and not each way", "inference/laplace/test_surrogate.py",
          "inference/laplace/surrogate.py", "np.where(i == j, 0.0, 1.0)", "np.where(i == j, 0.0, 0.0)"),
    fault("prior sensitivity weights by the inverse ratio", PRIORS,
          "checks/priors.py", "smooth_weights(_stretch", "smooth_weights(-_stretch",
          "checks/priors.py", "- prior.log_density(scale))", "+ prior.log_density(scale))"),
    fault("replicated counts are compared the wrong way round", "reading/test_predictive.py",
          "reading/predictive.py", "(new >= seen).mean()", "(new <= seen).mean()"),
    fault("the curves of all reps stand in memory at once", "test_memory.py",
          "chapters/lead_times/scores.py", "for reps, curves in fit.draws.in_chunks(times):",
          "for reps, curves in [*fit.draws.in_chunks(times)]:"),
    fault("the rows of every chunk stand where the first chunk's stand", "reading/test_rep_chunks.py",
          "reading/rep_chunks.py", "filled[name][reps] = rows", "filled[name][: len(rows)] = rows"),
    fault("the upper end of an interval is the draw below it", "stats/test_intervals.py",
          "stats/intervals.py", "else upper - step * (1.0 - fraction)", "else lower"),
    fault("all reps' mean is that of the last chunk", "reading/test_rep_chunks.py",
          "chapters/ranks/fit.py", 'total += np.einsum("srk,rk->sk"', 'total = np.einsum("srk,rk->sk"'),
    fault("only the last chunk's small cells are put together", "reading/test_rep_chunks.py",
          "chapters/lead_times/check.py", "small += draws", "small[:] = draws"),
    fault("who ranks last is told to rank lower", "chapters/ranks/test_talk.py",
          "chapters/ranks/talk.py", "k < last if off < 0 else k > 0", "True"),
    fault("half an event is worth talking about", "chapters/ranks/test_talk.py",
          "chapters/ranks/talk.py", " and abs(off) >= 1.0", ""),
    fault("neighbouring ranks count as the wrong way round", "chapters/ranks/test_talk.py",
          "chapters/ranks/talk.py", "apart = 2 if len(n) > 2 else 1", "apart = 1"),
    fault("the middle rank is a low one", "chapters/ranks/test_talk.py",
          "chapters/ranks/talk.py", "events, ranks = rows.fit.events.sum(axis=0), rows.fit.ranks\n"
          "    low = len(ranks) - len(ranks) // 2",
          "events, ranks = rows.fit.events.sum(axis=0), rows.fit.ranks\n    low = len(ranks) // 2"),
    fault("a rep of 30 judgments is none of the others", "chapters/ranks/test_others.py",
          "chapters/ranks/others.py", ">= FEWEST_JUDGMENTS", "> FEWEST_JUDGMENTS"),
    fault("where all events stood in one rank it is not all", "chapters/ranks/test_reverse.py",
          "chapters/ranks/reverse.py", "np.where(events < n_events,", "np.where(events <= n_events,"),
    fault("young judgments are expected to have all their events", "chapters/ranks/test_young.py",
          "chapters/ranks/doubts.py", "young.n * young.reached * fit.raw_rates", "young.n * fit.raw_rates"),
    fault("where no line holds the side is the other one", "chapters/stated/test_chapter.py",
          "chapters/stated/findings.py", '("stated.departs_above", "stated.departs_below")',
          '("stated.departs_below", "stated.departs_above")'),
    fault("who is too timid is told of 0 and 100 %", "chapters/stated/test_chapter.py",
          "chapters/stated/findings.py", 'between_ends=fault == "too_timid"', "between_ends=False"),
    fault("percentages too extreme weigh a hundred times", "chapters/stated/test_chapter.py",
          "chapters/stated/findings.py", 'weight=row["n"] * row["error_points"] / 100.0',
          'weight=row["n"] * row["error_points"]'),
    fault("the range of what is to come leaves chance out", "chapters/lead_times/test_coming.py",
          "chapters/lead_times/coming.py", "spread += (chance * (1.0 - chance))",
          "spread += 0.0 * (chance * (1.0 - chance))"),
    fault("who came under observation late was followed all along", "chapters/lead_times/test_chasing.py",
          "chapters/lead_times/plateau.py", " & (counts.entry_days <= late_from)", ""),
    fault("nothing comes after the last day followed", "chapters/lead_times/test_never.py",
          "chapters/lead_times/never.py", "equal_tailed(1.0 - event - tail,", "equal_tailed(1.0 - event,"),
    fault("reps of a handful at a rank speak for everybody", "chapters/promises/test_everybody.py",
          "chapters/promises/everybody.py", " & (fit.n[:, k] >= FEWEST_SHOWN)", ""),
    fault("late observation tells of the days of events", "data/counting/test_young.py",
          "data/counting/reached.py", " & (counts.entry_days == 0)", ""),
    fault("a bar of all reps weighs them by one rank", "chapters/test_rank_decisions.py",
          "chapters/promises/reliability.py", "_with_all(bars[:, :, k], fit.n.sum(axis=1))",
          "_with_all(bars[:, :, k], fit.n[:, k])"),
    fault("of a bar a verdict takes five judgments", "chapters/test_rank_decisions.py",
          "chapters/promises/reliability.py", "(FEWEST_JUDGMENTS if is_bar else FEWEST_SHOWN)", "FEWEST_SHOWN"),
    fault("one more rep is among the worst", "chapters/standings/test_chapter.py",
          "chapters/standings/places.py", "(standing > n_reps - n_worst)", "(standing >= n_reps - n_worst)"),
    fault("rows of metrics lose what they are of", "test_metrics.py",
          "metrics.py", "chapter.labels.get(name, ())", "()"),
    fault("each card works out the money of all reps anew", "report/test_cards.py",
          "chapters/value/section.py", 'page.once(fit, "own", lambda: _own_tables(fit))', "_own_tables(fit)"),
    fault("cards of two answers show what was read of the first", "report/test_cards.py",
          "views/page.py", "key = (id(answer), name)", "key = (0, name)"),
    fault("draws are held twice while they are saved", "test_memory.py::test_draws_are_not_held_twice_while_they_are_written",
          "archive.py", "    return replace_whole(Path(path), write)\n",
          "    held = io.BytesIO()\n    write(held)\n    return replace_whole(Path(path), held.getvalue())\n"),
)  # fmt: skip


def texts_lost(found: Fault) -> list[str]:
    """What of a fault is not in the code exactly once."""
    texts = [(module, old, (PROJECT / "src" / "calibra" / module)) for module, old, _ in found.changes]
    held = [
        (module, old, path.read_text(encoding="utf-8").count(old) if path.exists() else 0)
        for module, old, path in texts
    ]
    return [
        f"{found.name}: {module} must hold {old!r} once; it holds it {n} times." for module, old, n in held if n != 1
    ]


def seed_fault(found: Fault, source: Path) -> None:
    """Change the copy."""
    for module, old, new in found.changes:
        path = source / "calibra" / module
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


RUN = """
import sys, calibra
assert calibra.__file__ == sys.argv[1], calibra.__file__
import pytest
sys.exit(pytest.main(sys.argv[2:]))
"""


def run_tests(tests: str, source: Path) -> tuple[int, str]:
    """Exit status and last line of pytest on these tests with this copy of the code, and no other."""
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    chosen = ["-m", "not engines and not browser and not nuts", "-p", "no:cacheprovider", "-p", "no:randomly"]
    shown = ["-x", "-q", "--no-header", "--tb=no", "--show-capture=no"]
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(source / "calibra" / "__init__.py"), *shown, *chosen,
         *(f"tests/{name}" for name in tests.split())],
        env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return ran.returncode, (failed or ran.stdout.splitlines() or ran.stderr.splitlines() or [""])[-1]


def choose(asked: argparse.Namespace) -> list[Fault]:
    """The faults asked for; those of a part stand one after the other."""
    named = [found for found in FAULTS if not asked.words or any(word in found.name for word in asked.words)]
    part, n_parts = map(int, asked.part.split("/"))
    return named[len(named) * (part - 1) // n_parts : len(named) * part // n_parts]


def main() -> int:
    """Seed every fault in turn; 1 if any survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only faults whose names hold one of them")
    parser.add_argument("--part", default="1/1", help="only one part of so many, as in 2/10")
    parser.add_argument("--texts", action="store_true", help="only look whether every fault finds its text")
    asked = parser.parse_args()
    chosen = choose(asked)
    if lost := [line for found in chosen for line in texts_lost(found)]:
        raise SystemExit("\n".join(lost))
    if asked.texts:
        print(f"Every one of {len(chosen)} faults finds its text.")  # noqa: T201
        return 0
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(PROJECT / "src", source, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        status, said = run_tests(" ".join(dict.fromkeys(found.tests for found in chosen)), source)
        if status != 0:
            raise SystemExit(f"Without any fault these tests must pass; they do not: {said}")
        for found in chosen:
            seed_fault(found, source)
            status, said = run_tests(found.tests, source)
            if status not in (0, 1):
                raise SystemExit(f"{found.name}: the tests did not run (status {status}): {said}")
            survived += [found.name] if status == 0 else []
            print(f"{'SURVIVED' if status == 0 else 'caught'}: {found.name}. {said}", flush=True)  # noqa: T201
            for module in {module for module, *_ in found.changes}:
                Path(cache_from_source(str(source / "calibra" / module))).unlink(missing_ok=True)
                shutil.copy(PROJECT / "src" / "calibra" / module, source / "calibra" / module)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} faults caught.")  # noqa: T201
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main())
