"""calibra.toml: what it may say, and how it is read; `calibra init` writes one (see `cli_init`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.errors import InputError
from calibra.nightly.limits import Limits
from calibra.wording import LANGS

if TYPE_CHECKING:
    from calibra.data.counting.judgments import Judgments
    from calibra.data.scale import RankScale

READING = {
    "as_of": (str, date, datetime),
    "problems": (str,),
    "timezone": (str,),
    "encoding": (str,),
    "horizons": (list,),
    "check_duplicates": (bool,),
    "no_day": (list,),
    "normalise_names": (bool,),
    "assignment": (str,),
}
"""Top-level settings, passed on to `Judgments.from_frame`, and the types they may have."""

FITTING = {
    "seed": (int,),
    "engine": (str,),
    "draws": (int,),
    "judged_since": (str, date, datetime),
    "adjust_for": (list,),
    "team": (str,),
    "margin_odds": (int, float),
    "sales_target": (dict,),
}
"""Settings of `[fit]`, passed on to `calibrate`."""

HISTORY = {"outcomes": (str,), "mode": (str,), "landmark": (str, date, datetime), "columns": (dict,)}
"""Settings of `[history]`: the file is then a log of rank changes, read by `RankHistory`."""

CONTACTS = {"file": (str,), "columns": (dict,), "kinds": (dict,), "lead_days": (int,)}
"""Settings of `[contacts]`: a log of contacts beside the judgments, read by `Contacts`."""

JOINT_RATINGS = {"file": (str,), "columns": (dict,), "rank_labels": (dict,)}
"""Settings of `[joint_ratings]`: ranks that several reps gave to the same prospects, read by `JointRatings`."""
DEALS: dict[str, tuple[type, ...]] = {
    "statements": (str,),
    "outcomes": (str,),
    "columns": (dict,),
    "outcome_columns": (dict,),
}
DEALS |= {"categories": (list,), "category_labels": (dict,), "period": (str, list), "amount_step": (int, float)}
"""Settings of `[deals]`: statements of deals beside the judgments, read by `Deals.from_frames`."""

LIMITS = {"max_set_aside": (int, float), "min_rows_vs_last": (int, float), "stop_on": (list,)}
"""Settings of `[limits]`: what stops `calibra run`."""

OUTPUT = {"url": (str,), "table": (str,), "prospects": (str,)}
"""Settings of `[output]`: where `calibra run` writes its metrics, too, and what it scores."""

UNFILLED = "?"
"""Stands in the file that `calibra init` writes for what nobody can guess."""

TABLES = (
    "columns",
    "scale",
    "promises",
    "rank_labels",
    "rep_labels",
    "exit_kinds",
    "fit",
    "history",
    "contacts",
    "joint_ratings",
    "deals",
    "limits",
    "output",
)
_LABELS = ("rank_labels", "rep_labels", "exit_kinds")
"""Tables that say what a label in the data means."""
PROMISE = {"prob": (int, float), "within_days": (int,), "within": (str,), "kind": (str,)}


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What a calibra.toml says."""

    reading: Mapping[str, Any]
    """Keyword arguments of `Judgments.from_frame`."""
    fitting: Mapping[str, Any]
    """Keyword arguments of `calibrate`."""
    history: Mapping[str, Any] | None = None
    """What `[history]` says, where the file is a log of rank changes."""
    lang: str = "en"
    """Language of what is printed."""
    limits: Limits = field(default_factory=Limits)
    """What stops a night."""
    output: Mapping[str, str] = field(default_factory=dict)
    """Where else a night's results go, and what it scores."""
    contacts: Mapping[str, Any] | None = None
    """What `[contacts]` says, where a log of contacts stands beside the judgments."""
    joint_ratings: Mapping[str, Any] | None = None
    """What `[joint_ratings]` says, where several reps ranked the same prospects."""
    deals: Mapping[str, Any] | None = None
    """What `[deals]` says, where statements of deals stand beside the judgments."""

    def judgments(self, file: str | Path) -> Judgments:
        """The judgments of a file, or of a table named by a URL, as the settings say; with the contacts beside them.

        Raises as `Judgments.from_frame`, or `RankHistory.from_frames` where `[history]` is there.
        """
        found = self._judgments(file)
        if self.contacts is None:
            return found
        from calibra.data.history.contact_log import Contacts

        told = {name: value for name, value in self.contacts.items() if name != "file"}
        encoding = self.reading.get("encoding", "utf-8")
        return found.with_contacts(Contacts.from_frame(open_table(self.contacts["file"]), encoding=encoding, **told))

    @property
    def beside(self) -> Mapping[str, Any]:
        """Arguments of `calibrate` read from files of their own: a joint rating and deals, where they are named."""
        found: dict[str, Any] = {}
        if self.joint_ratings is not None:
            from calibra.data.history.joint_ratings import JointRatings

            told = {name: value for name, value in self.joint_ratings.items() if name != "file"}
            read = {"scale": self.reading["scale"], "encoding": self.reading.get("encoding", "utf-8"), **told}
            found["joint_ratings"] = JointRatings.from_frame(open_table(self.joint_ratings["file"]), **read)
        if self.deals is not None:
            from calibra.data.history.deals import Deals

            files = [open_table(self.deals[name]) for name in ("statements", "outcomes")]
            told = {name: value for name, value in self.deals.items() if name not in ("statements", "outcomes")}
            told |= {name: self.reading[name] for name in ("as_of", "timezone", "encoding") if name in self.reading}
            found["deals"] = Deals.from_frames(*files, **told)
        return found

    def _judgments(self, file: str | Path) -> Judgments:
        from calibra.data.counting.judgments import Judgments
        from calibra.data.counting.yes_no import EVENT

        if EVENT in self.reading["columns"]:
            names = ("scale", "columns", "problems", *_LABELS[:2], "normalise_names", "encoding", "assignment")
            yes_no = {name: self.reading[name] for name in names if name in self.reading}
            horizons = self.reading.get("horizons") or [None]
            return Judgments.from_outcomes(open_table(file), within_days=horizons[0], **yes_no)
        if self.history is None:
            return Judgments.from_frame(open_table(file), **self.reading)
        from calibra.data.history.history import RankHistory

        told = self.history
        reading = {name: value for name, value in self.reading.items() if name != "assignment"}
        log = RankHistory.from_frames(
            open_table(file), open_table(told["outcomes"]), outcome_columns=told["columns"], **reading
        )
        stated = {"landmark": told.get("landmark"), "assignment": self.reading.get("assignment")}
        return log.judgments(told.get("mode", "first"), **stated)


