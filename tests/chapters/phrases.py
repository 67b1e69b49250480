"""Words of a chapter in both languages, and what is said of findings in every form."""

import re
import string
from collections.abc import Iterable

from calibra.findings import Finding
from calibra.wording import Wording, choose_wording, load_phrases

FORMS = ("", "card", "line")
LATIN = re.compile(r"[A-Za-z]{2,}")


def placeholders(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


def unlike_phrases(chapter: str) -> list[str]:
    """Keys that one language lacks, or that name other things in it."""
    en, ja = (load_phrases(lang, f"calibra.chapters.{chapter}") for lang in ("en", "ja"))
    events = set(choose_wording("en", "event").event_words)
    return [
        key
        for key in sorted(set(en) | set(ja))
        if key not in en or key not in ja or placeholders(en[key]) - events != placeholders(ja[key]) - events
    ]


def told_in_all_forms(findings: Iterable[Finding], say: Wording) -> list[str]:
    return [say.tell(finding, form=form) for finding in findings for form in FORMS]


def plain(text: str) -> str:
    """The text with plain blanks."""
    return text.replace("\u00a0", " ")


def english_left(texts: Iterable[str], *, known: Iterable[str] = ()) -> list[str]:
    """Texts with a Latin word that is no name."""
    return [text for text in texts if set(LATIN.findall(text)) - {"AUC", *known}]
