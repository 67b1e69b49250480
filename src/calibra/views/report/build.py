"""The whole report: sections and cards gathered, rendered into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.data.doubts import CLUSTER
from calibra.errors import check_folder
from calibra.models.lead_time_check import ALL_RANKS
from calibra.views.report.blocks import Card, Flag, Table
from calibra.views.report.cards import FEW_CHASED, rep_card
from calibra.views.report.facts import Facts, gather_facts
from calibra.views.report.moves import threshold_section
from calibra.views.report.opening import intro_section, trust_section
from calibra.views.report.ranks import (
    bar_table,
    granularity_section,
    overview_section,
    promise_table,
    promises_section,
    rank_label,
    standings_section,
)
from calibra.views.report.returned import hand_back_sections
from calibra.views.report.times import chased_of, lead_time_section
from calibra.views.report.wording import choose_wording

if TYPE_CHECKING:
    from jinja2 import Template

    from calibra.calibration import Calibration
    from calibra.data.doubts import Doubt

MOST_TALKS = 15
"""So many reps stand on the first page; the others unfold."""
MOST_NAMED = 12
"""So many reps are named in a sentence of the first page; of each the card tells more."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The first page."""

    trust: str
    """One sentence on how far to trust the report."""
    is_good: bool
    """Whether every fit passed its checks."""
    doubts: list[str]
    """What looks like a mistake in what was given."""
    promises: list[Table]
    """Each rank promised against delivered, all reps together."""
    talks: list[tuple[Card, list[Flag]]]
    """Whom to talk to about what, in order of names."""
    more_talks: list[tuple[Card, list[Flag]]]
    """The rest of them, with less to talk about."""
    nobody: str
    """What is said where nothing can be told of anyone."""
    fine: str
    """Those in line with all reps."""
    not_yet: str
    """Those of whose outcomes nothing can be told yet."""
    chased: str
    """Who has how many open for too long."""


def write_report(
    calibration: Calibration,
    path: str | Path,
    *,
    lang: str = "en",
    pseudonyms: str | None = None,
    standings: bool = False,
    event: str = "opportunity",
) -> Path:
    """Write the report of a calibration as one HTML file; `Calibration.report` says what the arguments are."""
    say = choose_wording(lang, event)
    check_folder(Path(path).parent)
    facts = gather_facts(calibration, say, pseudonyms)
    page = _template().render(**_page(facts, standings=standings))
    target = Path(path)
    target.write_text(page, encoding="utf-8", newline="\n")
    return target


def _page(facts: Facts, *, standings: bool) -> dict[str, Any]:
    """Everything the template is given."""
    from calibra import __version__

    cards = [rep_card(facts, rep) for rep in facts.reps]
    sections = [
        intro_section(facts), trust_section(facts), overview_section(facts), promises_section(facts),
        lead_time_section(facts), threshold_section(facts), granularity_section(facts),
    ]  # fmt: skip
    sections += hand_back_sections(facts)
    sections += [standings_section(facts)] if standings and len(facts.reps) > 1 else []
    style, script = _resource("report.css"), _resource("report.js")
    return {
        "say": facts.say, "lang": facts.say.lang, "sections": sections, "cards": cards,
        "glance": _glance(facts, cards), "dated": _dated(facts), "scope": _scope(facts),
        "is_hidden": facts.is_hidden, "style": style, "script": script, "style_hash": _hash(style),
        "script_hash": _hash(script), "version": __version__, "seed": facts.calibration.seed,
    }  # fmt: skip


def _dated(facts: Facts) -> str:
    as_of = facts.calibration.judgments.as_of
    return facts.say("page.undated") if as_of is None else facts.say("page.dated", as_of=facts.say.date(as_of))


def _scope(facts: Facts) -> str:
    key = "page.scope_one" if len(facts.reps) == 1 else "page.scope"
    return facts.say(key, n=f"{facts.calibration.judgments.n_judgments:,}", reps=f"{len(facts.reps):,}")


