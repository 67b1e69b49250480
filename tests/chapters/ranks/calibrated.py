"""Worlds whose ranks, promises and standings have something to say, each calibrated once; and blocks as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

import calibra as cb
from calibra.calibration import Calibration
from calibra.chapters.promises.chapter import PROMISES
from calibra.chapters.promises.rows import Promises
from calibra.chapters.ranks.chapter import RANKS, Ranks
from calibra.chapters.standings.chapter import STANDINGS
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding
from calibra.views.blocks import Block
from calibra.views.page import Page, make_page
from tests.goldens.worlds import WORLDS

PARTS = ("thresholds", "standings")
PROMISED = {"A": cb.Promise(0.6, 90), "B": cb.Promise(0.35, 90), "C": cb.Promise(0.025, 90)}
SCALE = cb.RankScale(["A", "B", "C"], PROMISED)
SHARES = {
    "Above": (0.85, 0.65, 0.4),
    "Below": (0.3, 0.1, 0.02),
    "Flat": (0.35, 0.35, 0.35),
    "Inverted": (0.1, 0.35, 0.65),
    **{f"Like {i}": (0.6, 0.35, 0.1) for i in range(12)},
}
"""Rep to the share of events at A, B and C, of 300 judgments each."""


def counted(
    shares: dict[str, tuple[float, ...]], *, n: int = 300, scale: cb.RankScale = SCALE, new: int = 1
) -> Judgments:
    """Ready-made counts with these shares of events, and a rep with three judgments and `new` events."""
    rows = [
        (rep, rank, n, round(n * share))
        for rep, of_rank in shares.items()
        for rank, share in zip(scale.ranks, of_rank, strict=False)
    ]
    rows.append(("New", scale.ranks[0], 3, new))
    return Judgments.from_counts(pd.DataFrame(rows, columns=["rep", "rank", "n", "events"]), scale=scale)


@cache
def calibrated(name: str) -> Calibration:
    """The calibration of a world of this module, or of one of the goldens."""
    judgments = _OWN[name]() if name in _OWN else WORLDS[name]()[0]
    parts = () if name == "bars alone" else PARTS
    return cb.calibrate(judgments, seed=1, draws=200, engine="laplace", parts=parts, progress=False)


def _bars(first: float, second: float) -> Judgments:
    """A and B promise these bars, C an average; A is used from about 43 %, B from about 21 %."""
    bars = {"A": cb.Promise(first, 90, kind="bar"), "B": cb.Promise(second, 90, kind="bar")}
    scale = cb.RankScale(["A", "B", "C"], {**bars, "C": cb.Promise(0.1, 90)})
    return counted({f"rep {i}": (0.6, 0.35, 0.1) for i in range(8)}, scale=scale)


def _two_horizons() -> Judgments:
    """Four reps whose outcomes differ, judged at 60 and at 90 days; nothing is promised of B at either."""
    scale = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, 60), "C": cb.Promise(0.1, 90)})
    world = cb.simulate_judgments(seed=5, n_reps=4, n_prospects=900, scale=scale, span_days=400)
    return Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)


def _young() -> Judgments:
    """No judgment at C is old enough yet, and it is known when there will be five; its promise has not been fitted."""
    days = pd.Timestamp("2026-09-30") - pd.to_timedelta(np.tile(np.r_[np.full(40, 120), np.full(20, 80)], 3), unit="D")
    rank = np.tile(np.r_[np.full(20, "A"), np.full(20, "B"), np.full(20, "C")], 3)
    rep = np.repeat(["Abe", "Bo", "Chi"], 60)
    came = np.arange(180) % 3 == 0
    prospect = [f"p{i}" for i in range(180)]
    frame = pd.DataFrame({"prospect": prospect, "rep": rep, "rank": rank, "judged_at": days})
    frame["event_at"] = frame["judged_at"].where(came) + pd.Timedelta(days=30)
    scale = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, 90), "C": cb.Promise(0.1, 150)})
    return Judgments.from_frame(frame, scale=scale, as_of="2026-09-30", columns=dict(zip(frame, frame, strict=True)))


_OWN = {
    "mixed": lambda: counted(SHARES),
    "bars": lambda: _bars(0.6, 0.2),
    "other bars": lambda: _bars(0.3, 0.176),
    "bars alone": lambda: _bars(0.6, 0.2),
    "upside down": lambda: counted({f"rep {i}": (0.1, 0.4, 0.4) for i in range(8)}),
    "no event": lambda: counted({f"rep {i}": (0.0, 0.0, 0.0) for i in range(4)}, n=40, new=0),
    "one event": lambda: counted({f"rep {i}": (0.0, 0.0, 0.0) for i in range(4)}, n=40),
    "apart": lambda: counted({"Up": (0.9, 0.8), "Middle": (0.5, 0.4), "Down": (0.1, 0.05)}, n=400),
    "high": lambda: counted({f"rep {i}": (0.8, 0.55, 0.3) for i in range(4)}),
    "half high": lambda: counted({f"rep {i}": ((0.95, 0.5)[i % 2], 0.35, 0.025) for i in range(6)}),
    "half low": lambda: counted({f"rep {i}": ((0.2, 0.65)[i % 2], 0.35, 0.025) for i in range(6)}),
    "one moved": lambda: counted({**SHARES, "Like 0": (0.3, 0.1, 0.02)}),
    "many moved": lambda: counted({**SHARES, **{f"Like {i}": (0.3, 0.1, 0.02) for i in range(4)}}),
    "small": lambda: counted({f"rep {i}": (0.6, 0.4, 0.2) for i in range(4)}, n=5),
    "two horizons": _two_horizons,
    "young": _young,
}
NAMES = (*_OWN, "nothing_promised", "one_rank", "counts_only", "one_rep")
"""Every world the three chapters are tried on."""


def answers(name: str) -> tuple[Ranks, Promises]:
    """What ranks and promises answer of a world."""
    calibration = calibrated(name)
    return calibration.ranks, calibration.answer_of(PROMISES)


def all_findings(name: str) -> list[Finding]:
    """Everything the three chapters find."""
    ranks, promises = answers(name)
    found = [*RANKS.findings(ranks), *PROMISES.findings(promises)]
    if "standings" in calibrated(name).answered:
        found += STANDINGS.findings(calibrated(name).standings)
    return found


def page_of(name: str, lang: str = "en") -> Page:
    """The page of a world's report."""
    ranks, judgments = calibrated(name).ranks, calibrated(name).judgments
    several = len(ranks) > 1
    return make_page(ranks.reps, judgments, lang=lang, event="opportunity", pseudonyms=None, several=several)


