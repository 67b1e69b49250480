"""In whose calendar moments fall on a day: in the zone given, else in the one that the columns name, else in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.doubts import UTC_DAYS, doubt
from calibra.data.frames.dates import ZONED_TEXT, is_text
from calibra.data.frames.roles import DATES
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.values import Listed

UTC = "UTC"
_NAMES_OF_UTC = frozenset(
    ("UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Zulu", "UCT", "Z", "+00:00", "-00:00", "UTC+00:00")
)
_OFFSET = "(?:UTC)?([+-])([0-9]{2}):?([0-9]{2})"
_EPOCH_TEXT = "^[0-9]{9,16}(?:[.]0+)?$"
"""Text that some systems write for a moment: seconds or milliseconds since 1970, in UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Whose calendar is a table read in, and which of its columns hold moments, which plain days?"""

    timezone: str
    """The zone."""
    assumed: bool
    """Whether it is UTC for want of any that was given or named."""
    zoned: tuple[str, ...] = ()
    """Roles whose columns are of a type with a time zone."""
    plain: tuple[str, ...] = ()
    """Roles whose columns are of a type without one."""
    texts: tuple[str, ...] = ()
    """Roles whose columns are text, which may be either."""
    frame: nw.LazyFrame[Any] | None = None
    """The table before its moments were made local."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a role is called to the user, where that is not its name here."""

    @property
    def timezone_known(self) -> str | None:
        """The zone that was given or named; None where UTC is assumed."""
        return None if self.assumed else self.timezone


def named_zone(frames: Iterable[tuple[Any, Iterable[str]]]) -> str | None:
    """Which one zone do these columns of these frames name, other than UTC? None where none does.

    pandas, polars and pyarrow keep the zone that was meant; databases and files give moments in UTC, or in the zone of
    their session, which depends on the machine.

    Raises
    ------
    InputError
        Several zones; an offset from UTC that is no zone.
    """
    zones: dict[str, str] = {}
    for frame, names in frames:
        zones |= {zone: name for name in names for zone in _zones_of(frame, name) if zone not in _NAMES_OF_UTC}
    if len(zones) > 1:
        told = ", ".join(f"{zone} ({name})" for zone, name in sorted(zones.items()))
        raise InputError(
            f"Moments fall on the days of one calendar; the columns name several zones: {told}. Say which is meant "
            f"with `timezone={sorted(zones)[0]!r}`."
        )
    return next((_as_zone(zone, name) for zone, name in zones.items()), None)


def _zones_of(frame: Any, name: str) -> set[str]:
    """The zones that a column of a local frame names."""
    engine = frame.implementation
    if not (engine.is_polars() or engine.is_pandas_like() or engine.is_pyarrow()):
        return set()
    dtype = frame.collect_schema().get(name)
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        return {dtype.time_zone}
    if isinstance(dtype, nw.Unknown) and engine.is_pandas_like():  # narwhals reads no zone with a sign or a digit
        zone = getattr(nw.to_native(frame)[name].dtype, "tz", None)
        return set() if zone is None else {str(zone)}
    if isinstance(dtype, nw.Object):
        moments = [value for value in frame[name].drop_nulls().to_list() if isinstance(value, datetime)]
        return {str(moment.tzinfo) for moment in moments if moment.tzinfo is not None}
    return set()


def _as_zone(zone: str, name: str) -> str:
    """The name of a zone; of an offset by whole hours that of the zone which keeps it all year."""
    offset = re.fullmatch(_OFFSET, zone)
    if offset is None:
        return zone
    sign, hours, minutes = offset.groups()
    if minutes != "00":
        raise InputError(
            f"`{name}` holds moments {zone} from UTC, which names no calendar. Say whose it is, such as "
            "`timezone='Asia/Kolkata'`."
        )
    return f"Etc/GMT{'-' if sign == '+' else '+'}{int(hours)}"  # their signs count westwards


def calendar_of(frame: nw.LazyFrame[Any], timezone: str | None) -> Calendar:
    """The calendar of a table whose columns are named by role, with its columns of days by how they are written."""
    schema = frame.collect_schema()
    dated = [name for name in schema.names() if name in DATES]

    def of(belongs: Callable[[nw.dtypes.DType], bool]) -> tuple[str, ...]:
        return tuple(name for name in dated if belongs(schema[name]))

    return Calendar(
        timezone or UTC,
        timezone is None,
        zoned=of(lambda kind: isinstance(kind, nw.Datetime) and kind.time_zone is not None),
        plain=of(lambda kind: isinstance(kind, nw.Date) or (isinstance(kind, nw.Datetime) and kind.time_zone is None)),
        texts=of(is_text),
        frame=frame,
    )


def doubts_of_calendars(*calendars: Calendar) -> tuple[Finding, ...]:
    """A doubt where moments were read in UTC, which nobody asked for, beside plain days; text is looked into."""
    could_be = any(calendar.zoned or calendar.texts for calendar in calendars)
    if not could_be or not all(calendar.assumed for calendar in calendars):
        return ()
    zoned: list[str] = []
    plain: list[str] = []
    for calendar in calendars:
        some_zoned, some_plain = _texts_by_kind(calendar)
        zoned += [calendar.names.get(role, role) for role in (*calendar.zoned, *some_zoned)]
        plain += [calendar.names.get(role, role) for role in (*calendar.plain, *some_plain)]
    if not zoned or not plain:
        return ()
    names = (Listed(tuple(f"`{role}`" for role in roles)) for roles in (zoned, plain))
    return (doubt(UTC_DAYS, **dict(zip(("zoned", "plain"), names, strict=True))),)


def _texts_by_kind(calendar: Calendar) -> tuple[list[str], list[str]]:
    """Roles with text that bears an offset from UTC, and roles with text that bears none; one scan of the texts."""
    from calibra.data.frames.open import collect

    if not calendar.texts or calendar.frame is None:
        return [], []
    asked = {}
    for role in calendar.texts:
        text = nw.col(role).cast(nw.String).str.strip_chars()
        zoned = text.str.contains(ZONED_TEXT) | text.str.contains(_EPOCH_TEXT)
        asked[f"zoned_{role}"] = nw.when(zoned).then(nw.lit(1)).count().cast(nw.Int64)
        asked[f"plain_{role}"] = nw.when(~zoned & (text != nw.lit(""))).then(nw.lit(1)).count().cast(nw.Int64)
    found = collect(calendar.frame.select(**asked))
    held = {name: int(found[name].to_list()[0]) for name in asked}
    some_zoned = [role for role in calendar.texts if held[f"zoned_{role}"]]
    return some_zoned, [role for role in calendar.texts if held[f"plain_{role}"]]
