"""Names of reps: other spellings of one, and all brought to one form, before anything is counted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.labels import label_text
from calibra.errors import InputError, check_switch
from calibra.words import normal_spelling, quoted

_EXACT = 2.0**53
"""Up to it every whole number is one float."""
_ENDED = re.compile(
    r"\s*[(\[（［【]\s*(?:inactive|deactivated|disabled|former|left|retired|無効|退職|退職者|退職済み?|休職中?)\s*[)\]）］】]\s*$",
    re.IGNORECASE,
)
"""How systems mark the name of somebody who left."""
_VARIANTS = str.maketrans("髙﨑𠮷邉濵槗栁瀨德靑緖曻", "高崎吉邊浜橋柳瀬徳青緒昇")
"""Forms of a character that names are written with where the system knows them, and without where it does not."""


@dataclass(frozen=True, slots=True)
class RepNames:
    """How is a rep's name in the data to be read?"""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Name as it stands in the data to the name it is counted under."""
    normalise: bool = False
    """Whether names are brought to one form first: NFKC, single blanks, no marks without a width."""

    def __bool__(self) -> bool:
        """Whether any name can change."""
        return bool(self.labels) or self.normalise

    def in_frame(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The frame with the names of its column `rep` as they are counted."""
        if not self or "rep" not in frame.collect_schema():
            return frame
        told = text_label("rep", frame.collect_schema()["rep"])
        changed = {old: new for old in self._names(frame, told) if (new := self.of(old)) != old}
        if not changed:
            return frame
        found = [nw.when(told == nw.lit(old)).then(nw.lit(new)) for old, new in changed.items()]
        return frame.with_columns(nw.coalesce(*found, told).alias("rep"))

    def of(self, name: str) -> str:
        """The name a rep is counted under."""
        form = one_form(name) if self.normalise else name
        return self.labels.get(name, self.labels.get(form, form))

    def _names(self, frame: nw.LazyFrame[Any], told: nw.Expr) -> list[str]:
        """The names that may change; where all are brought to one form, those that the frame holds."""
        if not self.normalise:
            return list(self.labels)
        from calibra.data.frames.open import collect

        held = collect(frame.select(told.alias("rep")).unique())["rep"].to_list()
        return sorted(name for name in held if isinstance(name, str))


def read_rep_names(labels: object, normalise: object) -> RepNames:
    """The choices of the user, checked."""
    if not isinstance(labels, Mapping | None):
        raise InputError(f"`rep_labels` must lead from names to names, such as {{'Abe, T.': 'Abe'}}; got {labels!r}.")
    bad = [name for name in (labels or {}).values() if not isinstance(name, str) or not name.strip()]
    if bad:
        raise InputError(f"`rep_labels` must lead to names; got {bad[0]!r}.")
    fold = check_switch(normalise, "normalise_names")
    found: dict[str, str] = {}
    for label, name in (labels or {}).items():
        old = label if isinstance(label, str) else label_text(label)
        if old is None:
            raise InputError(f"`rep_labels` must lead from names; got {label!r}.")
        old, new = (one_form(old), one_form(name)) if fold else (old, name)
        if found.setdefault(old, new) != new:
            raise InputError(
                f"`rep_labels` must lead from a name to one other; {quoted(old)} leads to {quoted(found[old])} and to "
                f"{quoted(new)}{' once names are in one form' if fold else ''}. Keep one of them."
            )
    return RepNames(found, fold)


def one_form(name: str) -> str:
    """A name in NFKC, with single blanks, without marks that have no width."""
    marks = (mark for mark in unicodedata.normalize("NFKC", name) if unicodedata.category(mark) != "Cf")
    return " ".join("".join(marks).split())


def read_as(name: str) -> str:
    """What a person reads: the name without case, width, blanks, a mark of somebody who left, forms of a character."""
    return normal_spelling(_ENDED.sub("", name).translate(_VARIANTS))


def text_label(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """A label as the counts have it: 7 and 7.0 both read "7"; of exact decimals `with_plain_types` has seen to that."""
    value = nw.col(name)
    if not dtype.is_float():
        return value.cast(nw.String)
    whole = nw.when((value == value.floor()) & (value.abs() < _EXACT)).then(value)
    text = nw.when(~value.is_nan()).then(value).cast(nw.String)
    return nw.when(~whole.is_null()).then(whole.cast(nw.Int64).cast(nw.String)).otherwise(text)