def all_blocks(name: str, lang: str = "en") -> list[Block]:
    """All that the three chapters show: sections, and the card of every rep."""
    (ranks, promises), page = answers(name), page_of(name, lang)
    sections = [*RANKS.section(ranks, page), *PROMISES.section(promises, page)]
    if "standings" in calibrated(name).answered:
        sections += STANDINGS.section(calibrated(name).standings, page)
    cards = [block for rep in page.reps for block in PROMISES.card(promises, rep, page)]
    front = RANKS.front(ranks, page, page.reps[:1])
    return [*front, *(block for section in sections for block in section.blocks), *cards]


def texts(blocks: Sequence[Block]) -> list[str]:
    """The words of blocks, cell by cell."""
    told: list[str] = []
    for block in blocks:
        if block.kind == "text":
            told.append(block.text)
        elif block.kind == "bullets":
            told += block.items
        elif block.kind == "table":
            told += [block.caption, block.note, *(column.text for column in block.columns)]
            told += [text for row in block.rows for cell in row.cells for text in (cell.text, cell.sub)]
    return [text for text in told if text]


def hardly_seen(ranks: Ranks, rep: str) -> Ranks:
    """The same fits, of whose rep most judgments were lost from sight."""
    fits = {}
    for days, fit in ranks.items():
        left_out = np.zeros_like(fit.cells.n)
        left_out[fit.reps.index(rep)] = 10_000
        fits[days] = replace(fit, cells=replace(fit.cells, left_out=left_out))
    return Ranks(fits, ranks.margin_odds)
