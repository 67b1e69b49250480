"""A log of contacts beside judgments: who was contacted when, and in which way, up to what came of each judgment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.exceptions import NarwhalsError

from calibra.data.counting.contacts import NOT_KNOWN, ContactCounts, grouped, read_counts
from calibra.data.counting.counts import EVENT
from calibra.data.counting.packed import SAME_JUDGMENT, whole_numbers
from calibra.data.counting.plan import column_faults
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows
from calibra.data.frames.dates import is_text, is_unreadable, with_days
from calibra.data.frames.files import read_path
from calibra.data.frames.open import OpenedFrame, collect, open_frame
from calibra.data.history.frames import into_relation
from calibra.data.history.moments import of_one_type
from calibra.errors import InputError, check_kind, check_whole, what_came
from calibra.words import counted, listed, normal_spelling, quoted

NEEDED, ROLES = ("prospect", "at"), ("prospect", "at", "rep", "kind")
"""Roles a log must have, and all it may have."""
SALES, INFORMATION, INBOUND = "sales", "information", "inbound"
KINDS = {SALES: 0, INFORMATION: 1, "gift": 1, INBOUND: 2}
"""Kinds of contacts: with the aim to sell; information or a gift; made by the prospect. Only the first is chasing."""
_INNER = {"at": "judged_at", "kind": "exit_kind"}
"""What the door, which knows judgments, calls the roles of a log."""
_TOLD = ("information", "inbound", "by_others", "after_event")


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """A log of contacts, to count beside judgments: `judgments.with_contacts(contacts)`, or `calibrate(contacts=)`.

    Made by `from_frame`; read when it is put beside judgments, in their engine.
    """

    frame: Any
    """The log."""
    columns: Mapping[str, str]
    """Role to the log's column."""
    kinds: Mapping[str, str]
    """Label of `kind`, as it stands in the log, to what it means."""
    lead_days: int
    """Contacts so many days before an event, or fewer, do not count before it."""
    encoding: str
    """Encoding of a CSV file."""

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        columns: Mapping[str, str],
        kinds: Mapping[str, str] | None = None,
        lead_days: int = 0,
        encoding: str = "utf-8",
    ) -> Contacts:
        """A log of contacts, one row each.

        A contact counts for each judgment of its prospect that was made before its day and had not ended by then,
        whoever made it; of those on the day of a judgment the judgment holds itself.

        Parameters
        ----------
        frame : frame or path
            Any frame or file that `Judgments.from_frame` reads, of the engine of the judgments or local.
        columns : mapping of str to str
            Role to the log's column. Needed: `prospect`, `at`. Else: `kind`, `rep` (who made it; those of others are
            counted and noted).
        kinds : mapping of str to str, optional
            Label of `kind` as it stands in the log to "sales", "information", "gift" or "inbound" (made by the
            prospect). Sales contacts alone are counted; without `kind` all contacts are.
        lead_days : int
            With 1, contacts on the day of an event do not count before it, with 2 also those of the day before.
        encoding : str
            Encoding of a CSV file.

        Raises
        ------
        InputError
            Roles that are missing or unknown; kinds that are none.

        Examples
        --------
        >>> import polars as pl
        >>> log = pl.DataFrame({"lead": [1, 1], "day": ["2026-02-01", "2026-02-09"], "how": ["call", "gift"]})
        >>> roles = {"prospect": "lead", "at": "day", "kind": "how"}
        >>> Contacts.from_frame(log, columns=roles, kinds={"call": "sales", "gift": "gift"}).lead_days
        0
        """
        if not isinstance(columns, Mapping):
            raise InputError(f"`columns` must lead from roles to columns; got {what_came(columns)}.")
        faults = [f"the role `{role}` is missing" for role in NEEDED if role not in columns]
        faults += [f"{quoted(role)} is no role of a contact" for role in columns if role not in ROLES]
        if faults:
            raise InputError(f"`columns` of contacts must name {listed(ROLES, 'or')}: {'; '.join(faults)}.")
        check_whole(lead_days, "lead_days", 0, mend="With 0 contacts on the day of the event count.")
        means = dict(kinds or {})
        wrong = [f"{quoted(label)}: {quoted(str(kind))}" for label, kind in means.items() if kind not in KINDS]
        if wrong:
            raise InputError(f"`kinds` must lead to {listed(map(quoted, KINDS), 'or')}; {', '.join(wrong[:3])} do not.")
        return cls(frame, dict(columns), {str(label): kind for label, kind in means.items()}, lead_days, encoding)

    def beside(self, checked: CheckedRows) -> OpenedContacts:
        """The log in the engine of these judgments, looked through.

        Raises
        ------
        InputError
            Columns that are not there or of a wrong type; days that cannot be read; labels whose kind is not known;
            an engine that the judgments are not of.
        """
        check_kind(checked, "checked", CheckedRows)
        if not checked.choices.check_duplicates:
            raise InputError(
                "Contacts are joined to judgments by prospect, rep and day, of which there must be one each: leave "
                "`check_duplicates` on."
            )
        with ONE_AT_A_TIME:
            return _open_beside(self, checked)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedContacts:
    """A log of contacts in the engine of the judgments."""

    log: nw.LazyFrame[Any]
    """`prospect`, `at_day`, `kind_code`, and `by` where the log says who made a contact."""
    names: tuple[str, str]
    """What the user calls the prospect in the judgments and in the log."""
    lead_days: int
    """Days before an event that do not count before it."""
    as_of_day: int
    """The day as of which it was looked through."""
    asked: tuple[str, ...]
    """What is counted beside sales contacts: what the log may hold."""
    n_without: Mapping[str, int]
    """Contacts without a day or a prospect, and those after that day."""

    def count(self, checked: CheckedRows, reps: tuple[str, ...]) -> ContactCounts:
        """Judgments by the number of their sales contacts: one join, and one group-by after the other.

        A re-rank ends nothing; a hand-back does.
        """
        plan = replace(checked.plan, to_rerank=False)
        late = "entered_at" in plan.present
        with ONE_AT_A_TIME:
            good = checked.good_rows(plan, ())
            good = good.select(*SAME_JUDGMENT, "rank", "code", *(["entry_days"] if late else []))
            good, log = of_one_type(good, self.log, "prospect", self.names)
            named = _joined(good.filter(~nw.col("prospect").is_null()), log, self.lead_days, self.asked, late=late)
            nobody = good.filter(nw.col("prospect").is_null()).with_columns(
                nw.lit(NOT_KNOWN).cast(nw.Int64).alias("contacts"),
                *(nw.lit(0).cast(nw.Int64).alias(name) for name in _TOLD),
            )
            kept = ["rep", "rank", "code", "contacts", *_TOLD, *(["entry_days"] if late else [])]
            both = nw.concat([named.select(*kept), nobody.select(*kept)])
            sums = [nw.col(name).sum().cast(nw.Int64).alias(name) for name in _TOLD]
            found = collect(grouped(both, late=late, sums=sums))
            after = self.n_without["after_as_of"]
            if plan.as_of_day != self.as_of_day:
                later = collect(self.log.select(_number(nw.col("at_day") > plan.as_of_day).alias("n")))
                after = int(whole_numbers(later["n"])[0])
            plan.opened.let_go()
        told = {name: int(whole_numbers(found[name]).sum()) for name in _TOLD}
        told |= {**self.n_without, "after_as_of": after}
        return read_counts(checked, reps, found, told)


