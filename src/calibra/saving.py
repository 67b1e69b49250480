"""What a calibration is made of, as members of a `.calibra` file, and put together again.

Draws are saved; everything that follows from counts, draws and choices without chance is laid out anew on reading.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra import __version__
from calibra.archive import Archive
from calibra.codecs import from_plain, pack_arrays, pack_table, to_plain, unpack_arrays, unpack_table
from calibra.data.saved_judgments import (
    CellsLabels,
    CountsLabels,
    ExitsLabels,
    Reading,
    SavedJudgments,
    WeeksLabels,
    cells_columns,
    cells_from_columns,
    counts_columns,
    counts_from_columns,
    exits_columns,
    exits_from_columns,
    fingerprint,
    has_rows,
    noted_of,
    reading_of,
    weeks_columns,
    weeks_from_columns,
)
from calibra.decisions.granularity import Granularity, Merge
from calibra.decisions.thresholds import ADVICE_COLUMNS, AdviceRules, ThresholdAdvice
from calibra.fit_settings import FitSettings
from calibra.inference.archive import pack_posterior, unpack_posterior
from calibra.inference.priors import LKJ, GammaPrecision, HalfNormal, Normal
from calibra.models.lead_time import LeadTimeModel, LeadTimePriors
from calibra.models.rank import RankModel, RankPriors
from calibra.models.threshold import ThresholdModel, ThresholdPriors

if TYPE_CHECKING:
    from calibra.calibration import Calibration
    from calibra.data.counts import BinomialCells
    from calibra.data.judgments import Judgments
    from calibra.scoring import CalibrationTable

KINDS = {
    kind.__name__: kind
    for kind in (
        LKJ, AdviceRules, CellsLabels, CountsLabels, ExitsLabels, FitSettings, GammaPrecision, HalfNormal,
        LeadTimeModel, LeadTimePriors, Merge, Normal, RankModel, RankPriors, Reading, ThresholdModel, ThresholdPriors,
        WeeksLabels,
    )
}  # fmt: skip
"""Records a manifest may hold."""
_MADE_WITH = ("numpy", "scipy", "pyarrow", "pymc", "nutpie")
_EARLIER_MARGIN = "margin_points"
"""A rule of files written before the margin was one on the odds; the verdicts in them are as they were given."""
_WEEKS = ("weeks.parquet", "judged_weeks.parquet", "endings.parquet")
_EXTRA_ADVICE = ("promise", "is_best", "auc_lower", "auc_upper")


def pack_calibration(calibration: Calibration, scores: CalibrationTable) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the members of a calibration, with the calibration table it is scored with."""
    arrays: dict[str, NDArray[np.float64]] = {}
    members: dict[str, bytes] = {"calibration_table.parquet": pack_table(scores.columns)}
    manifest = {
        "made_with": {"calibra": __version__, "python": platform.python_version()}
        | {name: version(name) for name in _MADE_WITH},
        "about": _about(calibration),
        "scoring": {
            "reps": list(scores.reps), "ranks": list(scores.ranks), "n_weeks": scores.n_weeks,
            "interval_prob": scores.interval_prob, "rests_on": dict(scores.rests_on),
            "columns": calibration.judgments.columns,
            "rank_labels": dict(reading_of(calibration.judgments).rank_labels),
        },
        "seed": calibration.seed, "settings": to_plain(calibration.settings),
        "said": to_plain({name: getattr(calibration, name) for name in ("notes", "failed", "findings")}),
        "judgments": _pack_judgments(calibration, members), "fits": _pack_fits(calibration, arrays, members),
        "advice": _pack_advice(calibration.advice, members),
        "granularity": [_pack_granularity(days, found, members) for days, found in calibration.granularity.items()],
    }  # fmt: skip
    members["draws.npz"] = pack_arrays(arrays)
    return manifest, members


def _about(calibration: Calibration) -> dict[str, Any]:
    """What a person looks for first."""
    judgments = calibration.judgments
    engines = dict.fromkeys(fit.engine for _, fit in calibration.named_fits())
    tables = [columns for _, columns in map(cells_columns, _all_cells(calibration))]
    tables += [] if judgments.as_of is None else [counts_columns(judgments.duration_counts())[1]]
    return {
        "as_of": None if judgments.as_of is None else judgments.as_of.isoformat(), "engines": list(engines),
        "n_judgments": judgments.n_judgments, "n_reps": len(judgments.reps), "counts_sha256": fingerprint(tables),
    }  # fmt: skip


def _all_cells(calibration: Calibration) -> list[BinomialCells]:
    """Cells of every horizon fitted; the threshold model's are the rank model's."""
    return [fit.cells for fit in calibration.rank_fits.values()]


# judgments ------------------------------------------------------------------------------------------------------------


