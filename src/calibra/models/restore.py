"""Fits put together again from counts, choices and saved draws, without a new draw."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from calibra.data.counts import BinomialCells, DurationCounts
from calibra.data.judgments import Judgments
from calibra.data.open_rows import OpenCounts
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.inference.cell_model import CellModel
from calibra.inference.posterior import Posterior
from calibra.models.cells import pack_cells
from calibra.models.lead_time import LeadTimeModel
from calibra.models.lead_time_cells import lay_out
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.models.rank_population import CORRELATION
from calibra.models.threshold import ThresholdModel
from calibra.models.threshold_fit import ThresholdFit


def restore_rank_fit(
    model: RankModel, cells: BinomialCells, scale: RankScale, posterior: Posterior, judgments: Judgments
) -> RankFit:
    """The fit of a rank model without groupings."""
    packed, scores = pack_cells(cells.n > 0, ()), scale.scores(cells.n.sum(axis=0).astype(float))
    declaration = model._declare(cells, packed, scores)
    if CORRELATION not in posterior.dims:  # made when levels and slopes were independent
        declaration = replace(declaration, correlation=None)
    _check_terms(posterior, _names(declaration))
    return RankFit(scale, (), None, cells, packed, scores, declaration, posterior, judgments)


def restore_lead_time_fit(
    model: LeadTimeModel,
    counts: DurationCounts,
    opened: OpenCounts,
    scale: RankScale,
    posteriors: Mapping[str, Posterior],
) -> LeadTimeFit:
    """The fit of a lead-time model whose interval edges are given; without a trend where the draws have none."""
    cells = lay_out(counts, scale, edges_days=np.array(model.interval_edges_days), by=())
    declarations = {
        cause: _without_later_terms(declaration, posteriors[cause])
        for cause, declaration in model._declare(cells).items()
    }
    for cause, declaration in declarations.items():
        _check_terms(posteriors[cause], _names(declaration))
    return LeadTimeFit((), scale, counts, cells, opened, declarations, posteriors)


def restore_threshold_fit(
    model: ThresholdModel, cells: BinomialCells, scale: RankScale, posterior: Posterior
) -> ThresholdFit:
    """The fit of a threshold model to all prospects."""
    declaration = model._declare(cells)
    _check_terms(posterior, set(declaration.layout[0]))
    return ThresholdFit(cells, scale, None, declaration, posterior)


def _without_later_terms(declaration: CellModel, posterior: Posterior) -> CellModel:
    """The model as it was when the draws were made: its baseline was once a walk alone."""
    later = {"trend", "heap", "rank_bend"} - set(posterior.dims)
    return replace(declaration, population=tuple(term for term in declaration.population if term.name not in later))


def _names(declaration: CellModel) -> set[str]:
    population, rep_terms = ({term.name for term in declaration.population}, {t.name for t in declaration.rep_terms})
    return population | rep_terms | set(declaration.outer_names)


def _check_terms(posterior: Posterior, declared: set[str]) -> None:
    """Refuse draws of other terms than this version's model has."""
    if set(posterior.dims) != declared:
        made_with = dict(posterior.diagnostics.versions).get("calibra", "unknown")
        raise InputError(
            f"The saved draws must be of the terms {', '.join(sorted(declared))}; they are of "
            f"{', '.join(sorted(posterior.dims))}, made by calibra {made_with}, whose model is another. Fit anew."
        )
