"""The published campaign of a bank, as judgments: job as the rep, one rank, every client's contacts and outcome."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import calibra as cb
from tests.chapters.effort.worlds import AS_OF

SCALE = cb.RankScale(["A"], {"A": cb.Promise(0.1, 90)})


def read_bank(shared_data: Path, *, one_rep: bool = False) -> cb.Judgments:
    """A judgment a client; who did not subscribe was given up at the last contact."""
    rows = pd.read_csv(shared_data / "bank_touches" / "touch_counts.csv")
    each = rows.loc[rows.index.repeat(rows["n"])].reset_index(drop=True)
    frame = pd.DataFrame({"prospect": each.index, "rep": "all" if one_rep else each["job"], "rank": "A"})
    frame["touches"], came, day = each["touches"], each["subscribed"] == "yes", pd.Timestamp("2026-01-10")
    end = pd.Series(day + pd.Timedelta(9, "D"), frame.index)
    frame["judged_at"], frame["event_at"], frame["exit_at"] = day, end.where(came), end.where(~came)
    columns = {name: name for name in frame.columns}
    return cb.Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF.date(), columns=columns)
