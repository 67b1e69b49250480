"""What a sentence of the report may hold: two figures at most, each once said how sure, and no interval."""

import re

MOST_FIGURES = 2
"""Figures in a sentence; "x of y" and an interval's estimate are one each, ranks and days of a definition are none."""

_WORDS = (
    r"\d{1,2} \w+ \d{4}|\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?",  # a day
    r"[Ww]ithin \d[\d,]* days|, \d+ days:|in \d+ days\)|[Ww]ithin the next \d+ days",  # a horizon
    r"\d+日あたり|1件あたり|\d[\d,]*日以内|今後\d+日",
    r"\(over 99\N{NO-BREAK SPACE}%[^)]*\)",  # how sure
    r"\((?:at most )?\d+\N{NO-BREAK SPACE}%[^)]*sure[^)]*\)",
    r"[（、][^（、）]*確かさ[^）]*）",
    r"\bRep \d+\b|\bof 100\b|\bOf 100\b|100(?:社|組)のうち|\b100組中|one in (?:two|three|four)",  # a name; a unit
)
_FIGURE = r"[+−-]?\d[\d,]*(?:\.\d+)?(?:\N{NO-BREAK SPACE}?%)?"
_PAIRS = (
    rf"{_FIGURE} of (?:the |its |your |their |these |those |all )?(?:\w+ )?{_FIGURE}",
    rf"[Oo]f (?:the |your )?{_FIGURE}(?: [\w’']+){{0,9}},? {_FIGURE}",
    rf"{_FIGURE}(?:社|件|名|人|組)?(?:中|のうち|／)[^。、（]{{0,12}}?{_FIGURE}",
    rf"{_FIGURE}(?:社|件|名|人)の(?:うち|中)[^。（]{{0,20}}?{_FIGURE}",
    rf"{_FIGURE}/{_FIGURE}|{_FIGURE}(?: times)? in {_FIGURE}|{_FIGURE}回(?:のうち|に){_FIGURE}回",
)
_INTERVAL = rf"{_FIGURE} ?[（(]{_FIGURE}(?:–|〜| to ){_FIGURE}[)）]|{_FIGURE}(?:–|〜| to ){_FIGURE}"


def sentences_of(text: str) -> list[str]:
    """Parts of a text that end with a stop, a question mark or a colon before a list."""
    return [part.strip() for part in re.split(r"(?<=[.?!])\s+(?=[A-Z「0-9])|(?<=[。？])", text) if part.strip()]


def figures_of(sentence: str) -> int:
    """How many figures a reader has to hold."""
    text = sentence
    for words in _WORDS:
        text = re.sub(words, " ", text)
    found = 0
    for pattern in (_INTERVAL, *_PAIRS):
        text, n = re.subn(pattern, " ", text)
        found += n
    return found + len(re.findall(rf"(?<![A-Za-z0-9_.]){_FIGURE}", text))


def has_interval(sentence: str) -> bool:
    """Whether an interval stands in it, which belongs into tables and hover text."""
    return re.search(rf"{_FIGURE} ?[（(]{_FIGURE}(?:–|〜| to ){_FIGURE}[)）]", sentence) is not None
