"""Rank-change logs from the exports of two CRMs, Salesforce and HubSpot, lazily in the frame's own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.dates import as_day, check_timezone, day_number, is_text
from calibra.data.frames import OpenedFrame, collect, open_frame
from calibra.data.history_frames import _same_engine
from calibra.errors import InputError
from calibra.words import quoted

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
"""Part to column of a HubSpot property history, one row per version."""
HUMAN_SOURCES = ("CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID")
"""Values of HubSpot's sourceType that stand for a person at a screen."""

LOG_COLUMNS = {name: name for name in ("prospect", "rep", "rank", "changed_at", "sequence")}


@dataclass(frozen=True, slots=True, eq=False)
class ChangeLog:
    """A plain rank-change log made of an export, and what was dropped on the way."""

    frame: Any
    """The log, lazily, in the export's own engine: prospect, rep, rank, changed_at, sequence. pandas and pyarrow frames
    and files come as a DuckDB relation."""
    timezone: str
    """Zone to which zone-aware moments were made local."""
    n_changes: int
    """Rows of the log."""
    dropped: Mapping[str, int]
    """What was left out, or taken as a rank taken away: in words, to number of rows of the export."""

    @property
    def columns(self) -> dict[str, str]:
        """Role to column, as `RankHistory.from_frames` wants them."""
        return dict(LOG_COLUMNS)

    def at_the_door(self, columns: Mapping[str, str] | None, timezone: str) -> tuple[Any, dict[str, str]]:
        """Frame and roles, for a history that reads moments in the same zone."""
        if columns is not None:
            raise InputError("`columns` belongs to plain frames; a ChangeLog knows its own. Leave it out.")
        if timezone != self.timezone:
            raise InputError(
                f"`timezone` must be that of the log, {self.timezone!r}, whose moments are local already; got "
                f"{timezone!r}. Pass it to the reader, too."
            )
        return self.frame, self.columns

    def __str__(self) -> str:
        """What was read, in words."""
        return "\n".join(
            [f"{self.n_changes} changes of rank.", *(f"Noted: {n} {words}." for words, n in self.dropped.items())]
        )


