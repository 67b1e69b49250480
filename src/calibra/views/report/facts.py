"""Everything a report tells, read off the results once and laid out by rep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.data.tabulate import MISSING
from calibra.decisions.first_answers import first_answers
from calibra.models.rank_profiles import FEWEST_SHOWN
from calibra.models.reading import ALL_REPS
from calibra.views.report.pseudonyms import hide_names, rep_codes
from calibra.views.report.wording import Wording
from calibra.views.style import printable, short_label
from calibra.views.tables import plain_rows

if TYPE_CHECKING:
    import pandas as pd

    from calibra.calibration import Calibration
    from calibra.data.judgments import Judgments

type Days = int | None
type Record = Mapping[str, Any]
type ByRank = Mapping[str, Mapping[str, Record]]
"""Rep to rank to row."""

LABEL_WIDTH, RANK_WIDTH = 28, 16
"""Characters of a rep's and a rank's label on one line."""
ENDS = ("", "_lower", "_upper")
"""What follows a quantity's name in its estimate and the ends of its interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The rows behind a report. Reps stand in the order of the names that are shown."""

    calibration: Calibration
    """What is reported on."""
    say: Wording
    """The language."""
    reps: tuple[str, ...]
    """Every rep judged, by shown name."""
    names: Mapping[str, str]
    """Rep to the full name shown: the pseudonym, where there are any."""
    is_hidden: bool
    """Whether the names are pseudonyms."""
    probabilities: Mapping[Days, ByRank]
    """Horizon to rep (all reps too) to rank to row of `RankFit.probabilities`."""
    profiles: Mapping[Days, Mapping[str, Record]]
    """Horizon to rep to row of `RankFit.profiles`, with its margin."""
    orders: Mapping[Days, Mapping[str, list[Record]]]
    """Horizon to rep to rows of `RankFit.order`."""
    promises: Mapping[Days, ByRank]
    """Horizon to rep to rank to row of `rank_reliability`."""
    bars: Mapping[Days, ByRank]
    """Horizon to rep to rank to row of `ThresholdFit.bars`."""
    styles: Mapping[Days, Mapping[str, Record]]
    """Horizon to rep to row of `describe_styles`."""
    advice: Mapping[str, list[Record]]
    """Rep to its rows of the advice, best rank first."""
    lead_times: ByRank
    """Rep to rank to row of `LeadTimeFit.lead_times`, all reps alone."""
    tempo: Mapping[str, Record]
    """Rep to row of `LeadTimeFit.tempo`."""
    chasing: ByRank
    """Rep to rank to row of `LeadTimeFit.chasing`."""
    settings: Mapping[str, Any]
    """Margins and levels the tables were made with."""

    @property
    def days(self) -> tuple[Days, ...]:
        """Horizons of the rank model, shortest first."""
        return tuple(self.probabilities)

    @property
    def first_days(self) -> Days:
        """The shortest horizon: of it most judgments are mature."""
        return self.days[0] if self.days else None

    def label(self, rep: str) -> str:
        """A rep on one short line."""
        if rep == ALL_REPS:
            return self.say("format.all_reps")
        return short_label(self.names.get(rep, rep), width=LABEL_WIDTH)

    def anchor(self, rep: str) -> str:
        """Name of the anchor of a rep's card: a number, so that no label ever becomes part of an address."""
        return f"rep-{self.reps.index(rep) + 1}"

    def reveal(self, text: str) -> str:
        """A message worded elsewhere, printable and under the names shown."""
        return printable(hide_names(text, self.names if self.is_hidden else {}))

    def engine(self, days: Days) -> str:
        """Engine of the rank model of a horizon."""
        return self.calibration.rank_fits[days].diagnostics.engine

    def margin_odds(self) -> str:
        """The margin, a factor on the odds."""
        return f"{self.calibration.settings.margin_odds:g}"

    def first_answer(self, row: Record) -> str:
        """The day of the first answer, in place of a probability of too few judgments; empty where it is not known."""
        day = row.get("first_answer")
        return "" if day is None else self.say("format.first_answer", date=self.say.date(day))

    def level(self) -> str:
        """Level of the intervals."""
        return self.say.percent(self.settings["interval_prob"])

    def mature_note(self, days: Days) -> str:
        """What the brackets, n and the engine of the rank model's numbers are."""
        key = "page.n_mature_unstated" if days is None else "page.n_mature"
        return self.say(
            "page.interval_note", level=self.level(), n=self.say(key, days=days), engine=self.engine(days)
        )  # fmt: skip

    def horizon_of(self, rank: str) -> Days:
        """The horizon a rank is read at: its promise's where that was fitted, else the shortest."""
        promise = self.calibration.judgments.scale.promises.get(rank)
        return promise.within_days if promise is not None and promise.within_days in self.days else self.first_days


def is_shown(row: Record) -> bool:
    """Whether enough judgments stand behind a probability for it to be shown."""
    return bool(row["n"] >= FEWEST_SHOWN)


