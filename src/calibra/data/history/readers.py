"""Rank-change logs from the exports of two CRMs, Salesforce and HubSpot, lazily in the frame's own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.plan import column_faults
from calibra.data.frames.calendars import Calendar, named_zone
from calibra.data.frames.dates import as_day, check_timezone, day_number
from calibra.data.frames.open import OpenedFrame, collect, names_of, open_frame
from calibra.data.history.frames import same_engine
from calibra.data.history.moments import as_label, of_one_type, with_moments
from calibra.data.history.salesforce import (
    at_creation,
    count_broken,
    count_strangers,
    doubt_of_default,
    length,
    log_rows,
    n_by_users,
    under_kept_ids,
    without_merged,
    without_users,
)
from calibra.data.history.salesforce_ids import ids_of_one_form
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.words import of_one, quoted

SALESFORCE_HISTORY: Mapping[str, str] = {
    "prospect": "OpportunityId",
    "field": "Field",
    "old": "OldValue",
    "rank": "NewValue",
    "changed_at": "CreatedDate",
    "rep": "CreatedById",
}
"""Part to column of a Salesforce history export; for leads `prospect` is LeadId, for custom objects ParentId."""
SALESFORCE_RECORDS: Mapping[str, str] = {"prospect": "Id", "created_at": "CreatedDate", "rep": "CreatedById"}
"""Part to column of the records themselves; `rank` is the tracked field unless mapped."""
HUBSPOT_HISTORY: Mapping[str, str] = {
    "prospect": "objectId",
    "rank": "value",
    "changed_at": "timestamp",
    "source": "sourceType",
    "source_id": "sourceId",
    "rep": "updatedByUserId",
}
"""Part to column of a HubSpot property history, one row per version; where the column of `rep` is not there, users are
read from `source_id`."""
HUMAN_SOURCES = ("CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID")
"""Values of HubSpot's sourceType that stand for a person at a screen."""

LOG_COLUMNS = {name: name for name in ("prospect", "rep", "rank", "changed_at", "sequence")}


@dataclass(frozen=True, slots=True, eq=False)
class ChangeLog:
    """A plain rank-change log made of an export, and what was dropped on the way."""

    frame: Any
    """The log, lazily, in the export's own engine: prospect, rep, rank, changed_at, sequence. pandas and pyarrow frames
    and files come as a DuckDB relation."""
    calendar: Calendar
    """In whose calendar zone-aware moments were made local."""
    n_changes: int
    """Rows of the log."""
    dropped: Mapping[str, int]
    """What was left out, or taken as a rank taken away: in words, to number of rows of the export."""
    doubts: tuple[Finding, ...] = ()
    """What looks like a mistake in what was exported."""

    @property
    def timezone(self) -> str:
        """Zone to which zone-aware moments were made local."""
        return self.calendar.timezone

    @property
    def columns(self) -> dict[str, str]:
        """Role to column, as `RankHistory.from_frames` wants them."""
        return dict(LOG_COLUMNS)

    def at_the_door(self, columns: Mapping[str, str] | None, timezone: str | None) -> tuple[Any, dict[str, str]]:
        """Frame and roles, for a history that reads moments in the same zone."""
        if columns is not None:
            raise InputError("`columns` belongs to plain frames; a ChangeLog knows its own. Leave it out.")
        if timezone not in (None, self.timezone):
            raise InputError(
                f"`timezone` must be that of the log, {self.timezone!r}, whose moments are local already; got "
                f"{timezone!r}. Pass it to the reader, too."
            )
        return self.frame, self.columns

    def __str__(self) -> str:
        """What was read, in words."""
        return "\n".join(
            [
                f"{of_one(self.n_changes, 'changes of rank')}.",
                *(f"Noted: {of_one(n, words)}." for words, n in self.dropped.items()),
                *(f"Doubtful: {doubt}" for doubt in self.doubts),
            ]
        )