def read_salesforce_history(
    history: Any,
    records: Any,
    *,
    field: str,
    columns: Mapping[str, str] | None = None,
    record_columns: Mapping[str, str] | None = None,
    tracked_from: Any = None,
    timezone: str = "UTC",
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
    timezone : str
        IANA zone in whose calendar zone-aware moments fall on a day.
    encoding : str
        Encoding of CSV files.

    Returns
    -------
    ChangeLog
        To be passed to `RankHistory.from_frames` in place of the changes.

    Raises
    ------
    InputError
        A column that is not there; no row of the field.
    """
    mapping = {**SALESFORCE_HISTORY, **(columns or {})}
    of_records = {**SALESFORCE_RECORDS, "rank": field, **(record_columns or {})}
    check_timezone(timezone)
    (history, records), connection = _same_engine(history, records, encoding)
    opened = _open("history", history, mapping, timezone, encoding, connection)
    born = _open("records", records, of_records, timezone, encoding, connection)
    changes = _parts(opened)
    entries = _parts(born)
    of_field = changes.filter(nw.col("field").cast(nw.String) == field)
    n_changes, n_all, n_records = _length(of_field), _length(changes), _length(entries)
    if not n_changes:
        seen = collect(changes.select(nw.col("field").cast(nw.String)).unique().sort("field").head(5))[
            "field"
        ].to_list()
        raise InputError(
            f"`field` must be a field of the history; {quoted(field)} is not, it has {', '.join(map(quoted, seen))}."
        )
    n_old = 0
    if tracked_from is not None:
        schema = entries.collect_schema()
        young = day_number("changed_at", schema["changed_at"]) >= as_day(tracked_from, timezone)
        kept = entries.filter(young)
        n_old = n_records - _length(kept)
        entries = kept
        of_field = of_field.join(entries.select("prospect"), on="prospect", how="inner")
    log = nw.concat([_at_creation(entries, of_field), _log_rows(of_field, sequence=1)])
    dropped = {
        "changes of other fields": n_all - n_changes,
        f"records created before {tracked_from}, whose entry rank is not in the history": n_old,
    }
    return _change_log(log, timezone, dropped)


def read_hubspot_history(
    history: Any,
    *,
    columns: Mapping[str, str] | None = None,
    human_sources: Sequence[str] = HUMAN_SOURCES,
    timezone: str = "UTC",
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
    timezone : str
        IANA zone in whose calendar zone-aware moments fall on a day.
    encoding : str
        Encoding of a CSV file.

    Returns
    -------
    ChangeLog
        To be passed to `RankHistory.from_frames` in place of the changes.

    Raises
    ------
    InputError
        A column that is not there; no version set by a person.
    """
    mapping = {**HUBSPOT_HISTORY, **(columns or {})}
    check_timezone(timezone)
    (history, _), connection = _same_engine(history, history, encoding)
    changes = _parts(_open("history", history, mapping, timezone, encoding, connection))
    source = nw.col("source").cast(nw.String)
    user = nw.col("rep")
    if changes.collect_schema()["rep"].is_float():  # whole numbers with gaps, as pandas holds them
        user = nw.when(~user.is_nan()).then(user).cast(nw.Int64)
    user = user.cast(nw.String)
    signed = nw.col("source_id").cast(nw.String).str.replace_all("userId:", "", literal=True)
    by_hand = source.is_in(list(human_sources))
    rank = nw.col("rank").cast(nw.String)
    log = changes.with_columns(
        nw.when(~user.is_null() & (user != nw.lit(""))).then(user).otherwise(signed).alias("rep"),
        nw.when(by_hand).then(rank).alias("rank"),
        nw.when(by_hand).then(nw.lit(1)).otherwise(nw.lit(0)).alias("by_hand"),
    )
    n_all, n_hand = _length(changes), _length(log.filter(nw.col("by_hand") == 1))
    if not n_hand:
        seen = collect(changes.select(source.alias("source")).unique().sort("source").head(5))["source"].to_list()
        raise InputError(
            f"`human_sources` must be among the source types of the history; {', '.join(map(quoted, human_sources))} "
            f"are not, it has {', '.join(map(quoted, seen))}."
        )
    dropped = {
        "versions set by no person (workflow, import, integration …): they end a rank, give none": n_all - n_hand
    }
    return _change_log(_log_rows(log, sequence=1), timezone, dropped)


def _open(
    side: str, native: Any, mapping: Mapping[str, str], timezone: str, encoding: str, connection: Any
) -> OpenedFrame:
    """An export at the door; the moments are opened as those of judgments, all else that has no role as groupings."""
    inner = {"judged_at" if part in ("changed_at", "created_at") else part: column for part, column in mapping.items()}
    try:
        opened = open_frame(
            native, columns=inner, timezone=timezone, encoding=encoding, required=(), connection=connection
        )
    except InputError as error:
        raise InputError(f"The {side} cannot be read: {error}") from error
    if opened.faults:
        raise InputError(f"The {side} cannot be read: {' '.join(opened.faults)}")
    return opened


def _parts(opened: OpenedFrame) -> nw.LazyFrame[Any]:
    """The export with its columns named by part, dated `changed_at`."""
    names = {opened.roles.label_column(key): key for key in opened.roles.groups}
    return opened.frame.rename(names | {"judged_at": "changed_at"})


def _at_creation(entries: nw.LazyFrame[Any], of_field: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The rank each record was created with, where it had one."""
    dtype = of_field.collect_schema()["changed_at"]
    moment = nw.col("changed_at").cast(nw.String) if is_text(dtype) else nw.col("changed_at")
    ordered = of_field.with_columns(moment.alias("moment"), nw.col("old").cast(nw.String).fill_null("").alias("value"))
    before = nw.col("value").shift(1).over("prospect", order_by=["moment", "value"])
    first = ordered.with_columns(before.alias("before")).filter(nw.col("before").is_null())
    found = first.select("prospect", nw.col("value").alias("first_value"))
    known = ~nw.col("first_value").is_null()
    rank = nw.when(known).then(nw.col("first_value")).otherwise(nw.col("rank").cast(nw.String))
    born = entries.join(found, on="prospect", how="left").with_columns(rank.alias("rank"))
    blank = nw.col("rank").is_null() | (nw.col("rank") == nw.lit(""))
    return _log_rows(born.filter(~blank), sequence=0)


def _log_rows(frame: nw.LazyFrame[Any], *, sequence: int) -> nw.LazyFrame[Any]:
    """The columns of the log; what stands at creation comes before changes of the same second."""
    order = nw.lit(sequence).cast(nw.Int64).alias("sequence")
    text = (nw.col(name).cast(nw.String) for name in ("rep", "rank"))
    return frame.select("prospect", *text, "changed_at", order)


def _change_log(log: nw.LazyFrame[Any], timezone: str, dropped: Mapping[str, int]) -> ChangeLog:
    return ChangeLog(nw.to_native(log), timezone, _length(log), {words: n for words, n in dropped.items() if n})


def _length(frame: nw.LazyFrame[Any]) -> int:
    return int(collect(frame.select(nw.len().cast(nw.Int64).alias("n")))["n"].to_list()[0])