def _pack_judgments(calibration: Calibration, members: dict[str, bytes]) -> dict[str, Any]:
    judgments = calibration.judgments
    cells = [cells_columns(found) for found in _all_cells(calibration)]
    for i, (_, columns) in enumerate(cells):
        members[f"cells-{i}.parquet"] = pack_table(columns)
    told = None
    if judgments.as_of is not None:
        told, columns = counts_columns(judgments.duration_counts())
        members["counts.parquet"] = pack_table(columns)
    weeks, exits = _pack_weeks(judgments, members), _pack_exits(judgments, cells, members)
    scale = judgments.scale
    return {
        "scale": {
            "ranks": list(scale.ranks), "promises": [
                None if promise is None else [promise.prob, promise.within_days, promise.kind]
                for promise in scale.promise_by_rank
            ],
        },
        "assignment": judgments.assignment,
        "columns": to_plain(judgments.columns), "reading": to_plain(reading_of(judgments)),
        "set_aside": to_plain([
            (found.reason, found.per_rep, found.examples, found.message) for found in judgments.set_aside.findings
        ]),
        "log_doubts": to_plain([(doubt.kind, dict(doubt.values)) for doubt in judgments.log_doubts]),
        "noted": to_plain(noted_of(judgments)), "counts": to_plain(told), "weeks": weeks,
        "exits": exits,
        "cells": to_plain([labels for labels, _ in cells]),
    }  # fmt: skip


def _pack_weeks(judgments: Judgments, members: dict[str, bytes]) -> Any:
    """Counts by week into members, and what their columns do not say; nothing where no days are known."""
    if not has_rows(judgments):
        return None
    labels, tables = weeks_columns(judgments)
    members |= {name: pack_table(columns) for name, columns in zip(_WEEKS, tables, strict=True)}
    return to_plain(labels)


def _pack_exits(judgments: Judgments, cells: Sequence[tuple[CellsLabels, Any]], members: dict[str, bytes]) -> Any:
    """Exits, and what came in our care where kinds of exits are known, into members."""
    if not has_rows(judgments):
        return None
    labels, columns = exits_columns(judgments.exits())
    members["exits.parquet"] = pack_table(columns)
    if "exit_kind" in judgments.columns:
        for i, (of, _) in enumerate(cells):
            care = judgments.binomial_cells(within_days=of.within_days, in_our_care=True)
            members[f"care-{i}.parquet"] = pack_table(cells_columns(care)[1])
    return to_plain(labels)


def unpack_judgments(archive: Archive) -> SavedJudgments:
    """The judgments, as far as a file keeps them."""
    from calibra.data.doubts import Doubt
    from calibra.data.problems import Finding, SetAside
    from calibra.data.scale import Promise, RankScale

    told = archive.manifest["judgments"]
    ranks, promises = told["scale"]["ranks"], told["scale"]["promises"]
    promised = {rank: Promise(*promise) for rank, promise in zip(ranks, promises, strict=True) if promise}
    labels = from_plain(told["counts"], KINDS)
    cells = [
        cells_from_columns(found, unpack_table(archive.members[f"cells-{i}.parquet"]))
        for i, found in enumerate(from_plain(told["cells"], KINDS))
    ]
    counts = labels and counts_from_columns(labels, unpack_table(archive.members["counts.parquet"]))
    labels, weeks = from_plain(told.get("weeks"), KINDS), None  # of files older than these counts: none
    if labels is not None:
        weeks = weeks_from_columns(labels, *(unpack_table(archive.members[name]) for name in _WEEKS))
    exits = from_plain(told.get("exits"), KINDS)
    exits = exits and exits_from_columns(exits, unpack_table(archive.members["exits.parquet"]))
    care = [
        cells_from_columns(found, unpack_table(archive.members[f"care-{i}.parquet"]))
        for i, found in enumerate(from_plain(told["cells"], KINDS))
        if f"care-{i}.parquet" in archive.members
    ]
    return SavedJudgments.restore(
        scale=RankScale(ranks, promised), columns=from_plain(told["columns"], {}), counts=counts, cells=tuple(cells),
        weeks=weeks, exits=exits, care=tuple(care),
        assignment=told.get("assignment"),
        log_doubts=tuple(Doubt(*doubt) for doubt in from_plain(told.get("log_doubts", []), {})),
        reading=from_plain(told["reading"], KINDS), noted=from_plain(told["noted"], {}),
        set_aside=SetAside(tuple(Finding(*found) for found in from_plain(told["set_aside"], {}))),
    )  # fmt: skip


# fits -----------------------------------------------------------------------------------------------------------------