def open_table(name: str | Path) -> Any:
    """A path as it is; a table named by a URL, such as duckdb://team.duckdb::judgments, in its own engine."""
    from calibra.data.frames.urls import is_url, read_url

    return read_url(str(name)) if is_url(str(name)) else name


def read_settings(path: str | Path = "calibra.toml", *, as_of: str | date | None = None) -> Settings:
    """What does a calibra.toml say? Read and checked, as the shell does.

    `calibrate(settings.judgments("judgments.csv"), **settings.fitting, **settings.beside)` is what `calibra fit` does.

    Parameters
    ----------
    path : str or path
        A file that `calibra init` wrote.
    as_of : str or date, optional
        The snapshot date, in place of the file's.

    Returns
    -------
    Settings
        `judgments(file)` reads a table as the file says; `fitting` holds the arguments of `calibrate`; `reading`,
        `history`, `limits`, `output` and `lang` what else it says.

    Raises
    ------
    InputError
        No such file, no TOML, or settings that are missing, unknown or of the wrong type: all of them in one message.
    """
    path = Path(path)
    config = _load(path) | ({} if as_of is None else {"as_of": as_of})
    faults = [
        *_faults(config, {**READING, "lang": (str,), **dict.fromkeys(TABLES, (dict,))}, ""),
        *_faults(_part(config, "fit"), FITTING, "fit."),
        *_faults(_part(config, "scale"), {"ranks": (list,)}, "scale."),
        *_faults(_part(config, "limits"), LIMITS, "limits."),
        *_faults(_part(config, "output"), OUTPUT, "output."),
        *_history_faults(config),
        *_beside_faults(config, "contacts", CONTACTS, ("file", "columns")),
        *_beside_faults(config, "joint_ratings", JOINT_RATINGS, ("file",)),
        *_beside_faults(config, "deals", DEALS, ("statements", "outcomes", "columns", "outcome_columns")),
        *([] if config.get("lang", "en") in LANGS else [f'`lang` must be "en" or "ja"; got {config["lang"]!r}.']),
        *_needed(config),
    ]
    promises = _part(config, "promises")
    for rank, promise in promises.items():
        faults += _faults(promise, PROMISE, f"promises.{rank}.") if isinstance(promise, dict) else []
        named = {"within_days" if name == "within" else name for name in promise} if isinstance(promise, dict) else ()
        absent = [name for name in ("prob", "within_days") if name not in named]
        faults += [f"`promises.{rank}.{name}` is missing; write it under [promises.{rank}]." for name in absent]
    if faults:
        raise InputError("\n".join([f"{path} has problems:", *(f"- {fault}" for fault in faults)]))
    reading = {name: config[name] for name in READING if name in config}
    reading |= {"scale": _scale(config), "columns": config["columns"]}
    reading |= {name: config[name] for name in _LABELS if name in config}
    return Settings(
        reading,
        {"seed": 1, **_part(config, "fit")},
        _part(config, "history") or None,
        config.get("lang", "en"),
        Limits(**{name: _as_tuple(value) for name, value in _part(config, "limits").items()}),
        _part(config, "output"),
        _part(config, "contacts") or None,
        _part(config, "joint_ratings") or None,
        _part(config, "deals") or None,
    )


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no {path}. Write one with `calibra init FILE`, or name yours with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be TOML in UTF-8; {error}.") from error


