"""The words for "no": every error and warning calibra raises on purpose."""

import math
import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any


class CalibraError(Exception):
    """Root of every error calibra raises on purpose.

    Its reason is a text, or a finding, which has words in every language.
    """

    def __init__(self, reason: object = "") -> None:
        super().__init__(str(reason))
        self.finding = None if isinstance(reason, str) else reason
        """The reason as a finding; None where there is only the message."""


class InputError(CalibraError, ValueError):
    """What was given cannot be used; the message says what was expected, what came and how to mend it."""


class EngineError(CalibraError):
    """A database that could not be reached, went away or refused: the input may be sound, and a later call may do."""


class NotEnoughDataError(CalibraError):
    """The input is sound, but holds too little for an answer yet; the message says when it will."""


class NotAnsweredError(NotEnoughDataError, AttributeError):
    """A chapter of a calibration that has no answer; also an `AttributeError`, so that `hasattr` says so."""


class FitError(CalibraError):
    """The fit did not reach an answer that can be stood behind."""


class CalibraWarning(UserWarning):
    """Something the reader of a result should know."""


class HorizonError(InputError, KeyError):
    """A horizon that is not there; also a `KeyError`, as a mapping's miss should be."""

    def __str__(self) -> str:
        """The message as it is, not quoted as a key would be."""
        return ValueError.__str__(self)


HOW_TO_MAKE = {
    "Judgments": (
        "Make them first: `judgments = calibra.Judgments.from_frame({frame}, scale=calibra.RankScale(['A', 'B', 'C']), "
        "as_of='2026-09-30', columns={{'prospect': ..., 'rep': ..., 'rank': ..., 'judged_at': ...}})`; of ready-made "
        "counts with `calibra.Judgments.from_counts`."
    ),
    "RankScale": "Write `calibra.RankScale(['A', 'B', 'C'])`, the best rank first.",
    "ModelFit": "`calibra.RankModel(within_days=90).fit(judgments, seed=1)` makes one; so does any other model.",
    "RankFit": "`calibra.RankModel(within_days=90).fit(judgments, seed=1)` makes one.",
    "ThresholdFit": "`calibra.ThresholdModel(within_days=90).fit(judgments, seed=1)` makes one.",
    "LeadTimeFit": "`calibra.LeadTimeModel().fit(judgments, seed=1)` makes one.",
}
"""Kind to how one is made; `{frame}` stands for what was given instead."""
INSIDE_A_CALIBRATION = {
    "Judgments": "judgments",
    "ModelFit": "ranks[days]",
    "RankFit": "ranks[days]",
    "ThresholdFit": "thresholds.fits[days]",
    "LeadTimeFit": "lead_times",
    "AddedFit": "added[days]",
    "StatedFit": "stated[days]",
    "ThresholdAdvice": "thresholds.advice",
    "Granularity": "granularity[days]",
}
"""Kind to where a calibration holds it."""


def check_kind(value: object, name: str, *kinds: type, more: str = "") -> None:
    """Refuse what is of no such kind; the message says what came, and how to make or where to find the right one.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        The argument it was given as.
    *kinds : type
        What it may be; how the first of them is made is told (`HOW_TO_MAKE`).
    more : str
        What else mends it.
    """
    if isinstance(value, kinds):
        return
    names = [kind.__name__ for kind in kinds]
    given = repr(os.fspath(value)) if isinstance(value, str | os.PathLike) else "frame"
    made = [HOW_TO_MAKE[kind].format(frame=given) for kind in names[:1] if kind in HOW_TO_MAKE]
    said = f"`{name}` must be {' or '.join(map(_one, names))}; got {what_came(value)}."
    mended = [*(_found_inside(value, names) or made), *([more] if more else [])]
    raise InputError(" ".join([said, *mended]))