def gather_facts(calibration: Calibration, say: Wording, key: str | None) -> Facts:
    """Read every result once; with a key, under pseudonyms."""
    fits, lead = calibration.rank_fits, calibration.lead_fit
    judged = [fit.reps for fit in fits.values()] + ([] if lead is None else [lead.reps])
    reps = tuple(dict.fromkeys(rep for fitted in judged for rep in fitted))
    names = _shown_names(tuple(dict.fromkeys([*reps, *_reps_of_rows(calibration.judgments)])), say, key)
    margin_odds = calibration.settings.margin_odds
    profiles = {days: fit.profiles(margin_odds=margin_odds) for days, fit in fits.items()}
    chased = None if lead is None else lead.chasing()
    tempo = None if lead is None else lead.tempo()
    styles = {days: found.table for days, found in calibration.styles().items()}
    promised = calibration.promises()
    settings: dict[str, Any] = {"interval_prob": 0.9}
    for table in (*profiles.values(), *styles.values(), *(t for t in (tempo, chased) if t is not None)):
        settings |= {str(name): value for name, value in table.attrs.items()}
    settings |= {f"margin_band_{days}": table.attrs["margin_band"] for days, table in profiles.items()}
    return Facts(
        calibration=calibration, say=say, names=names, is_hidden=key is not None, settings=settings,
        reps=tuple(sorted(reps, key=lambda rep: (*_place(names[rep]), rep))),
        probabilities={days: _probabilities(calibration, days) for days in fits},
        profiles={days: _by_rep(table) for days, table in profiles.items()},
        orders={days: _listed(fit.order()) for days, fit in fits.items()},
        promises={days: _by_rank(promised[days].table) if days in promised else {} for days in fits},
        bars={days: _by_rank(fit.bars()) for days, fit in calibration.threshold_fits.items()},
        styles={days: _by_rep(table) for days, table in styles.items()},
        advice=_advice(calibration),
        lead_times={} if lead is None else _by_rank(lead.lead_times().head(len(lead.ranks))),
        tempo={} if tempo is None else _by_rep(tempo), chasing={} if chased is None else _by_rank(chased),
    )  # fmt: skip


def _probabilities(calibration: Calibration, days: Days) -> dict[str, dict[str, Record]]:
    """Rows of `RankFit.probabilities`, each with the day of its first answer where there are too few judgments yet."""
    found = _by_rank(calibration.rank_fits[days].probabilities())
    known = first_answers(calibration.judgments, days)
    return {
        rep: {rank: {**row, "first_answer": known.get((rep, rank))} for rank, row in of_rank.items()}
        for rep, of_rank in found.items()
    }


def _place(name: str) -> tuple[int, str, str]:
    """Where a name stands: numbers by size, before words by letter."""
    return (len(name), name, "") if name.isdecimal() else (1_000_000, name.casefold(), name)


def _reps_of_rows(judgments: Judgments) -> list[str]:
    """Reps of judgments and of rows set aside, fitted or not."""
    if judgments.as_of is None:
        return []
    aside = [rep for found in judgments.set_aside.findings for rep in found.per_rep if rep != MISSING]
    return [*judgments.duration_counts().reps, *aside]


def _shown_names(reps: tuple[str, ...], say: Wording, key: str | None) -> dict[str, str]:
    """Rep to the name shown: printable, on one line, or a pseudonym."""
    if key is not None:
        return {rep: say("format.rep", code=code) for rep, code in rep_codes(reps, key).items()}
    return {rep: printable(str(rep)).strip() or say("format.blank") for rep in reps}


def _by_rep(table: pd.DataFrame) -> dict[str, Record]:
    return {row["rep"]: row for row in plain_rows(table)}


def _by_rank(table: pd.DataFrame) -> dict[str, dict[str, Record]]:
    found: dict[str, dict[str, Record]] = {}
    for row in plain_rows(table):
        found.setdefault(row["rep"], {})[row["rank"]] = row
    return found


def _listed(table: pd.DataFrame) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in plain_rows(table):
        found.setdefault(row["rep"], []).append(row)
    return found


def _advice(calibration: Calibration) -> dict[str, list[Record]]:
    """Rep to the rows of the advice, with what its table leaves out."""
    advice = calibration.advice
    if advice is None:
        return {}
    found: dict[str, list[Record]] = {}
    rows = plain_rows(advice.table)
    extra = {
        "promise": [None if np.isnan(value) else float(value) for value in advice.promises],
        "is_best": advice.is_best.tolist(),
        "move_size": advice.move_sizes.tolist(),
        "share_today": advice.share_today.tolist(),
        "rests_on_shape": advice.rests_on_shape.tolist(),
    }
    for i, row in enumerate(rows):
        found.setdefault(row["rep"], []).append({**row, **{name: values[i] for name, values in extra.items()}})
    return found