def read_salesforce_history(
    history: Any,
    records: Any,
    *,
    field: str,
    columns: Mapping[str, str] | None = None,
    record_columns: Mapping[str, str] | None = None,
    tracked_from: Any = None,
    ignore_users: Sequence[str] = (),
    merged: Mapping[str, str] | None = None,
    default_rank: str | None = None,
    timezone: str | None = None,
    encoding: str = "utf-8",
) -> ChangeLog:
    """Read Salesforce field history (OpportunityFieldHistory, LeadHistory, …) as a rank-change log.

    The judge of a change is who made it (CreatedById), not who owns the record. The value at creation is no row of the
    history: it is the first OldValue, or, where the field never changed, the record's present value, dated and signed
    by the record's creation.

    Parameters
    ----------
    history : frame or path
        The history export, of all fields or of one.
    records : frame or path
        The records themselves, one row each, those without history included.
    field : str
        Name of the rank's field as it stands in the column Field, such as "Rank__c".
    columns : mapping of str to str, optional
        Changes to SALESFORCE_HISTORY, such as {"prospect": "LeadId"}.
    record_columns : mapping of str to str, optional
        Changes to SALESFORCE_RECORDS, such as {"rank": "Rank", "rep": "OwnerId"}.
    tracked_from : date, optional
        Day on which tracking of the field was switched on, or from which history is kept (18 months). Records created
        before are left out altogether: the rank they entered with is not in the export.
    ignore_users : sequence of str
        Users that are no person, such as an integration's: a rank they set ends the rank before it, and is none itself.
    merged : mapping of str to str, optional
        Id of a record that was merged into another to the id that was kept: its history is read as the other's.
    default_rank : str, optional
        What the field holds where nobody chose: the rank at creation is none where it is this one. A rep who sets it
        later gives a rank.
    timezone : str, optional
        IANA zone in whose calendar zone-aware moments fall on a day, as in `Judgments.from_frame`.
    encoding : str
        Encoding of CSV files.

    Returns
    -------
    ChangeLog
        To be passed to `RankHistory.from_frames` in place of the changes.

    Raises
    ------
    InputError
        A column that is not there or of a type that cannot be read; no row of the field; none of its prospects among
        the records.
    """
    mapping = {**SALESFORCE_HISTORY, **(columns or {})}
    of_records = {**SALESFORCE_RECORDS, "rank": field, **(record_columns or {})}
    check_timezone(timezone)
    wanted = (tuple(mapping.values()), tuple(of_records.values()))
    (history, records), connection = same_engine(history, records, encoding, wanted)
    zone = timezone or _zone_of((history, mapping["changed_at"]), (records, of_records["created_at"]))
    opened = _open("history", history, mapping, zone, encoding, connection)
    changes = _parts(opened)
    entries = _parts(_open("records", records, of_records, zone, encoding, connection))
    for part, dated in (("prospect", "prospect"), ("changed_at", "created_at")):
        changes, entries = of_one_type(changes, entries, part, (mapping[part], of_records[dated]))
    changes, entries = ids_of_one_form(changes, entries)
    if merged:
        changes, entries = under_kept_ids(changes, merged), without_merged(entries, merged)
    of_field = changes.filter(nw.col("field").cast(nw.String) == field)
    n_changes, n_all, n_records = length(of_field), length(changes), length(entries)
    if not n_changes:
        seen = collect(changes.select(nw.col("field").cast(nw.String)).unique().sort("field").head(5))[
            "field"
        ].to_list()
        raise InputError(
            f"`field` must be a field of the history; {quoted(field)} is not, it has {', '.join(map(quoted, seen))}."
        )
    n_strange, doubts = count_strangers(of_field, entries)
    n_broken = count_broken(of_field)
    of_field = of_field.join(entries.select("prospect").unique(), on="prospect", how="inner")
    n_old = 0
    if tracked_from is not None:
        schema = entries.collect_schema()
        young = day_number("changed_at", schema["changed_at"]) >= as_day(tracked_from, opened.calendar.timezone)
        kept = entries.filter(young)
        n_old = n_records - length(kept)
        entries = kept
        of_field = of_field.join(entries.select("prospect").unique(), on="prospect", how="inner")
    created = at_creation(entries, of_field, may_precede=bool(merged))
    doubts = doubts if default_rank is not None else (*doubts, *doubt_of_default(created, n_records - n_old))
    by_users = n_by_users(of_field, ignore_users) + n_by_users(created, ignore_users)
    n_default = 0 if default_rank is None else length(created.filter(nw.col("rank") == default_rank))
    by_person = without_users(created, ignore_users).filter(~nw.col("rank").is_null())
    if default_rank is not None:
        by_person = by_person.filter(nw.col("rank") != default_rank)
    log = nw.concat([by_person, log_rows(without_users(of_field, ignore_users), sequence=1)])
    dropped = {
        "changes of other fields": n_all - n_changes,
        "changes of prospects that are not among the records, whose entry rank is not known": n_strange,
        f"records created before {tracked_from}, whose entry rank is not in the history": n_old,
        f"ranks set by {', '.join(ignore_users)}, no person: they end a rank, give none": by_users,
        f"ranks at creation that are the default of the field, {default_rank}: nobody chose them": n_default,
        "changes from another value than the change before them led to: rows of the history are missing": n_broken,
    }
    return _change_log(log, _calendar(opened), dropped, doubts)


