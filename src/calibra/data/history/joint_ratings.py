"""Joint ratings: the ranks that several reps gave to the same prospects, each alone, before talking of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.labels import Labels, encode
from calibra.data.frames.files import read_path
from calibra.data.frames.open import collect, open_frame
from calibra.data.frames.rep_names import one_form
from calibra.data.scale import RankScale
from calibra.errors import InputError, check_kind
from calibra.words import counted, listed, quoted

HEADS = {
    "prospect": ("prospect", "見込み客"),
    "rep": ("rep", "担当者"),
    "rank": ("rank", "ランク"),
    "occasion": ("occasion", "実施日"),
    "round": ("round", "回"),
}
"""Role to how the sheet that calibra writes heads its column, in English and Japanese."""
NEEDED = ("prospect", "rep", "rank")
NOT_RATED = -1
"""Stands for a rank that was left blank."""


@dataclass(frozen=True, slots=True, eq=False)
class JointRatings:
    """Ranks of shared prospects, to fit by `JointRatingModel` or `calibrate(joint_ratings=)`; made by `from_frame`."""

    prospects: tuple[str, ...]
    """What was rated; a prospect of another occasion is another one."""
    occasions: tuple[str, ...]
    """When each was rated; empty where nobody says."""
    reps: tuple[str, ...]
    """Who rated, sorted."""
    ranks: tuple[str, ...]
    """Ranks of the scale, best first."""
    rated: NDArray[np.int64]
    """Index of the rank, (prospect, rep); −1 where there is none."""
    n_blank: int
    """Rows whose rank was left blank."""

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        scale: RankScale,
        columns: Mapping[str, str] | None = None,
        rank_labels: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> JointRatings:
        """Which rank did each rep give to which of the shared prospects? One row a rank.

        Every rep ranks the same prospects, or as many of them as there is time for, alone and before any talk. Ranks
        left blank are not rated.

        Parameters
        ----------
        frame : frame or path
            Any frame or file that `Judgments.from_frame` reads, such as the sheet of `calibra cards --joint-rating`.
        scale : RankScale
            The scale; ranks are read whatever their case and width.
        columns : mapping of str to str, optional
            Role to column: `prospect`, `rep`, `rank`, and `occasion` (the day, or the name of the meeting) and `round`
            where there were several. By default as the sheet heads them.
        rank_labels : mapping of str to str, optional
            Label in the data to a rank of the scale.
        encoding : str
            Encoding of a CSV file.

        Raises
        ------
        InputError
            Every problem in one message: unknown ranks, rows without prospect or rep, a rep twice on a prospect of one
            occasion, ranks given after talk (`round` above 1).

        Examples
        --------
        >>> import polars as pl
        >>> rows = [("Acme", "Abe", "A"), ("Acme", "Ito", "B"), ("Bolt", "Abe", "a"), ("Bolt", "Ito", None)]
        >>> sheet = pl.DataFrame(rows, schema=["prospect", "rep", "rank"], orient="row")
        >>> found = JointRatings.from_frame(sheet, scale=RankScale(["A", "B"]))
        >>> found.rated.tolist(), found.n_blank
        ([[0, 1], [0, -1]], 1)
        """
        check_kind(scale, "scale", RankScale)
        native = read_path(frame, encoding) if isinstance(frame, (str, Path)) else frame
        named = _usual_columns(native) if columns is None else columns
        opened = open_frame(native, columns=named, timezone=None, encoding=encoding, required=NEEDED)
        table = collect(opened.frame)
        opened.let_go()
        held = {role: encode(table[opened.roles.label_column(role)]) for role in named if role in HEADS}
        unknown = [f"{quoted(role)} is no role of a joint rating" for role in named if role not in HEADS]
        ranks, faults = _read_ranks(held["rank"], scale, rank_labels or {})
        faults = [*unknown, *opened.faults, *faults, *_faults(held, ranks)]
        if faults:
            raise InputError("\n".join(["The joint ratings have problems:", *(f"- {fault}" for fault in faults)]))
        return _laid_out(held, ranks, scale)

    def __repr__(self) -> str:
        held = hashlib.sha256(repr((self.prospects, self.occasions, self.reps, self.ranks)).encode())
        held.update(np.ascontiguousarray(self.rated).tobytes())
        shown = f"{counted(len(self.prospects), 'prospect')}, {counted(len(self.reps), 'rep')}"
        return f"<JointRatings: {shown}, {held.hexdigest()[:8]}>"

    @property
    def n_shared(self) -> int:
        """Prospects that two reps or more rated."""
        return int(((self.rated >= 0).sum(axis=1) >= 2).sum())

    @property
    def counts(self) -> NDArray[np.float64]:
        """Ranks given, (prospect, rep, rank): 0 or 1."""
        return np.asarray(self.rated[:, :, None] == np.arange(len(self.ranks)), dtype=float)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Reps who are linked by shared prospects, the largest group first; one where all can be compared."""
        linked = np.eye(len(self.reps), dtype=bool)
        given = (self.rated >= 0).astype(np.int64)
        linked |= (given.T @ given) > 0
        for _ in self.reps:
            linked = (linked.astype(np.int64) @ linked.astype(np.int64)) > 0
        found = {tuple(self.reps[i] for i in np.flatnonzero(row)) for row in linked}
        return tuple(sorted(found, key=lambda group: (-len(group), group)))


