"""`calibra snapshot`: tonight's table against the log of ranks, for systems that keep no history of their own."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import GOOD, LIMIT_REACHED, print_json, refuse, settings_of
from calibra.cli.show import say

if TYPE_CHECKING:
    from calibra.cli.config import Settings
    from calibra.data.history.snapshot import Snapshot

FEWEST_TAKEN = 20
"""So few ranks taken away on one night are never too many."""


def snapshot(options: argparse.Namespace) -> int:
    """Add tonight's new and changed ranks to a log, where the system keeps none.

    Of FILE, one row a prospect, the columns of prospect, rep and rank are read. Whoever is new, has another rank or
    none any more gets a row in the log, which `calibra fit` reads with [history]. Prospects that are no longer in
    FILE keep their rank. The same night may be run again.

    A night on which too many labels are no rank of the scale, or too many ranks are gone at once, leaves the log as it
    is and ends with exit status 3: [limits] max_set_aside and min_rows_vs_last say how many.
    """
    from calibra.cli.config import open_table
    from calibra.data.frames.dates import as_day
    from calibra.data.history.snapshot import read_log, take_snapshot, write_log

    settings = settings_of(options)
    reading, log = settings.reading, Path(options.log)
    day = date.fromordinal(as_day(reading["as_of"], reading.get("timezone", "UTC")))
    found = take_snapshot(
        open_table(options.file),
        read_log(log),
        day,
        columns=reading["columns"],
        labels=[*reading["scale"].ranks, *reading.get("rank_labels", {})],
        encoding=reading.get("encoding", "utf-8"),
    )
    if why := _too_many(found, settings):
        return refuse(f"stopped: {why}. The log is as it was.", LIMIT_REACHED)
    write_log(log, found.log)
    counts = {name: getattr(found, f"n_{name}") for name in ("new", "changed", "taken_away", "gone", "unknown")}
    if options.json:
        print_json({"as_of": day.isoformat(), **counts, "rows": len(found.log), "files": [str(log)]})
    elif not options.quiet:
        told = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items() if n or name == "new")
        say(f"{day}: {told}; {len(found.log):,} rows in {log}")
    return GOOD


def _too_many(found: Snapshot, settings: Settings) -> str:
    """Why tonight's table looks broken; empty where it does not."""
    n_all = found.n_ranked + found.n_new + found.n_unknown
    if found.n_unknown > settings.limits.max_set_aside * n_all:
        return f"{found.n_unknown:,} of {n_all:,} prospects carry a label that is no rank of the scale"
    if found.n_taken_away > max(FEWEST_TAKEN, (1.0 - settings.limits.min_rows_vs_last) * found.n_ranked):
        return f"{found.n_taken_away:,} of {found.n_ranked:,} ranks are gone at once"
    return ""