def _scale(config: Mapping[str, Any]) -> RankScale:
    from calibra.data.scale import Promise, RankScale

    return RankScale(
        config["scale"]["ranks"], {rank: Promise(**promise) for rank, promise in _part(config, "promises").items()}
    )


def _part(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of the file, empty where it is absent or none."""
    part = config.get(name, {})
    return part if isinstance(part, dict) else {}


def _beside_faults(
    config: Mapping[str, Any], name: str, known: Mapping[str, tuple[type, ...]], needed: Sequence[str]
) -> list[str]:
    """Faults of a table that names a file beside the judgments."""
    if name not in config:
        return []
    told = _part(config, name)
    missing = [f"`{name}.{key}` is missing; write it under [{name}]." for key in needed if key not in told]
    return [*_faults(told, known, f"{name}."), *missing]


def _history_faults(config: Mapping[str, Any]) -> list[str]:
    if "history" not in config:
        return []
    told = _part(config, "history")
    faults = _faults(told, HISTORY, "history.")
    faults += [
        f"`history.{name}` is missing; write it under [history]."
        for name in ("outcomes", "columns")
        if name not in told
    ]
    of_judgments = [name for name in ("check_duplicates",) if name in config]
    faults += [f"`{name}` is of judgments, not of a log of rank changes; leave it out." for name in of_judgments]
    return faults


def _needed(config: Mapping[str, Any]) -> list[str]:
    faults = (
        []
        if "as_of" in config or "event" in _part(config, "columns")
        else ["`as_of` is missing; write the day of the data."]
    )
    faults += [] if config.get("columns") else ["`[columns]` is missing; it says which column plays which role."]
    unfilled = [role for role, name in _part(config, "columns").items() if name == UNFILLED]
    faults += [f'`columns.{role}` is still "?"; write the name of the column.' for role in unfilled]
    return faults + ([] if "ranks" in _part(config, "scale") else ["`scale.ranks` is missing; list them, best first."])


def _faults(found: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], prefix: str) -> list[str]:
    """Unknown names, with the nearest known one, and values of the wrong type."""
    faults = []
    for name, value in found.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"write `{prefix}{near[0]}`" if near else f"known are {', '.join(known)}"
            faults.append(f"`{prefix}{name}` is no setting; {hint}.")
        elif value == UNFILLED and name in _WANTED:
            faults.append(f'`{prefix}{name}` is still "?"; write {_WANTED[name]}.')
        elif not isinstance(value, known[name]) or (isinstance(value, bool) and bool not in known[name]):
            kinds = [
                kind for kind in known[name] if kind is not datetime and not (kind is int and float in known[name])
            ]
            wanted = " or ".join(_TYPE_NAMES[kind] for kind in kinds)
            faults.append(f"`{prefix}{name}` must be {wanted}; got {value!r}.")
    return faults


_WANTED = {
    "outcomes": "the table that says what came of each prospect",
    "as_of": "the day the data were taken, such as 2026-09-30",
    "prob": "the share you promise of this rank, such as 0.6",
    "within_days": "within how many days, such as 90",
}
_TYPE_NAMES = {
    str: "text in quotes",
    date: "a date",
    bool: "true or false",
    list: "a list",
    int: "a whole number",
    float: "a number",
    dict: "a table",
}
