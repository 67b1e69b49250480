"""No sentence of a report holds more than two figures or an interval, in any language, whatever the world."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.wording import LANGS, load_phrases
from studies.first_page import draw_team, judgments_of
from tests.goldens.worlds import WORLDS
from tests.report.sentences import MOST_FIGURES, figures_of, has_interval, sentences_of
from tests.report.test_report import packages_with_words

VOID = {"meta", "link", "input", "img", "br", "circle", "line", "rect", "polyline", "polygon", "path"}
LEFT_OUT = {"table", "svg", "style", "script", "nav", "footer", "figure", "details"}
"""Tables and pictures hold the numbers; notes under them, contents, footer and statistical notes are no sentences."""
BESIDE = {"footing", "facts", "sure", "who", "chance", "lead", "aside"}
"""Title, how sure a line is, the counts under a card's name, and the list of what was set aside."""


class Read(HTMLParser):
    """Paragraphs, items and tiles of a report."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[tuple[str, set[str]]] = []
        self.texts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        if tag in VOID:
            return
        self.open.append((tag, set((dict(attrs).get("class") or "").split())))
        if tag in ("p", "li", "dd"):
            self.texts.append("")

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        tags = {tag for tag, _ in self.open}
        if tags & {"p", "li", "dd"} and not (tags & LEFT_OUT or set().union(*(css for _, css in self.open)) & BESIDE):
            self.texts[-1] += data

    @property
    def sentences(self) -> list[str]:
        return [sentence for text in self.texts for sentence in sentences_of(" ".join(text.split()))]


def team() -> Judgments:
    """The team of the study of the first page: reversed, early, cautious, clear."""
    rng = np.random.default_rng(3)
    return judgments_of(draw_team(rng), rng)


def many() -> Judgments:
    world = cb.simulate_judgments(seed=2, n_reps=60, n_prospects=3000)
    return Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


def extreme() -> Judgments:
    world = cb.simulate_judgments(seed=5, n_reps=8, n_prospects=2400, extreme_reps=3)
    return Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


REPORTED = {
    **{name: (lambda make=make: make()[0]) for name, make in WORLDS.items()},
    "team": team,
    "many": many,
    "extreme": extreme,
}
"""Ten worlds."""


METHOD = re.compile(
    r"P\(|k̂|[Pp]areto|laplace|\bnuts\b|NUTS|Aalen|[Ee]ffective (?:draws|sample)|posterior|パレート|ラプラス|アーレン|"
    r"有効標本|事後"
)
"""Words of the method, which stand in the statistical notes alone."""


def too_long(sentence: str) -> bool:
    return figures_of(sentence) > MOST_FIGURES or has_interval(sentence)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(REPORTED))
def test_no_sentence_of_a_rendered_report_holds_more_than_two_figures(tmp_path: Path, name: str) -> None:
    found = cb.calibrate(REPORTED[name](), seed=1, engine="laplace", draws=100, progress=False)
    for lang in LANGS:
        path = found.report(tmp_path / f"{lang}.html", lang=lang)
        source = path.read_text(encoding="utf-8")
        sentences = Read(source).sentences
        assert len(sentences) > 20
        assert [sentence for sentence in sentences if too_long(sentence)] == []
        assert (
            METHOD.findall(re.sub(r"(?s)<style.*?</style>|<script.*?</script>|<details.*?</details>", "", source)) == []
        )


SHORT = ("_line", "_card", "_tile", "_figure", "_head")
"""Forms that stand on the first page and on the cards."""
WORDS = {
    "rep", "reps", "rank", "ranks", "within", "better", "worse", "names", "name", "month", "date", "groups", "why",
    "event", "events", "an_event", "became", "becomes", "become", "shape", "scarce", "left", "how_sure", "sure",
    "first", "endings", "grouping", "where", "days", "worth", "margin", "role", "words", "quarter", "elsewhere",
}  # fmt: skip
"""Placeholders that are no figures: names, ranks, words, days of a definition and margins of it."""


@pytest.mark.parametrize("package", packages_with_words())
@pytest.mark.parametrize("lang", LANGS)
def test_no_phrase_of_the_first_page_and_the_cards_has_room_for_more(package: str, lang: str) -> None:
    for key, phrase in load_phrases(lang, package).items():
        if not key.endswith(SHORT):
            continue
        filled = re.sub(r"{(\w+)}", lambda found: "word" if found[1] in WORDS else "7", phrase)
        for sentence in sentences_of(filled):
            assert figures_of(sentence) <= MOST_FIGURES, (key, phrase)
            assert sentence.count("{sure}") + sentence.count("{how_sure}") <= 1, key


OF_THE_NOTES = {"trust.col_draws", "trust.col_k", "trust.notes_lead"}
"""Phrases of the statistical notes; those of `calibra.inference` stand there, too, and in errors."""


def is_of_the_notes(key: str) -> bool:
    """Whether a phrase is of the notes, or of the paragraph on the method, which no report holds."""
    return key in OF_THE_NOTES or key.startswith("method.")


@pytest.mark.parametrize("package", sorted(set(packages_with_words()) - {"calibra.inference"}))
@pytest.mark.parametrize("lang", LANGS)
def test_no_phrase_but_those_of_the_notes_speaks_of_the_method(package: str, lang: str) -> None:
    phrases = load_phrases(lang, package)
    assert [key for key, phrase in phrases.items() if METHOD.search(phrase) and not is_of_the_notes(key)] == []


COUNTED = [
    ("Of 49 called A, 17 became opportunities; of as many of the others' A, 27 would.", 2),
    ("Aにした49社のうち商談化は17社（ほかの人なら27社）。", 2),
    ("Of 57 called A 4 became opportunities, of 44 called E 24.", 2),
    ("Within the next 90 days 92 to 126 opportunities are to come.", 1),
    ("A 42, B 17, C 9 and D 3.", 4),
    ("17 of 49 came, 12 of 41, 8 of 36.", 3),
]


@pytest.mark.parametrize(("sentence", "n"), COUNTED)
def test_figures_are_counted_as_a_reader_holds_them(sentence: str, n: int) -> None:
    assert figures_of(sentence) == n


def test_an_interval_is_seen() -> None:
    assert has_interval("It is 42 (38–46) days.")
    assert has_interval("差は9（5〜12）ポイントです。")
    assert not has_interval("Of 100 pairs 62 (by chance 50).")
