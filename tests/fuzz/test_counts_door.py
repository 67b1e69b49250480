"""Ready-made counts, scales, promises and names of columns: sound, or refused in words."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import polars as pl
from hypothesis import assume, given, strategies as st

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import CalibraError, InputError
from tests.fuzz.cases import cases
from tests.fuzz.frames import AS_OF, CANNOT_HOLD, FOREIGN_KINDS, ODD_LABELS, ODD_NUMBERS, SCALE

NUMBERS = st.one_of(st.integers(0, 50), st.sampled_from(ODD_NUMBERS), st.none(), st.booleans(), st.floats())
LABELS = st.one_of(st.sampled_from(["A", "B", "7", 7, 7.0]), st.sampled_from(ODD_LABELS), st.none())
ANYTHING = st.one_of(*FOREIGN_KINDS.values(), st.text(max_size=5), st.integers(), st.floats(), NUMBERS, LABELS)


@cases(60)
@given(
    rows=st.lists(st.tuples(LABELS, LABELS, NUMBERS, NUMBERS), max_size=8),
    make=st.sampled_from([pd.DataFrame, pl.DataFrame]),
    missing=st.sampled_from([None, None, None, "rep", "rank", "n", "events"]),
)
def test_ready_made_counts_add_up_or_name_what_is_wrong(rows: list[Any], make: Any, missing: str | None) -> None:
    columns = dict(zip(("rep", "rank", "n", "events"), zip(*rows, strict=True) if rows else [()] * 4, strict=True))
    columns = {name: list(values) for name, values in columns.items()}
    columns.pop(missing or "", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            frame = make(columns, strict=False) if make is pl.DataFrame else make(columns)
        except CANNOT_HOLD:
            assume(False)
    try:
        judgments = Judgments.from_counts(frame, scale=SCALE, within_days=30)
    except InputError as error:
        assert any(f"`{name}`" in str(error) for name in ("frame", *columns))  # noqa: PT017
        return
    cells = judgments.binomial_cells()
    assert judgments.n_judgments == sum(int(n) for n in frame["n"])
    assert int(cells.events.sum()) == sum(int(n) for n in frame["events"])
    assert (cells.events <= cells.n).all()


@cases(60)
@given(ranks=st.one_of(st.lists(LABELS, max_size=5), ANYTHING), prob=ANYTHING, days=ANYTHING, kind=ANYTHING)
def test_a_scale_is_sound_or_refused_in_words(ranks: Any, prob: Any, days: Any, kind: Any) -> None:
    try:
        scale = RankScale(ranks)
    except CalibraError as error:
        assert "rank" in str(error)  # noqa: PT017
    else:
        assert len(set(scale.ranks)) == len(scale.ranks) >= 1
        assert scale.scores().values.shape == (len(scale.ranks),)
    try:
        promise = Promise(prob, days, kind)
    except CalibraError as error:
        assert any(f"`{name}`" in str(error) for name in ("prob", "within_days", "kind"))  # noqa: PT017
    else:
        assert 0.0 <= promise.prob <= 1.0


SOUND = pl.DataFrame({"lead": ["p1"], "owner": ["Abe"], "label": ["A"], "judged": ["2026-01-10"]})
ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged"}
CHOICES = ("as_of", "problems", "rank_labels", "timezone", "horizons", "columns", "check_duplicates")


@cases(60)
@given(choice=st.sampled_from(CHOICES), value=st.one_of(ANYTHING, st.lists(ANYTHING, max_size=3)), key=LABELS)
def test_odd_choices_are_refused_in_words_that_name_them(choice: str, value: Any, key: Any) -> None:
    if choice in ("columns", "rank_labels"):
        value = {key: value} if choice == "rank_labels" else ROLES | {key: value}
    settings: dict[str, Any] = {"as_of": AS_OF, "columns": ROLES} | {choice: value}
    try:
        judgments = Judgments.from_frame(SOUND, scale=SCALE, **settings)
    except CalibraError as error:
        assert choice in str(error)  # noqa: PT017
        return
    assert judgments.n_judgments == 1