def _found_inside(value: object, kinds: list[str]) -> list[str]:
    """Where a calibration that was given holds what was expected; nothing of any other value."""
    if "Calibration" not in {known.__name__ for known in type(value).__mro__}:
        return []
    found = []
    for place in [INSIDE_A_CALIBRATION[kind] for kind in kinds if kind in INSIDE_A_CALIBRATION]:
        attribute, by_horizon, _ = place.partition("[")
        held: Any = value
        for name in attribute.split("."):
            held = getattr(held, name, None)
        if held is None:
            continue
        keys = [f"[{days!r}]" for days in held] if by_horizon else [""]
        found += [f"`calibration.{attribute}{key}`" for key in keys]
    return [f"The calibration holds it: pass {' or '.join(found)}."] if found else []


def _one(kind: str) -> str:
    return kind if kind == "Judgments" else f"{'an' if kind[0] in 'AEIOUaeio' else 'a'} {kind}"


def what_came(value: object) -> str:
    """What came: short plain values as they are, anything else by its kind and, where it is not ours, its library."""
    if isinstance(value, type):
        return f"the class {value.__name__} itself"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if value is None or (isinstance(value, bool | int | float | str) and len(repr(value)) <= _MOST_SHOWN):
        return repr(value)
    library = type(value).__module__.partition(".")[0]
    return _one(type(value).__name__) + ("" if library in ("builtins", "calibra") else f" of {library}")


_MOST_SHOWN = 60


def check_number(value: object, name: str) -> None:
    """Refuse what is no number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"`{name}` must be a number; got {what_came(value)}.")
    if not math.isfinite(value):
        raise InputError(f"`{name}` must be a finite number; got {value}.")


def check_within(value: object, name: str, low: float, high: float = math.inf, *, ends: str = "[]", mend: str) -> None:
    """Refuse what is no finite number from `low` to `high`.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        The argument it was given as.
    low, high : float
        The ends; without an upper one anything finite above `low` will do.
    ends : {"[]", "(]", "[)", "()"}
        Which ends count: a round bracket leaves its end out.
    mend : str
        How to mend it, in a sentence.
    """
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        number = float(value)
        above = number > low or (number == low and ends[0] == "[")
        if above and (number < high or (number == high and ends[1] == "]")):
            return
    known = {"[]": f"lie between {low:g} and {high:g}", "()": f"lie strictly between {low:g} and {high:g}"}
    known |= {"(]": f"lie above {low:g} and be at most {high:g}", "[)": f"be {low:g} or more and below {high:g}"}
    no_end = {"[": f"be a number, {low:g} or more", "(": f"be a number above {low:g}"}
    wanted = no_end[ends[0]] if high == math.inf else known[ends]
    came = str(value) if isinstance(value, Real) else what_came(value)
    raise InputError(f"`{name}` must {wanted}; got {came}. {mend}")


def check_whole(value: object, name: str, least: int, *, mend: str) -> None:
    """Refuse what is no whole number of `least` or more."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        came = str(value) if isinstance(value, Real) else what_came(value)
        raise InputError(f"`{name}` must be a whole number, {least} or more; got {came}. {mend}")


def check_switch(value: object, name: str) -> bool:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise InputError(f"`{name}` must be True or False; got {what_came(value)}.")
    return value


def check_path(path: object, name: str) -> str:
    """The place that a path names, `~` as the home folder; what names none is refused."""
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"`{name}` must be a path, as text or as pathlib.Path; got {what_came(path)}. Name the place.")
    return os.path.expanduser(os.fspath(path))  # noqa: PTH111  an empty path stays one, and is refused


def check_file(path: str | os.PathLike[str], such_as: str) -> None:
    """Refuse to write a file where there is a folder, or under no name."""
    if not os.fspath(path) or Path(path).is_dir():
        named = str(Path(path) / such_as)
        what = "which is a folder" if os.fspath(path) else "which names none"
        raise InputError(
            f"`path` must be the file to write; got {what_came(os.fspath(path))}, {what}. Write {named!r}."
        )


def check_folder(folder: Path) -> None:
    """Refuse to write where there is no folder."""
    if not folder.is_dir():
        raise InputError(f"A folder that exists was expected; there is none at {str(folder)!r}. Make it first.")
