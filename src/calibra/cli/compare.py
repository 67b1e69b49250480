"""`calibra compare`: what moved between two fits, or since a fit in the judgments of today."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import GOOD, SAVED, print_json, saved_in, settings_of
from calibra.cli.show import say

if TYPE_CHECKING:
    from calibra.replaying import Replay


def compare(options: argparse.Namespace) -> int:
    """Say what moved between two fits, or between a fit and the judgments of today.

    OLD is a folder that `calibra fit` or `calibra run` wrote, or a .calibra file. NEW is another, or a table of
    judgments: that is fitted with the settings of OLD, read as calibra.toml says.

    Where the two share judgments, as two nights do, no probability of a change is told: how many of the estimates left
    the interval they had is. Of judgments apart, such as two quarters, each difference is told with how sure it is.
    """
    from calibra.chapters.drift.overlap import MOST_SHARED
    from calibra.replaying import beside, replay, share_known

    old, folder = saved_in(options.old)
    if Path(options.new).suffix == ".calibra" or (Path(options.new) / SAVED).is_file():
        found = beside(old, saved_in(options.new)[0])
    else:
        judgments = settings_of(options).judgments(options.new)
        found = replay(folder / SAVED if Path(options.old).is_dir() else options.old, judgments, progress=False)
    shared = share_known(found)
    apart = _apart(found) if shared is not None and shared < MOST_SHARED else []
    moved = [finding.say("en", event="opportunity") for finding in found.after.moved_since(found.before)]
    if options.json:
        rows = found.table.astype(object).where(found.table.notna(), None).to_dict(orient="records")
        print_json(
            {"shared": shared, "n_outside": found.n_outside, "moved": moved, "differences": apart, "cells": rows}
        )
    elif not options.quiet:
        known = "" if shared is None else f"About {shared:.0%} of the judgments of one stand in the other."
        say("\n".join(part for part in (found.summary(), known, *moved, *apart) if part))
    return GOOD


def _apart(found: Replay) -> list[str]:
    """Each difference of two fits that share few judgments, in words, of every horizon both have."""
    from calibra.chapters.drift.comparison import compare as compare_fits

    ranks = getattr(found.after, "ranks", {}), getattr(found.before, "ranks", {})
    both = [days for days in ranks[0] if days in ranks[1]]
    return [sentence for days in both for sentence in compare_fits(ranks[0][days], ranks[1][days]).sentences()]