def _usual_columns(native: Any) -> dict[str, str]:
    """The columns as the sheet heads them."""
    names = nw.from_native(native).collect_schema().names()
    found = {role: head for role, heads in HEADS.items() for head in heads if head in names}
    missing = [role for role in NEEDED if role not in found]
    if missing:
        raise InputError(
            f"`columns` must say which column holds {listed(f'`{role}`' for role in missing)}; there are "
            f"{', '.join(map(quoted, names[:10]))}. Write columns={{'prospect': …, 'rep': …, 'rank': …}}."
        )
    return found


def _read_ranks(held: Labels, scale: RankScale, rank_labels: Mapping[str, str]) -> tuple[NDArray[np.int64], list[str]]:
    """Place of each row's rank in the scale, and what cannot be placed."""
    known = {_plain(rank): i for i, rank in enumerate(scale.ranks)}
    known |= {rank: i for i, rank in enumerate(scale.ranks)}
    means = {_plain(label): rank for label, rank in rank_labels.items()}
    wrong = [label for label in means.values() if label not in scale.ranks]
    if wrong:
        return held.codes, [f"`rank_labels` must lead to ranks of the scale; {quoted(wrong[0])} is none."]
    places = [known.get(means.get(_plain(v), v), known.get(means.get(_plain(v), _plain(v)), -2)) for v in held.values]
    codes = np.array([*places, NOT_RATED], dtype=np.int64)[held.codes]
    unknown = [label for label, place in zip(held.values, places, strict=True) if place == -2]
    if not unknown:
        return codes, []
    n = int((codes == -2).sum())
    some = ", ".join(map(quoted, unknown[:3])) + (", …" if len(unknown) > 3 else "")
    return codes, [
        f"`rank` must be one of {', '.join(scale.ranks)}, or blank; found {some} in {counted(n, 'row')}. Correct them, "
        f"or say what they mean: rank_labels={{{unknown[0]!r}: {scale.ranks[0]!r}}}."
    ]


def _plain(label: str) -> str:
    return one_form(label).casefold()


def _faults(held: Mapping[str, Labels], ranks: NDArray[np.int64]) -> list[str]:
    faults = []
    for role in ("prospect", "rep"):
        missing = int(((held[role].codes < 0) & (ranks != NOT_RATED)).sum())
        if missing:
            faults.append(f"`{role}` is empty in {counted(missing, 'row')} with a rank. Fill it in, or drop them.")
    if "round" in held:
        later = [value for value in held["round"].values if value not in ("1",)]
        n = int((held["round"].codes >= 0).sum() - (held["round"].codes == _code(held["round"], "1")).sum())
        if later:
            faults.append(
                f"`round` must be 1, ranks given alone and before any talk; {counted(n, 'row')} are of round "
                f"{', '.join(later[:3])}. Leave these rows out, or read them as another table."
            )
    given = ranks != NOT_RATED
    keys = [held[role].codes[given].tolist() for role in ("prospect", "rep")]
    when = held["occasion"].codes[given].tolist() if "occasion" in held else [0] * len(keys[0])
    twice = [key for key, n in Counter(zip(when, *keys, strict=True)).items() if n > 1 and min(key[1:]) >= 0]
    if twice:
        _, prospect, rep = twice[0]
        faults.append(
            f"a rep ranks a prospect once an occasion; {counted(len(twice), 'pair')} stand more than once (first: "
            f"{quoted(held['rep'].values[rep])} on {quoted(held['prospect'].values[prospect])}). Keep one of them, or "
            "map `occasion`."
        )
    return faults


def _code(held: Labels, label: str) -> int:
    return held.values.index(label) if label in held.values else -2


def _laid_out(held: Mapping[str, Labels], ranks: NDArray[np.int64], scale: RankScale) -> JointRatings:
    """Prospects in the order they were first met, reps sorted; those whom nobody rated are left out."""
    given = np.flatnonzero(ranks != NOT_RATED)
    prospect, rep = (held[role].codes[given] for role in ("prospect", "rep"))
    when = held["occasion"].codes[given] if "occasion" in held else np.full(len(given), -1)
    units = list(dict.fromkeys(zip(when.tolist(), prospect.tolist(), strict=True)))
    reps = [code for code in range(len(held["rep"].values)) if code in set(rep.tolist())]
    rated = np.full((len(units), len(reps)), NOT_RATED, dtype=np.int64)
    row = [units.index(unit) for unit in zip(when.tolist(), prospect.tolist(), strict=True)]
    rated[row, [reps.index(code) for code in rep.tolist()]] = ranks[given]
    occasions: Sequence[str] = held["occasion"].values if "occasion" in held else ()
    return JointRatings(
        tuple(held["prospect"].values[code] for _, code in units),
        tuple(occasions[code] if code >= 0 else "" for code, _ in units),
        tuple(held["rep"].values[code] for code in reps),
        scale.ranks if isinstance(scale.ranks, tuple) else tuple(scale.ranks),
        rated,
        int((ranks == NOT_RATED).sum()),
    )