def _joined(
    good: nw.LazyFrame[Any], log: nw.LazyFrame[Any], lead_days: int, asked: Sequence[str], *, late: bool
) -> nw.LazyFrame[Any]:
    """Judgments with the number of their contacts of each kind."""
    days = (nw.col("code") / 4).floor().cast(nw.Int64)
    is_event = nw.col("code") - days * 4 == EVENT
    end = nw.col("judged_day") + days
    before = nw.when(is_event).then(nw.lit(lead_days)).otherwise(nw.lit(0))
    frame = good.with_columns(end_day=end, last_day=end - before, came=is_event)
    joined = frame.join(log, on="prospect", how="left")
    inside = (nw.col("at_day") > nw.col("judged_day")) & (nw.col("at_day") <= nw.col("last_day"))
    sales = inside & (nw.col("kind_code") == 0)
    sums = {
        "contacts": sales,
        "after_event": nw.col("came") & (nw.col("at_day") > nw.col("end_day")),
        "information": inside & (nw.col("kind_code") == KINDS[INFORMATION]),
        "inbound": inside & (nw.col("kind_code") == KINDS[INBOUND]),
        "by_others": sales & (nw.col("by") != nw.col("rep").cast(nw.String)),
    }
    keys = [*SAME_JUDGMENT, "rank", "code", *(["entry_days"] if late else [])]
    # A sum of what the log cannot hold costs a tenth of the query.
    found = joined.group_by(*keys).agg(*(_number(sums[name]).alias(name) for name in ("contacts", *asked)))
    none = [nw.lit(0).cast(nw.Int64).alias(name) for name in _TOLD if name not in asked]
    return found.with_columns(*none) if none else found


