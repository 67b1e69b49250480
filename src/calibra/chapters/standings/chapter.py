"""Where does each rep stand among the reps? Only where it is asked for."""

from __future__ import annotations

from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.standings.places import RepStandings, rep_standings
from calibra.chapters.standings.section import findings, section
from calibra.reading.by_horizon import ByHorizon, file_name, stack


def _fit(fitting: Fitting) -> ByHorizon[RepStandings]:
    """Of two reps or more."""
    return ByHorizon((days, rep_standings(fit)) for days, fit in fitting[RANKS].items() if len(fit.reps) > 1)


def _tables(found: ByHorizon[RepStandings]) -> Tables:
    return stack("standings", {days: told.table for days, told in found.items()})


def _pictures(found: ByHorizon[RepStandings]) -> Pictures:
    from calibra.chapters.standings.pictures import plot_standings

    return {file_name("standings", days): partial(plot_standings, told) for days, told in found.items()}


STANDINGS = Chapter(
    "standings",
    _fit,
    reads=(RANKS,),
    tables=_tables,
    findings=findings,
    section=section,
    pictures=_pictures,
    when="asked for",
    place=60,
)