def read_hubspot_history(
    history: Any,
    *,
    columns: Mapping[str, str] | None = None,
    human_sources: Sequence[str] = HUMAN_SOURCES,
    timezone: str | None = None,
    encoding: str = "utf-8",
) -> ChangeLog:
    """Read HubSpot property history (`propertiesWithHistory`), one row per version, as a rank-change log.

    Only what a person set (sourceType) is a judgment. A value set by a workflow, an import or an integration takes the
    person's rank away and is none itself; these are counted. The judge is updatedByUserId, else the user in sourceId.

    Parameters
    ----------
    history : frame or path
        One row per record and version of the rank's property.
    columns : mapping of str to str, optional
        Changes to HUBSPOT_HISTORY, such as {"prospect": "contactId"}.
    human_sources : sequence of str
        Values of sourceType that stand for a person.
    timezone : str, optional
        IANA zone in whose calendar zone-aware moments fall on a day, as in `Judgments.from_frame`.
    encoding : str
        Encoding of a CSV file.

    Returns
    -------
    ChangeLog
        To be passed to `RankHistory.from_frames` in place of the changes.

    Raises
    ------
    InputError
        A column that is not there or of a type that cannot be read; no version set by a person.
    """
    mapping = {**HUBSPOT_HISTORY, **(columns or {})}
    check_timezone(timezone)
    (history, _), connection = same_engine(history, history, encoding, (tuple(mapping.values()),) * 2)
    mapping = _without_absent_user(history, mapping, columns or {})
    zone = timezone or _zone_of((history, mapping["changed_at"]))
    opened = _open("history", history, mapping, zone, encoding, connection)
    changes = _parts(opened)
    source = nw.col("source").cast(nw.String)
    signed = as_label(changes, "source_id").str.replace_all("userId:", "", literal=True)
    by_hand = source.is_in(list(human_sources))
    user = as_label(changes, "rep") if "rep" in mapping else None
    rep = signed if user is None else nw.when(~user.is_null() & (user != nw.lit(""))).then(user).otherwise(signed)
    log = changes.with_columns(
        rep.alias("rep"),
        nw.when(by_hand).then(as_label(changes, "rank")).alias("rank"),
        source.alias("source"),
        nw.when(by_hand).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64).alias("by_hand"),
    )
    counted = collect(log.group_by("source", "by_hand").agg(nw.len().cast(nw.Int64).alias("n")))
    found = sorted((row["source"] or "", row["by_hand"], row["n"]) for row in counted.iter_rows(named=True))
    if not any(hand for _, hand, _ in found):
        raise InputError(
            f"`human_sources` must be among the source types of the history; {', '.join(map(quoted, human_sources))} "
            f"are not, it has {', '.join(quoted(kind) for kind, _, _ in found[:5])}."
        )
    dropped = {
        f"versions set by {quoted(kind) if kind else 'a source that is not named'}, no person: they end a rank, give "
        "none": n
        for kind, hand, n in found
        if not hand
    }
    return _change_log(log_rows(log, sequence=1), _calendar(opened), dropped)


def _without_absent_user(history: Any, mapping: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str]:
    """The mapping without the user's column where the export has none and nobody asked for it."""
    if "rep" in asked:
        return dict(mapping)
    there = names_of(nw.from_native(history))
    absent = mapping["rep"] not in there and mapping["source_id"] in there
    return {part: column for part, column in mapping.items() if part != "rep" or not absent}


def _open(
    side: str, native: Any, mapping: Mapping[str, str], timezone: str | None, encoding: str, connection: Any
) -> OpenedFrame:
    """An export at the door; the moments are opened as those of judgments, all else that has no role as groupings."""
    inner = {"judged_at" if part in ("changed_at", "created_at") else part: column for part, column in mapping.items()}
    try:
        opened = open_frame(
            native, columns=inner, timezone=timezone, encoding=encoding, required=(), connection=connection
        )
    except InputError as error:
        raise InputError(f"The {side} cannot be read: {error}") from error
    if not length(opened.frame):  # without a row no column has a type
        raise InputError(f"The {side} must hold at least one row; it holds none. Is the export whole?")
    dated = opened.schema["judged_at"]
    faults = [*opened.faults, *(column_faults(opened)[1] if not (dated.is_integer() or dated.is_float()) else ())]
    if faults:
        words = " ".join(faults).replace("`judged_at`", "`changed_at`")
        raise InputError(f"The {side} cannot be read: {words}")
    return opened


def _parts(opened: OpenedFrame) -> nw.LazyFrame[Any]:
    """The export with its columns named by part, dated `changed_at`."""
    names = {opened.roles.label_column(key): key for key in opened.roles.groups}
    moments = with_moments(opened, "judged_at", opened.calendar.timezone)
    return moments.rename(names | {"judged_at": "changed_at"})


def _zone_of(*tables: tuple[Any, str]) -> str | None:
    """The one zone that the columns of moments name; columns that are not there are refused later."""
    return named_zone((nw.from_native(native), [column]) for native, column in tables)


def _calendar(opened: OpenedFrame) -> Calendar:
    """In whose calendar the log is; stamps that are numbers are moments, too."""
    kind = opened.schema["judged_at"]
    zoned = ("judged_at",) if kind.is_integer() or kind.is_float() else opened.calendar.zoned
    return replace(opened.calendar, zoned=zoned, names={"judged_at": "changed_at"})


def _change_log(
    log: nw.LazyFrame[Any], calendar: Calendar, dropped: Mapping[str, int], doubts: tuple[Finding, ...] = ()
) -> ChangeLog:
    return ChangeLog(nw.to_native(log), calendar, length(log), {words: n for words, n in dropped.items() if n}, doubts)