def _number(condition: nw.Expr) -> nw.Expr:
    """How many rows hold it."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def _open_beside(contacts: Contacts, checked: CheckedRows) -> OpenedContacts:
    """Open, check and name the columns of the log."""
    opened = checked.plan.opened
    mapping = {_INNER.get(role, role): column for role, column in contacts.columns.items()}
    native = _bring(contacts.frame, opened, contacts.encoding, tuple(mapping.values()))
    try:
        log = open_frame(
            native,
            columns=mapping,
            timezone=checked.choices.timezone,
            encoding=contacts.encoding,
            required=["prospect", "judged_at"],
            connection=opened.own,
            reps=checked.choices.rep_names,
        )
        present, faults = column_faults(log)
    except InputError as error:
        raise InputError(_in_words(str(error))) from error
    missing = [
        f"`{role}` holds no value." for role in mapping if role in (*NEEDED, "judged_at") and role not in present
    ]
    if faults := [*log.faults, *faults, *missing]:
        raise InputError("\n".join(["The contacts have problems:", *(f"- {_in_words(fault)}" for fault in faults)]))
    _refuse_unreadable(log)
    day = checked.plan.as_of_day
    found, asked, n_without = _looked_through(log, contacts, day)
    columns = (opened.roles.columns["prospect"], contacts.columns["prospect"])
    return OpenedContacts(found, columns, contacts.lead_days, day, asked, n_without)


def _looked_through(
    log: OpenedFrame, contacts: Contacts, as_of_day: int
) -> tuple[nw.LazyFrame[Any], tuple[str, ...], dict[str, int]]:
    """The log with the day and the kind of each contact; what it may hold; how many have no day or no prospect."""
    frame = with_days(log.frame, ["judged_at"], log.schema)
    has_kind = "exit_kind" in log.schema
    label = nw.col("exit_kind").cast(nw.String).fill_null("") if has_kind else nw.lit("")
    frame = frame.with_columns(kind_label=label, at_day=nw.col("judged_day"))
    sums = {"no_day": nw.col("at_day").is_null(), "no_prospect": nw.col("prospect").is_null()}
    sums["after_as_of"] = nw.col("at_day") > as_of_day
    seen = collect(
        frame.group_by("kind_label").agg(
            nw.len().cast(nw.Int64).alias("n"), *(_number(told).alias(name) for name, told in sums.items())
        )
    )
    numbers = dict(zip(map(str, seen["kind_label"].to_list()), whole_numbers(seen["n"]).tolist(), strict=True))
    means = _meanings(numbers, contacts) if has_kind else {"": SALES}
    of_kind = {code: [label for label, kind in means.items() if KINDS[kind] == code] for code in (1, 2)}
    code = reduce(
        add,
        [
            nw.when(nw.col("kind_label").is_in(labels)).then(nw.lit(kind)).otherwise(nw.lit(0))
            for kind, labels in of_kind.items()
        ],
    )
    by = [nw.col("rep").cast(nw.String).alias("by")] if "rep" in log.schema else []
    kept = frame.with_columns(code.cast(nw.Int64).alias("kind_code"), *by).filter(~nw.col("at_day").is_null())
    kinds = [name for name in (INFORMATION, INBOUND) if of_kind[KINDS[name]]]
    asked = ("after_event", *kinds, *(["by_others"] if by else []))
    n_without = {name: int(whole_numbers(seen[name]).sum()) for name in sums}
    return kept.select("prospect", "at_day", "kind_code", *(["by"] if by else [])), asked, n_without


def _meanings(numbers: Mapping[str, int], contacts: Contacts) -> dict[str, str]:
    """What each label means: as given, else a kind by its own name."""
    named = {normal_spelling(kind): kind for kind in KINDS}
    means = {label: contacts.kinds.get(label) or named.get(normal_spelling(label)) for label in numbers}
    unknown = sorted(label for label, kind in means.items() if kind is None)
    if unknown:
        n = sum(numbers[label] for label in unknown)
        some = ", ".join(map(quoted, unknown[:5])) + (", …" if len(unknown) > 5 else "")
        mapped = ", ".join(f"{quoted(label)}: 'sales'" for label in unknown[:3])
        raise InputError(
            f"`kind` (column {quoted(contacts.columns['kind'])}) must hold {listed(map(quoted, KINDS), 'or')}; found "
            f"{some} in {counted(n, 'row')}. Say what they mean with `kinds={{{mapped}}}`, each with the kind meant; "
            "empty labels are ''."
        )
    return {label: kind for label, kind in means.items() if kind is not None}


def _refuse_unreadable(log: OpenedFrame) -> None:
    """Refuse text that is no day."""
    if not is_text(log.schema["judged_at"]):
        return
    wrong = collect(log.frame.filter(is_unreadable("judged_at")).select("judged_at").sort("judged_at").head(3))
    if len(wrong):
        raise InputError(
            f"`at` (column {quoted(log.roles.columns['judged_at'])}) given as text must be days that exist, written "
            f"2026-09-30 (ISO 8601) or 2026/9/30; found {', '.join(map(quoted, wrong['judged_at'].to_list()))}. "
            "Correct them, or leave them empty."
        )


def _in_words(fault: str) -> str:
    """A fault of a log, in the words of its roles."""
    for role, inner in _INNER.items():
        fault = fault.replace(f"`{inner}`", f"`{role}`").replace(f"'{inner}'", f"'{role}'")
    return fault


def _bring(native: Any, opened: OpenedFrame, encoding: str, wanted: Sequence[str]) -> Any:
    """The log where the judgments are: in their connection, as polars, or as it is in the same engine."""
    engine = opened.frame.implementation
    is_path = isinstance(native, (str, Path))
    if opened.own is not None:
        return native if is_path else _local(native)
    if engine.is_polars():
        return _as_polars(native, encoding, wanted)
    if engine.is_duckdb():
        relation = nw.to_native(opened.frame)
        return into_relation(relation, _as_polars(native, encoding, wanted).lazy().collect().to_arrow())
    kind = "a file" if is_path else str(_opened(native).implementation.name).lower()
    if is_path or _opened(native).implementation != engine:
        raise InputError(
            f"Contacts must live in the engine of the judgments to be joined there; they are {kind} and the judgments "
            f"{str(engine.name).lower()}. Bring both into the same one."
        )
    return native


def _opened(native: Any) -> Any:
    try:
        return nw.from_native(native)
    except (TypeError, NarwhalsError) as error:
        raise InputError(f"Contacts must be a frame or a path; got {type(native).__name__}. {error}") from error


def _local(native: Any) -> Any:
    """pandas and pyarrow frames as they are; polars frames and relations as Arrow."""
    frame = _opened(native)
    if frame.implementation.is_polars():
        return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    return native.to_arrow_table() if frame.implementation.is_duckdb() else native


def _as_polars(native: Any, encoding: str, wanted: Sequence[str]) -> Any:
    """A local log as a polars frame."""
    import duckdb
    import polars as pl

    if isinstance(native, (str, Path)):
        return read_path(native, encoding, duckdb.connect(), wanted=wanted).pl()
    frame = _opened(native)
    if frame.implementation.is_polars():
        return native
    if frame.implementation.is_duckdb():
        return native.pl()
    return pl.from_arrow(native) if frame.implementation.is_pyarrow() else pl.from_pandas(native)