def _glance(facts: Facts, cards: list[Card]) -> Glance:
    """Whom to talk to about what, where the data support it, and of whom nothing can be told."""
    say, is_good = facts.say, facts.calibration.ok
    told = [(card, list(card.talks)) for card in cards if card.talks]
    kept = {card.anchor for card, _ in sorted(told, key=_weight, reverse=True)[:MOST_TALKS]}
    quiet = [rep for rep, card in zip(facts.reps, cards, strict=True) if not card.talks]
    found = {rep: facts.profiles.get(facts.first_days, {}).get(rep) for rep in quiet}
    fine = [facts.label(rep) for rep, row in found.items() if row is not None and row["finding"] == "in line"]
    waiting = [
        say("glance.not_yet_rep", name=facts.label(rep), more=say.more(row["n_more"]))
        if row["n_more"]
        else facts.label(rep)
        for rep, row in found.items()
        if row is not None and row["finding"] == "cannot tell yet" and len(facts.reps) > 1
    ]
    doubts = [_doubt(facts, doubt) for doubt in facts.calibration.doubts()]
    trust = "bad" if not is_good else "doubted" if doubts else "good"
    chased = [
        say("glance.chased_rep", name=facts.label(rep), n=f"{n:,}")
        for rep in facts.reps
        if (n := chased_of(facts, rep)["n_chased"]) >= FEW_CHASED
    ]
    return Glance(
        trust=say(f"glance.trust_{trust}"), is_good=is_good, doubts=doubts,
        promises=[
            table
            for days in facts.days
            for table in (promise_table(facts, days), bar_table(facts, days))
            if table is not None
        ],
        talks=[pair for pair in told if pair[0].anchor in kept],
        more_talks=[pair for pair in told if pair[0].anchor not in kept],
        nobody="" if told or fine else say("glance.nobody"),
        fine=say("glance.fine", names=say.listed(fine, limit=MOST_NAMED)) if fine else "",
        not_yet=say("glance.not_yet", names=say.listed(waiting, limit=MOST_NAMED)) if waiting else "",
        chased=say("glance.chased", names=say.listed(chased, limit=MOST_NAMED)) if chased else "",
    )  # fmt: skip


def _doubt(facts: Facts, doubt: Doubt) -> str:
    """A doubt in the language of the report, under the names shown."""
    say, values = facts.say, doubt.values
    told = dict(values) | {
        name: f"{n:,}" for name, n in values.items() if name in ("n", "n_after", "n_all", "n_mature")
    }
    shares = ("expected", "observed", "rate", "elsewhere", "one", "other")
    told |= {name: say.percent(values[name]) for name in shares if name in values}
    if "names" in told:
        told["names"] = say.listed([facts.label(rep) for rep in values["names"]])
    if "day" in told:
        told["day"] = say.date(values["day"])
    if "as_of" in told:
        told["as_of"] = say.date(values["as_of"])
    if "n_cells" in told:
        told["rank"] = rank_label(values["rank"])
    elif "observed" in told:
        told |= {"rank": _rank_or_all(facts, values["rank"]), "days": values["within_days"]}
    if doubt.kind == CLUSTER:
        told |= {"endings": say(f"glance.misfit_{values['cause']}")}
        told |= {"awaited": f"{values['awaited']:,.0f}", "seen": f"{values['seen']:,}"}
    if "grouping" in told:
        told |= _misfit_words(facts, values)
    if "quarter" in told:
        year, _, quarter = values["quarter"].partition(" Q")
        last = 3 * int(quarter)
        told["quarter"] = say("format.quarter", year=year, first=last - 2, last=last)
    if {"within", "within_days"} & set(told):
        told["within"] = say.within(values.get("within_days", values.get("days")))
    return say(f"glance.doubt_{doubt.kind}", **told)


def _misfit_words(facts: Facts, values: Mapping[str, Any]) -> dict[str, str]:
    """What a lead-time model does not give back, by what, and where most of all."""
    say = facts.say
    parts = [
        facts.label(values["rep"]) if values["rep"] else "",
        say("glance.misfit_rank", rank=rank_label(values["rank"])) if values["rank"] else "",
        say("glance.misfit_days", days=values["interval"]) if values["interval"] else "",
    ]
    by = [say(f"glance.misfit_by_{name}") for name in values["grouping"].split(" × ")]
    return {
        "endings": say(f"glance.misfit_{values['cause']}"), "grouping": say("glance.misfit_and").join(by),
        "where": say("format.comma").join(part for part in parts if part),
        "awaited": f"{values['awaited']:,.0f}", "seen": f"{values['seen']:,}",
    }  # fmt: skip


def _rank_or_all(facts: Facts, rank: str) -> str:
    """A rank, or all of them together."""
    return facts.say("format.all_ranks") if rank == ALL_RANKS else rank_label(rank)


def _weight(pair: tuple[Card, list[Flag]]) -> float:
    return max(flag.weight for flag in pair[1])


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("calibra.views.report", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@cache
def _resource(name: str) -> str:
    return files("calibra.views.report").joinpath(name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """Hash of an inline style or script, by which the page allows it and nothing else (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
