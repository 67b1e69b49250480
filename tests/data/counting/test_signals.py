"""Ranks, machine's scores and stated probabilities counted together: against a loop over the rows, on every frame."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting.packed_judgments import fingerprint_of
from calibra.data.counting.signals import NONE
from tests.data.counting.test_stated import AS_OF, FRAMES, ROLES, read, rows, world
from tests.data.noted import noted_by_kind

BOTH = ROLES | {"machine_prob": "score"}


def scored(n: int = 500) -> pl.DataFrame:
    rng = np.random.default_rng(8)
    score = [None if rng.random() < 0.1 else float(value) for value in rng.beta(1.0, 3.0, n)]
    score[:6] = [0.0, 1.0, 0.0004, 0.019, 0.02, 0.5]
    return world(n=n).with_columns(pl.Series("score", score, dtype=pl.Float64))


def nearer_end(mille: int) -> tuple[str, int]:
    """Bin of a thousandth, told in words: each below 20, five each below 100, then twenty; from the nearer end."""
    side, far = ("low", mille) if mille < 1000 - mille else ("high", 1000 - mille)
    width = 1 if far < 20 else 5 if far < 100 else 20
    return side, far // width * width


@pytest.mark.parametrize("kind", FRAMES)
def test_every_frame_gives_the_counts_of_a_loop(kind: str, tmp_path: Any) -> None:
    expected: dict[Any, list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in scored().iter_rows(named=True):
        machine = None if row["score"] is None else int(np.floor(1000 * row["score"] + 0.5))
        stated = None if row["win %"] is None else round(1000 * row["win %"])
        keys = (None if machine is None else nearer_end(machine), None if stated is None else nearer_end(stated))
        old = (AS_OF - row["judged"]).days >= 60
        came = bool(old and row["opened"] and (row["opened"] - row["judged"]).days <= 60)
        found = expected[(row["owner"], row["label"], *keys)]
        for i, value in enumerate((1, old, came, machine or 0)):
            found[i] += value
    counts = read(FRAMES[kind](scored(), tmp_path), columns=BOTH).signal_counts()
    sums = (counts.n, counts.n_mature[0], counts.events[0], counts.sum_machine)
    assert sorted(zip(*(values.tolist() for values in sums), strict=True)) == sorted(map(tuple, expected.values()))
    of_cell = defaultdict(int)
    for rep, rank, n in zip(counts.rep, counts.rank, counts.n, strict=True):
        of_cell[counts.reps[rep], counts.ranks[rank]] += int(n)
    told = scored().group_by("owner", "label").len().iter_rows()
    assert of_cell == {(owner, label): n for owner, label, n in told}


def test_bins_run_in_the_order_of_what_they_hold() -> None:
    mille = np.arange(0, 1001)
    frame = rows([0.5] * 1001).with_columns(pl.Series("score", mille / 1000))
    table = read(frame, columns=BOTH).signal_counts().table.sort_values("machine")
    assert table["n"].sum() == 1001
    assert table["n"].max() <= 40  # twenty wide, on either side of a half
    counts = read(frame, columns=BOTH).signal_counts()
    order = np.argsort(counts.machine)
    assert np.all(np.diff((counts.sum_machine / counts.n)[order]) > 0)


def test_cells_hold_each_rep_and_rank_with_the_mean_of_its_own_scores() -> None:
    judgments = read(scored(), columns=BOTH)
    cells = judgments.signal_counts().cells(60, ("machine_prob",))
    old = scored().filter((pl.lit(AS_OF) - pl.col("judged")).dt.total_days() >= 60)
    known = old.drop_nulls("score")
    assert cells.n.sum() == known.height
    assert cells.n_left_out == old.height - known.height
    for r, rep in enumerate(cells.reps):
        for k, rank in enumerate(cells.ranks):
            own = known.filter((pl.col("owner") == rep) & (pl.col("label") == rank))
            hit = (cells.rank[r] == k) & (cells.n[r] > 0)
            assert cells.n[r, hit].sum() == own.height
            mean = (cells.n[r, hit] * cells.mean["machine_prob"][r, hit]).sum() / own.height
            assert mean == pytest.approx(own["score"].mean(), abs=0.005)  # young scores are in the means of bins
    assert len(np.unique(np.round(cells.mean["machine_prob"][cells.n > 0], 4))) > 10


def test_a_judgment_without_either_is_left_out_of_what_compares_both() -> None:
    judgments = read(scored(), columns=BOTH)
    counts = judgments.signal_counts()
    cells = counts.cells(60)
    old = scored().filter((pl.lit(AS_OF) - pl.col("judged")).dt.total_days() >= 60)
    assert cells.n.sum() == old.drop_nulls(["score", "win %"]).height
    assert counts.share_with("machine_prob", 60) == pytest.approx(1 - old["score"].null_count() / old.height)
    assert (counts.machine == NONE).any()
    assert (counts.stated == NONE).any()


def test_what_cannot_be_counted_is_refused_with_how_to_mend_it() -> None:
    frame = rows([0.5, 0.7]).with_columns(pl.Series("score", [1.7, 0.3]))
    with pytest.raises(cb.InputError, match=r"`machine_prob` \(column 'score'\) must hold numbers from 0 to 1, or per"):
        read(frame, columns=BOTH)
    aside = rows(["70%", "60%"]).with_columns(pl.Series("score", ["high", "0.3"]))
    judgments = read(aside, columns=BOTH, problems="set_aside")
    assert noted_by_kind(judgments.summary())["prob_lost"] == 1
    assert judgments.signal_counts().cells(60).n.sum() == 1
    plain = {role: column for role, column in ROLES.items() if role != "stated_prob"}
    with pytest.raises(cb.InputError, match="map it as `stated_prob` or `machine_prob` in `columns`"):
        read(world(), columns=plain).signal_counts()
    with pytest.raises(cb.InputError, match=r"one of the counted horizons \(60, 90\); got 30"):
        read(scored(), columns=BOTH).signal_counts().cells(30)
    empty = rows([0.5, 0.7]).with_columns(pl.lit(None, dtype=pl.Float64).alias("score"))
    with pytest.raises(cb.NotEnoughDataError, match="No judgment that is 60 days old or older has `machine_prob`"):
        read(empty, columns=BOTH).signal_counts().cells(60, ("machine_prob",))


def test_another_score_is_another_fingerprint() -> None:
    one, other = (
        fingerprint_of(read(rows([0.5, 0.7]).with_columns(pl.Series("score", [0.2, top])), columns=BOTH))
        for top in (0.3, 0.4)
    )
    assert one != other
