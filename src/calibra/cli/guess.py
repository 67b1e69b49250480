"""Which column plays which role? Guessed from names, as the systems that sales teams use call them; else left open."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

NEEDED = ("prospect", "rep", "rank", "judged_at")
"""Roles a table of judgments must have."""
CREATED = 3
"""From which pattern of `judged_at` on it is the day the record was made, which need not be that of the rank."""
BY_NAME = 5
"""From which pattern of `prospect` on it is a name, beside which any number may be the better one."""
_READS_AS_ID = re.compile(r"((?<![a-z])(id|no|number|key|code)|番号|コード)$")
_DAY = r"(date|time|day|at|on|timestamp)"
CHANGED_AT = rf"changed? ?{_DAY}|edit {_DAY}|(変更|編集)日時?|(dbt )?valid from|modified {_DAY}|timestamp|(date ?)?time"
_NEW_RANK = r"(new|to) ?(rank|rating|grade|value)|value|(新|変更後)の?(ランク|確度|ヨミ|値)"
_OF_A_LOG = "(dbt )?valid from|old ?(rank|rating|grade|value)|(旧|変更前の?)(ランク|確度|ヨミ|値)"
_IN_A_LOG = {"rank": _NEW_RANK, "judged_at": CHANGED_AT, "rep": "(updated|modified) by( user)?( id)?|更新者"}
"""What columns of a log of changes are called, before anything else."""
_PREFIX = re.compile(
    r"^(deal|lead|person|organization|organisation|opportunity|contact|account|リード|商談|案件|取引先?|custom|properties)\s*[-:：.]\s*"
)
_UNITS = {
    "日": 1,
    "day": 1,
    "週": 7,
    "week": 7,
    "月": 30,
    "month": 30,
    "年": 365,
    "year": 365,
    "quarter": 90,
    "四半期": 90,
}


@dataclass(frozen=True, slots=True)
class Called:
    """What the column of a role is called."""

    patterns: Sequence[re.Pattern[str]]
    """On the whole name, once normalised; the first that fits counts."""
    never: re.Pattern[str]
    """What it is never called."""
    unsure: int
    """From which pattern on a guess may well mean something else."""


@cache
def called() -> Mapping[str, Called]:
    """Role to what its column is called."""
    told = tomllib.loads(files("calibra.cli").joinpath("columns.toml").read_text(encoding="utf-8"))
    words = told.pop("words")

    def read(text: str) -> re.Pattern[str]:
        for name, pattern in words.items():
            text = text.replace(f"{{{name}}}", pattern)
        return re.compile(text)

    return {
        role: Called([*map(read, of["called"])], read(of.get("never", "(?!)")), of.get("unsure", len(of["called"])))
        for role, of in told.items()
    }


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns of a table look like."""

    columns: Mapping[str, str]
    """Role to column, of what is written."""
    unsure: Mapping[str, str] = field(default_factory=dict)
    """Role to a column that may well mean something else."""
    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Role to other columns that read alike."""
    created: bool = False
    """Whether `judged_at` is the day on which the record was made."""
    is_log: bool = False
    """Whether a row is a change of a rank."""


def guess_columns(names: Sequence[str]) -> Guess:
    """The roles of columns, each column playing one."""
    plain = {name: normalise(name) for name in names}
    is_log = any(re.fullmatch(CHANGED_AT, text) for text in plain.values()) and any(
        re.fullmatch(f"{_NEW_RANK}|{_OF_A_LOG}", text) or called()["rep"].patterns[0].fullmatch(text)
        for text in plain.values()
    )
    sure: dict[str, str] = {}
    unsure: dict[str, str] = {}
    also: dict[str, list[str]] = {}
    created = False
    for role, of in called().items():
        if is_log and role in _IN_A_LOG:
            of = replace(of, patterns=[re.compile(_IN_A_LOG[role]), *of.patterns], unsure=of.unsure + 1)
        found = _fitting(role, of, plain, {*sure.values(), *unsure.values()})
        if not found:
            continue
        place, name = found[0]
        (unsure if place >= of.unsure else sure)[role] = name
        also[role] = [other for at, other in found[1:] if at == place]
        if role == "prospect" and place >= BY_NAME:
            also[role] += [other for other, text in plain.items() if other != name and _READS_AS_ID.search(text)]
        created = created or (role == "judged_at" and not is_log and place >= CREATED)
    if is_log and "judged_at" in sure:
        sure["changed_at"] = sure.pop("judged_at")
    return Guess(sure, unsure, {role: others for role, others in also.items() if others}, created, is_log)


def _fitting(role: str, of: Called, plain: Mapping[str, str], taken: set[str]) -> list[tuple[int, str]]:
    """Columns that may play a role, the likeliest first, with the place of the pattern they fit; -1 for its name."""
    found = []
    for name, text in plain.items():
        if name == role or text == role.replace("_", " "):
            found.append((-1, name))
        elif name not in taken and not of.never.fullmatch(text):
            found += [(i, name) for i, pattern in enumerate(of.patterns) if pattern.fullmatch(text)][:1]
    return sorted(found, key=lambda each: each[0])


def normalise(name: str) -> str:
    """A column's name as the patterns read it: width and case folded, words parted, prefixes and brackets off."""
    text = unicodedata.normalize("NFKC", name).strip()
    text = re.sub(r"__c$", "", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    text = _PREFIX.sub("", re.sub(r"[ヶケカヵ](?=月)", "か", text.casefold()))
    text = re.sub(r"[\(\[（【] ?% ?[\)\]）】]", " %", text)  # what is a percentage is no rank
    text = re.sub(r"[\(\[（【].*?[\)\]）】]|[\"'“”「」]", "", text)
    text = re.sub(r"[_\-./:：・*$]+", " ", text.replace("#", " no "))
    text = re.sub(r"(?<=[ぁ-ん一-龥ァ-ヶー]) +(?=[ぁ-ん一-龥ァ-ヶー])", "", text)
    return " ".join(text.split())


def days_within(label: str) -> int | None:
    """The days that a rank's own label speaks of: "A(3ヶ月以内)" is 90."""
    text = unicodedata.normalize("NFKC", label).casefold()
    if "半年" in text:
        return 180
    found = re.search(
        r"(\d+)\s*-?\s*(?:[かヶケカヵヵ箇]\s*)?(日|days?|週|weeks?|月|months?|年|years?|quarters?|四半期)", text
    )
    if found is None:
        return None
    return int(found[1]) * _UNITS[found[2].rstrip("s")]