def _pack_fits(
    calibration: Calibration, arrays: dict[str, NDArray[np.float64]], members: dict[str, bytes]
) -> dict[str, Any]:
    """Draws into the arrays, the rest as plain values."""
    rank = {days: fit.posterior for days, fit in calibration.rank_fits.items()}
    threshold = {days: fit.posterior for days, fit in calibration.threshold_fits.items()}
    told: dict[str, Any] = {
        name: [
            {"within_days": days, "posterior": pack_posterior(posterior, f"{name}-{i}", arrays)}
            for i, (days, posterior) in enumerate(fits.items())
        ]
        for name, fits in (("rank", rank), ("threshold", threshold))
    }
    lead = calibration.lead_fit
    if lead is None:
        return told | {"lead_time": None}
    opened = lead.open_counts
    members["open.parquet"] = pack_table(
        {"rep": opened.rep, "rank": opened.rank, "age_days": opened.age_days, "n": opened.n}
    )
    posteriors = {cause: pack_posterior(found, f"lead-{cause}", arrays) for cause, found in lead.posteriors.items()}
    return told | {
        "lead_time": {"edges_days": lead.cells.exposure.edges_days.tolist(), "posteriors": posteriors},
    }


def unpack_fits(archive: Archive, judgments: SavedJudgments, settings: FitSettings) -> dict[str, Any]:
    """`rank_fits`, `lead_fit` and `threshold_fits` of a calibration."""
    from calibra.data.open_rows import OpenCounts
    from calibra.models.restore import restore_lead_time_fit, restore_rank_fit, restore_threshold_fit

    told, arrays = archive.manifest["fits"], unpack_arrays(archive.members["draws.npz"])
    scale = judgments.scale

    def cells(days: int | None) -> BinomialCells:
        return judgments.binomial_cells(within_days=days)

    rank_fits = {
        fit["within_days"]: restore_rank_fit(
            replace(settings.rank, within_days=fit["within_days"]), cells(fit["within_days"]), scale,
            unpack_posterior(fit["posterior"], arrays), judgments,
        )
        for fit in told["rank"]
    }  # fmt: skip
    threshold_fits = {
        fit["within_days"]: restore_threshold_fit(
            replace(settings.threshold, within_days=fit["within_days"]), cells(fit["within_days"]), scale,
            unpack_posterior(fit["posterior"], arrays),
        )
        for fit in told["threshold"]
    }  # fmt: skip
    lead, lead_fit = told["lead_time"], None
    if lead is not None:
        model = replace(settings.lead_time, interval_edges_days=tuple(lead["edges_days"]))
        posteriors = {cause: unpack_posterior(found, arrays) for cause, found in lead["posteriors"].items()}
        opened = OpenCounts(**unpack_table(archive.members["open.parquet"]))
        lead_fit = restore_lead_time_fit(model, judgments.duration_counts(), opened, scale, posteriors)
    return {"rank_fits": rank_fits, "lead_fit": lead_fit, "threshold_fits": threshold_fits}


# what was decided -----------------------------------------------------------------------------------------------------


def _pack_advice(advice: ThresholdAdvice | None, members: dict[str, bytes]) -> dict[str, Any] | None:
    if advice is None:
        return None
    members["advice.parquet"] = pack_table({
        **advice.columns, "promise": advice.promises, "is_best": advice.is_best,
        "auc_lower": advice.auc_interval[0], "auc_upper": advice.auc_interval[1],
    })  # fmt: skip
    return {name: to_plain(getattr(advice, name)) for name in ("target", "rules", "pool", "diagnostics", "settings")}


def unpack_advice(archive: Archive) -> ThresholdAdvice | None:
    """The advice on thresholds, as it was given."""
    told = archive.manifest["advice"]
    if told is None:
        return None
    told = told | {"rules": {name: rule for name, rule in told["rules"].items() if name != _EARLIER_MARGIN}}
    columns = unpack_table(archive.members["advice.parquet"])
    extra = {name: columns.pop(name) for name in _EXTRA_ADVICE}
    columns["within_days"] = columns["within_days"].astype(object)
    unknown = np.full(len(columns["rep"]), np.nan)  # of columns that the calibra which wrote the file did not have
    columns.setdefault("binormal_auc", columns.get("auc", unknown))  # its earlier name
    return ThresholdAdvice(
        {name: columns.get(name, unknown) for name in ADVICE_COLUMNS},
        extra["promise"].astype(float),
        extra["is_best"].astype(bool),
        np.stack([extra["auc_lower"], extra["auc_upper"]]),
        **{name: from_plain(value, KINDS) for name, value in told.items()},
    )


def _pack_granularity(days: int | None, found: Granularity, members: dict[str, bytes]) -> dict[str, Any]:
    members[f"granularity-{days}.parquet"] = pack_table(found.columns)
    names = ("n_supported", "groups", "merges", "margin_points", "settings")
    return {"within_days": days} | {name: to_plain(getattr(found, name)) for name in names}


def unpack_granularity(archive: Archive) -> dict[int | None, Granularity]:
    """How many ranks the data told apart, by horizon."""
    found = {}
    for told in archive.manifest["granularity"]:
        days = told["within_days"]
        columns = unpack_table(archive.members[f"granularity-{days}.parquet"])
        plain = {name: from_plain(value, KINDS) for name, value in told.items() if name != "within_days"}
        found[days] = Granularity(columns=columns, **plain)
    return found
