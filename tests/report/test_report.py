"""The report: complete, inert whatever the names are, the tables' numbers, every phrase in both languages."""

import base64
import dataclasses
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration, calibrate
from calibra.chapters.ranks.chapter import Ranks
from calibra.chapters.thresholds.advice import AdviceRules
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.problems import REASONS
from calibra.data.published import salvirt_judgments
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.report.lines import choose_lines
from calibra.values import Phrase
from calibra.views.pseudonyms import hide_names, rep_codes
from calibra.views.style import printable
from calibra.wording import LANGS, choose_wording, load_phrases
from tests.calibrated import with_answer, with_notes
from tests.chapters.lead_times.worlds import judgments_of as followed, scale_of
from tests.goldens.worlds import WORLDS

SHAPE = "<script>alert(1)</script>"
HOSTILE = [
    SHAPE,
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(1)",
    "new\nline \x1b[31m",
    "abc\u202exyz",
    "w" * 200,
    "{0} %s",
]
KEY = "a key nobody guesses"
SECTIONS = [
    "came-in", "trust", "all-reps", "promises", "lead-times", "timing", "thresholds", "value", "viewpoints", "how-many",
    "effort",
]  # fmt: skip
VOID = {"meta", "link", "input", "img", "br", "circle", "line", "rect", "polyline", "polygon", "path"}


class Page(HTMLParser):
    """What a browser would make of the file: elements with their attributes, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.rows: list[tuple[str, list[str]]] = []
        self._open: list[str] = []
        self.feed(source)
        assert self._open == [], "an element is never closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append((dict(attrs).get("data-name") or "", []))
        if tag in {"td", "th"}:
            self.rows[-1][1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append((tuple(self._open), data))
        if {"td", "th"} & set(self._open) and "svg" not in self._open and data.strip():
            self.rows[-1][1][-1] = f"{self.rows[-1][1][-1]}|{data.strip()}".lstrip("|")

    @property
    def text(self) -> str:
        """Everything that is read, style and script left out."""
        return " ".join(text for tags, text in self.texts if not {"style", "script"} & set(tags))

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.elements if name in attrs]

    def row(self, rep: str, heads: int, *, nth: int = 0) -> list[str]:
        """Cells of a table of so many columns, in the row of a rep."""
        name = printable(rep).strip().lower()
        return [cells for row_name, cells in self.rows if row_name == name and len(cells) == heads][nth]


def judgments_of(reps: list[str], *, problems: str = "set_aside") -> Judgments:
    scale = cb.RankScale(
        ["A", "B", "C"], {r: cb.Promise(p, within_days=60) for r, p in zip("ABC", (0.6, 0.35, 0.1), strict=True)}
    )
    world = cb.simulate_judgments(
        seed=4, n_reps=len(reps), n_prospects=130 * len(reps), scale=scale, span_days=300, extreme_reps=2
    )
    frame = world.frame.copy()
    labels = dict(zip(sorted(frame[world.columns["rep"]].unique()), reps, strict=True))
    frame[world.columns["rep"]] = frame[world.columns["rep"]].map(labels)
    frame.loc[frame.index[:3], world.columns["rank"]] = "S"
    return Judgments.from_frame(frame, scale=scale, as_of=world.as_of, columns=world.columns, problems=problems)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrate(judgments_of(HOSTILE), seed=1, engine="laplace", draws=400)


@pytest.fixture(scope="module")
def english(calibration, tmp_path_factory) -> Page:
    path = calibration.report(tmp_path_factory.mktemp("en") / "report.html")
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def japanese(calibration, tmp_path_factory) -> Page:
    path = calibration.report(tmp_path_factory.mktemp("ja") / "report.html", lang="ja", standings=True)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hidden(calibration, tmp_path_factory) -> Page:
    path = calibration.report(tmp_path_factory.mktemp("hidden") / "report.html", pseudonyms=KEY, standings=True)
    return Page(path.read_text(encoding="utf-8"))


def read(calibration: Calibration, path: Path, **settings: object) -> Page:
    return Page(calibration.report(path / "report.html", **settings).read_text(encoding="utf-8"))


# complete and self-contained ------------------------------------------------------------------------------------------


def test_every_section_stands_in_order_and_every_rep_has_a_card_in_order_of_names(english: Page) -> None:
    ids = english.attributes("id")
    assert [i for i in ids if not i.startswith("rep-")] == [
        "top", "glance", *SECTIONS, "notes", "cards", "search", "nobody-found",
    ]  # fmt: skip
    assert [i for i in ids if i.startswith("rep-")] == [f"rep-{i + 1}" for i in range(len(HOSTILE))]
    headings = [text for tags, text in english.texts if tags[-2:] == ("h3", "bdi")]
    assert headings == sorted(headings, key=str.casefold)
    assert len(headings) == len(HOSTILE)


def test_nothing_leaves_the_page(english: Page, japanese: Page) -> None:
    for page in (english, japanese):
        source = re.sub(r"'sha256-[\w+/=]+'", "", page.source)  # any letters may follow a slash in a hash
        assert not re.search(r"https?:|//[a-z]|@import|url\(", source)
        assert {tag for tag, _ in page.elements} & {"img", "iframe", "object", "form", "base", "use", "image"} == set()
        assert page.attributes("src") == []
        assert all(href == "data:," or href.startswith("#") for href in page.attributes("href"))


def test_links_lead_somewhere_and_no_id_comes_twice(english: Page, japanese: Page) -> None:
    for page in (english, japanese):
        ids = Counter(page.attributes("id"))
        assert set(ids.values()) == {1}
        assert {href[1:] for href in page.attributes("href") if href.startswith("#")} <= set(ids)


def test_only_the_page_s_own_style_and_script_are_allowed_to_act(english: Page) -> None:
    policy = next(attrs["content"] for tag, attrs in english.elements if attrs.get("http-equiv"))
    for tag in ("style", "script"):
        inline = [text for tags, text in english.texts if tags[-1:] == (tag,)]
        digest = base64.b64encode(hashlib.sha256("".join(inline).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert english.attributes("style") == []


# inert names ----------------------------------------------------------------------------------------------------------


def test_hostile_names_are_text_and_nothing_else(english: Page, japanese: Page, hidden: Page) -> None:
    for page in (english, japanese, hidden):
        assert [tag for tag, _ in page.elements].count("script") == 1
        assert [name for _, attrs in page.elements for name in attrs if name.startswith("on")] == []
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", page.source)
        assert all(re.fullmatch(r"#(top|rep-\d+|[a-z-]+)|data:,", href) for href in page.attributes("href"))
    assert SHAPE in english.text
    assert "w" * 200 in english.text
    assert "new line" in english.text


def test_hostile_ranks_are_inert_too(tmp_path: Path) -> None:
    ranks = [SHAPE, '" onload="x', "C"]
    rows = [(rep, rank, 60, 40 - 15 * k) for rep in ("x", "y") for k, rank in enumerate(ranks)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    counts = Judgments.from_counts(frame, scale=cb.RankScale(ranks), within_days=30)
    page = read(calibrate(counts, seed=1, engine="laplace", draws=400), tmp_path)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert [name for _, attrs in page.elements for name in attrs if name.startswith("on")] == []


# pseudonyms -----------------------------------------------------------------------------------------------------------


def test_pseudonyms_stand_for_every_name_everywhere(hidden: Page, calibration: Calibration) -> None:
    shown = hidden.source.split("</style>", 1)[1].rsplit("<script>", 1)[0].lower()
    for name in (*HOSTILE, "hyperlink", "w" * 20, "xyz", "alert(1)"):
        assert printable(name).lower() not in shown
    codes = rep_codes(HOSTILE, KEY)
    headings = [text for tags, text in hidden.texts if tags[-2:] == ("h3", "bdi")]
    assert headings == sorted(f"Rep {code}" for code in codes.values())
    assert "Names are replaced by pseudonyms." in hidden.text


def test_a_pseudonym_belongs_to_the_name_and_the_key_alone() -> None:
    few, many = rep_codes(["Abe", "Baker"], KEY), rep_codes(["Baker", "Chiba", "Abe"], KEY)
    assert few == {name: many[name] for name in few}
    assert rep_codes(["Abe"], "another secret key") != rep_codes(["Abe"], KEY)
    assert all(re.fullmatch("[A-Z2-7]{4}", code) for code in many.values())


def test_codes_that_agree_grow_until_they_differ() -> None:
    names = [f"rep {i}" for i in range(3000)]  # 4 characters are 2^20 codes: some of 3,000 names agree
    codes = rep_codes(names, KEY)
    assert len(set(codes.values())) == len(names)
    assert max(map(len, codes.values())) > 4
    assert all(len(codes[name]) == 4 or rep_codes([name], KEY)[name] == codes[name][:4] for name in names)


def test_a_code_is_the_start_of_the_published_hash() -> None:
    """RFC 4231, test case 2, HMAC-SHA-256: 5bdcc146 bf60754e …, in base 32 LPOM CRV7 …; its key is 4 characters."""
    from calibra.views.pseudonyms import _digest

    assert _digest("what do ya want for nothing?", "Jefe").startswith("LPOMCRV7")


@pytest.mark.parametrize("key", ["", "short", 12345678])
def test_a_key_that_can_be_guessed_is_refused(calibration: Calibration, tmp_path: Path, key: object) -> None:
    with pytest.raises(cb.InputError, match="`pseudonyms` must be a secret text of at least 8 characters"):
        calibration.report(tmp_path / "report.html", pseudonyms=key)  # type: ignore[arg-type]


def test_names_inside_longer_words_are_left_alone() -> None:
    shown = {"Ito": "Rep AAAA", "佐藤": "Rep BBBB"}
    assert hide_names("Ito and the monitor: 佐藤さん", shown) == "Rep AAAA and the monitor: Rep BBBBさん"


# numbers --------------------------------------------------------------------------------------------------------------


def whole(*values: float) -> str:
    return "{:.0f} ({:.0f}–{:.0f})".format(*values)


def test_probabilities_are_those_of_the_table(english: Page, calibration: Calibration) -> None:
    table = calibration.tables()["probabilities"]
    for rep in HOSTILE:
        mine = table[table["rep"] == rep]
        cells = english.row(rep, 1 + 3, nth=1)
        for cell, row in zip(cells[1:], mine.itertuples(), strict=True):
            told = whole(*(100 * v for v in (row.estimate, row.lower, row.upper))) if row.n >= 5 else "–"
            assert cell.startswith(f"{told}|{row.events}/{row.n}")
            assert row.n < 5 or cell.endswith(f"/{row.n}")


def test_gaps_are_those_of_the_table_and_a_finding_bears_its_probability(english, calibration) -> None:
    for row in calibration.tables()["profiles"].itertuples():
        _, gap, finding, chance = english.row(row.rep, 4, nth=2)
        numbers = [float(x.replace("−", "-")) for x in re.findall("[−+]?[0-9.]+", gap.split("|")[0])]
        atol = 0.05001 if abs(row.gap_points) < 1.95 else 0.5001
        np.testing.assert_allclose(numbers, [row.gap_points, row.gap_points_lower, row.gap_points_upper], atol=atol)
        assert gap.endswith(f"n\u00a0{row.n:,}")
        if row.finding == "cannot tell yet":
            assert finding.startswith("cannot tell yet")
            sides = map(choose_wording("en", "opportunity").chance, (row.prob_below, row.prob_above))
            assert chance == "lower {}, higher {}".format(*sides)
        else:
            prob = {"below the others": row.prob_below, "above the others": row.prob_above, "in line": row.prob_within}
            assert finding == row.finding
            assert chance == ("over 99\u00a0%" if prob[row.finding] > 0.99 else f"{100 * prob[row.finding]:.0f}\u00a0%")


def test_tempo_and_what_is_chased_are_those_of_the_tables(english: Page, calibration: Calibration) -> None:
    tables = calibration.tables()
    chased = tables["chasing"].groupby("rep")[["n_chased", "n_open"]].sum()
    for row in tables["tempo"].itertuples():
        _, median, _, _, exits, old = english.row(row.rep, 6)
        days = whole(row.median_days, row.median_days_lower, row.median_days_upper)
        assert median == f"{days}|{row.events} of {row.n}"
        ends = f"{100 * row.monthly_exits_lower:.0f}–{100 * row.monthly_exits_upper:.0f}"
        assert exits == f"{100 * row.monthly_exits:.0f}\u00a0% ({ends})"
        assert old.split("|")[0] == "{} of {}".format(*chased.loc[row.rep])


def test_advice_is_that_of_the_table(english: Page, calibration: Calibration) -> None:
    def digits(value: float) -> str:
        return f"{100 * value:.1f}" if value < 0.0995 else f"{100 * value:.0f}"

    def share(value: float) -> str:
        return f"{digits(value)}\u00a0%"

    def interval(estimate: float, lower: float, upper: float) -> str:
        return f"{share(estimate)} ({digits(lower)}–{digits(upper)})"

    moves = 0
    for rep, rows in calibration.thresholds.advice.table.groupby("rep", sort=False):
        cells = english.row(rep, 1 + len(rows))
        for cell, row in zip(cells[1:], rows.itertuples(), strict=True):
            if row.verdict in ("tighten", "loosen"):
                assert cell.startswith(f"{share(row.share_recent)} of the recent {row.n_recent:.0f} → ")
            else:
                assert cell.startswith(interval(row.share_now, row.share_now_lower, row.share_now_upper))
            assert f"counted {share(row.share_counted)}" in cell
            if row.verdict in ("tighten", "loosen"):
                moves += 1
                assert share(row.share_step) in cell
                assert interval(row.share_target, row.share_target_lower, row.share_target_upper) in cell
                assert row.verdict in cell
            else:
                assert {"cannot tell yet": "cannot tell yet", "fine": "keep"}.get(row.verdict, row.verdict) in cell
    assert moves > 0


def test_every_table_of_estimates_says_interval_and_n_and_the_notes_the_engine(english: Page) -> None:
    notes = [text for tags, text in english.texts if tags[-2:] == ("figure", "p") and text.strip()]
    assert len(notes) >= 6 + len(HOSTILE)
    counted = ("Equal deals: ", "Not printed, ")  # begin the notes that hold no estimate
    assert [note for note in notes if not note.startswith(counted) and not re.search(r"\d+\s%", note)] == []
    before, _, after = english.source.partition('<details id="notes">')
    told, cards = after.split("</details>")
    assert told.count("laplace") >= 3
    for word in ("laplace", "Aalen", "Pareto", "P(", "k\N{COMBINING CIRCUMFLEX ACCENT}"):
        assert word not in before.partition("</style>")[2]
        assert word not in cards


def test_what_was_set_aside_is_told_with_its_reason_and_its_rep(english: Page, hidden: Page, calibration) -> None:
    found = calibration.judgments.summary().set_aside
    assert found.n_rows == 3
    told = next(text for _, text in english.texts if "Rows set aside" in text)
    assert "rank not on the scale (3" in told
    assert "Rep " in next(text for _, text in hidden.texts if "Rows set aside" in text)


def test_a_rep_whose_rows_were_all_set_aside_has_a_pseudonym_too(tmp_path: Path) -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300)
    odd = world.frame.head(1).assign(rep="Zed Secret", rank="Q", prospect="odd")
    judgments = Judgments.from_frame(
        pd.concat([world.frame, odd]), scale=world.scale, as_of=world.as_of, columns=world.columns, problems="set_aside"
    )
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=())
    page = found.report(tmp_path / "hidden.html", pseudonyms="a key of sixteen characters").read_text(encoding="utf-8")
    assert "Rows set aside" in page
    assert "Zed" not in page


def test_a_promise_whose_days_have_not_passed_is_told_as_one(tmp_path: Path) -> None:
    promises = {"A": cb.Promise(0.5, within_days=30), "B": cb.Promise(0.3, within_days=2000)}
    scale = cb.RankScale(["A", "B", "C"], promises)
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, scale=scale)
    judgments = Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=("thresholds",))
    assert "Thresholds of B: no advice yet, for the 2,000 days of its promise could not be fitted." in map(
        str, found.notes
    )
    page = read(found, tmp_path)
    assert "cannot be compared yet" in page.text
    assert "Thresholds of B: no advice yet" in page.text


def test_a_rep_with_a_handful_of_judgments_is_not_told_that_all_has_an_answer(tmp_path: Path) -> None:
    counts = pd.DataFrame({"rep": list("xyz"), "rank": ["A"] * 3, "n": [400, 400, 3], "events": [80, 90, 1]})
    judgments = Judgments.from_counts(counts, scale=cb.RankScale(["A"]))
    page = read(cb.calibrate(judgments, seed=1, engine="laplace", draws=200), tmp_path)
    assert "too few judgments or events to say" in page.text


# whom to talk to ------------------------------------------------------------------------------------------------------


def test_the_first_page_has_at_most_five_lines_and_of_each_person_one(english: Page, calibration: Calibration) -> None:
    lines = choose_lines(calibration.findings, choose_wording("en", "opportunity"))
    assert 0 < len(lines) <= 5
    persons = [line.rep for line in lines if line.rep is not None]
    assert len(set(persons)) == len(persons)
    assert all(line.prob is None or line.prob >= 0.9 for line in lines)
    start, end = english.source.index('class="monday"'), english.source.index('class="picture-of-all"')
    named = re.findall(r'class="who" href="#rep-(\d+)"', english.source[start:end])
    ordered = sorted(HOSTILE, key=lambda rep: printable(rep).strip().casefold())
    assert [ordered[int(number) - 1] for number in named] == persons


def test_where_nothing_can_be_told_the_first_page_says_so(tmp_path: Path) -> None:
    frame = pd.DataFrame([(f"r{i}", k, 3, e) for i in range(4) for k, e in (("A", 2), ("B", 1))])
    frame.columns = ["rep", "rank", "n", "events"]
    counts = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]), within_days=45)
    page = read(calibrate(counts, seed=1, engine="laplace", draws=1000), tmp_path)
    assert "No difference can be told of anyone yet" in page.text
    assert "No translation of ranks yet" in page.text


def test_of_many_reps_the_first_page_draws_fourteen_and_the_rest_in_one_row(tmp_path: Path) -> None:
    rows = [(f"r{i:02}", k, 200, e + (i % 2) * 60) for i in range(24) for k, e in (("A", 110), ("B", 20))]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    counts = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]), within_days=45)
    page = read(calibrate(counts, seed=1, engine="laplace", draws=400, parts=()), tmp_path)
    first = page.source.split("<nav")[0]
    assert first.count('class="who"') == 5
    assert len(re.findall("<tr data-name", first)) == 14
    assert "other 10 reps" in page.text
    assert "There is something on the card of the 19 reps not named here, too." in page.text


def test_a_fit_that_fails_its_checks_stands_at_the_top(tmp_path: Path) -> None:
    found = calibrate(salvirt_judgments(), seed=1, engine="laplace", draws=400, parts=())
    fit = found.ranks[None]
    doubted = dataclasses.replace(
        fit.diagnostics, effective_sample=123.4, worst_block_k=0.93, worst_block_rep="Seller 2", outer_pareto_k=0.2
    )
    bad = dataclasses.replace(fit, posterior=dataclasses.replace(fit.posterior, diagnostics=doubted))
    ranks = Ranks({None: bad}, found.settings.margin_odds)
    page = read(with_answer(found, "ranks", ranks), tmp_path, pseudonyms=KEY)
    assert "Do not act on this report yet" in page.text
    code = rep_codes(fit.reps, KEY)["Seller 2"]
    assert f"only 123 effective draws (400 wanted); Pareto k 0.93 for Rep {code} (0.7 at most)" in page.text
    assert "Seller 2" not in page.source
    assert "Ready-made counts: 448 judgments of 18 reps" in page.text


def test_standings_stand_only_where_asked_for_and_with_intervals(english: Page, hidden: Page, calibration) -> None:
    assert "standings" not in english.attributes("id")
    assert "standings" in hidden.attributes("id")
    found = cb.rep_standings(calibration.ranks[60])
    name = f"rep {rep_codes(HOSTILE, KEY)[found.reps[0]]}".lower()
    cells = [cells for row, cells in hidden.rows if row == name and len(cells) == 3][-1]
    assert cells[1].startswith(whole(found.standing[0], found.lower[0], found.upper[0]))
    assert "of all pairs of reps is at least 90\u00a0% sure" in hidden.text


def test_cards_suggest_one_thing_and_the_largest_sure_move_where_there_is_one(english: Page, calibration) -> None:
    tried = [text for tags, text in english.texts if tags[-2:] == ("ul", "li") and text.startswith("Call a prospect")]
    moved = calibration.thresholds.advice.table.query("verdict in ['tighten', 'loosen']")["rep"].nunique()
    assert english.source.count('class="flags attempt"') == len(HOSTILE)
    assert 0 < len(tried) <= moved


# both languages -------------------------------------------------------------------------------------------------------


def packages_with_words() -> list[str]:
    """Every package that has words of its own."""
    root = Path(cb.__file__).parent
    return sorted(".".join(["calibra", *path.parent.relative_to(root).parts]) for path in root.rglob("en.toml"))


@pytest.mark.parametrize("package", packages_with_words())
def test_both_languages_have_the_same_phrases_with_the_same_values(package: str) -> None:
    english, japanese = load_phrases("en", package), load_phrases("ja", package)
    assert list(english) == list(japanese)
    for key in english:
        values = [set(re.findall(r"{(\w+)}", phrases[key])) for phrases in (english, japanese)]
        free = {"event", "events", "an_event", "became", "become", "becomes", "words"}
        assert values[0] - free == values[1] - free, key


FORMS = ("card", "line", "who", "head", "figure", "tile", "page")
"""Endings of a phrase that views ask for beside the plain one."""
MADE_OF = (
    "count.", "event.", "opportunity.", "win.",  # things counted, and what an event is called
    "sure.", "promises.bar_", "ranks.cannot_tell_reps_", "thresholds.tighten_", "thresholds.loosen_",
    "added.", "nightly.", "timing.longer", "timing.shorter", "viewpoints.how_",
    "joint_ratings.bar_", "joint_ratings.not_bar_", "outlook.opportunities_", "outlook.wins_", "outlook.amount_",
)  # fmt: skip
"""What keys begin with that the source puts together in more than one step; tests of the chapters say each of them."""


@pytest.mark.parametrize("package", packages_with_words())
def test_every_phrase_is_asked_for(package: str) -> None:
    root = Path(cb.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*") if path.suffix in {".py", ".j2"})
    literals = set(re.findall(r"""["']([\w.]+)["']""", source))
    stems = (*MADE_OF, *re.findall(r'f"(\w+\.(?:\w+_)?\w+_)\{', source))
    left = []
    for key in load_phrases("en", package):
        plain = re.sub(f"_({'|'.join(FORMS)})$", "", key)
        names = {key, plain, key.split(".")[1], plain.split(".")[1]}
        if not names & literals and not key.startswith(stems):
            left.append(key)
    assert left == []
    heads = [key.split(".col_")[1] for key in load_phrases("en", package) if ".col_" in key]
    assert [head for head in heads if not re.search(rf"\b(col_)?{head}\b", source)] == []


def test_every_note_a_chapter_keeps_has_words() -> None:
    root = Path(cb.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    keys = set(re.findall(r'(?:Finding|Phrase)\("(\w+\.\w+)"', source))
    assert len(keys) > 20
    for lang in LANGS:
        say = choose_wording(lang, "event")
        assert [key for key in sorted(keys) if not say.has(key)] == []


def test_every_reason_for_setting_rows_aside_has_a_phrase() -> None:
    told = {key.removeprefix("intro.reason_") for key in load_phrases("en") if key.startswith("intro.reason_")}
    assert told == {re.sub("[ -]", "_", reason.name) for reason in REASONS.values()} | {"other"}


def test_no_english_is_left_in_the_japanese_report(japanese: Page) -> None:
    text = japanese.text
    for name in sorted(HOSTILE, key=len, reverse=True):
        for shown in (printable(name).strip(), printable(name).strip()[:27]):
            text = text.replace(shown, "")
    words = set(re.findall("[A-Za-z]{2,}", text))
    assert words <= {"laplace", "calibra"}
    assert japanese.attributes("lang") == ["ja"]
    assert "まだ判断できません" in text
    assert "読み" in text


@pytest.mark.parametrize("package", packages_with_words())
def test_japanese_phrases_hold_no_english_but_names(package: str) -> None:
    known = {"calibra", "hat", "laplace", "nuts", "engine", "AUC", "AI", "Gwet", "AC", "CRM"}
    known |= {"OpportunityHistory", "OpportunityFieldHistory", "propertiesWithHistory"}  # as the CRMs call them
    for key, phrase in load_phrases("ja", package).items():
        words = re.sub(
            r"{\w+}|`\w+`|refit=True|--verbose|summary\.txt", "", phrase
        )  # what is typed is typed in every language
        assert set(re.findall("[A-Za-z]{2,}", words)) <= known, key


def test_what_could_not_be_had_is_told_in_the_language_of_the_report(tmp_path: Path) -> None:
    counts = calibrate(salvirt_judgments(), seed=1, engine="laplace", draws=400, parts=["lead times"])
    page = read(counts, tmp_path, lang="ja")
    assert "リードタイム：日付のない集計値からは分かりません。" in page.text
    odd = Phrase("inference.other", {"words": "Seller 2 did something odd."})
    failed = with_notes(counts, Finding("lead_times.failed", {"why": odd}, "problem"))
    assert "リードタイム：計算できませんでした。" in read(failed, tmp_path, lang="ja").text
    assert "odd" in read(failed, tmp_path, pseudonyms=KEY).text
    assert "Seller 2" not in read(failed, tmp_path, pseudonyms=KEY).text


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "demo"])
def test_every_note_is_told_in_japanese(tmp_path: Path, name: str) -> None:
    found = calibrate(WORLDS[name]()[0], seed=1, engine="laplace", draws=100, progress=False)
    text = read(found, tmp_path, lang="ja").text
    told = [note.say("ja") for note in found.notes]
    assert all(note in text for note in told)
    assert not any(re.search("[A-Za-z]{2,}", note) for note in told)
    assert len(set(told)) == len(set(map(str, found.notes)))


def test_a_horizon_nobody_is_old_enough_for_is_told_with_the_day_of_the_first(tmp_path: Path) -> None:
    found = calibrate(WORLDS["all_young"]()[0], seed=1, engine="laplace", draws=100, progress=False)
    assert (
        "ランクごとの実績のモデル、60日以内：2026年9月30日の時点で、900件のうち、判定から60日たったものがまだありません。"
        "最初の1件は2026年10月11日です。"
    ) in read(found, tmp_path, lang="ja").text


def test_deals_are_told_of_wins(tmp_path: Path) -> None:
    parts = ["lead times", "thresholds", "granularity"]  # what is won of opportunities has both words
    deals = calibrate(judgments_of(HOSTILE), seed=1, engine="laplace", draws=400, parts=parts)
    page = read(deals, tmp_path, lang="ja", event="win")
    assert "受注" in page.text
    assert "商談化" not in page.text.replace("商談化などの結果", "")
    assert "opportunit" not in read(deals, tmp_path, event="win").text.lower()


def test_numbers_are_written_as_each_language_writes_them() -> None:
    english, japanese = choose_wording("en", "opportunity"), choose_wording("ja", "opportunity")
    assert [w.percent(0.123) for w in (english, japanese)] == ["12\u00a0%", "12%"]
    assert [w.chance(0.999) for w in (english, japanese)] == ["over 99\u00a0%", "99%超"]
    assert english.signed(-7.6, -11.2, 0.2) == "−8 (−11 to 0)"
    assert english.listed(["a"]) == "a"
    assert [w.listed(["a", "b", "c"]) for w in (english, japanese)] == ["a, b and c", "a、b、c"]
    assert [w.more(n) for w in (english,) for n in (470, 5000)] == ["about 470", "more than 2,000"]
    from datetime import date

    assert [w.date(date(2026, 9, 30)) for w in (english, japanese)] == ["30 September 2026", "2026年9月30日"]


UNWORDED = [
    ({"lang": "fr"}, "`lang` must be one of 'en', 'ja'; got 'fr'"),
    ({"event": "sale"}, "`event` must be one of 'event', 'opportunity', 'win'"),
]


@pytest.mark.parametrize(("settings", "message"), UNWORDED)
def test_what_there_is_no_wording_for_is_refused(calibration, tmp_path, settings, message) -> None:
    with pytest.raises(cb.InputError, match=message):
        calibration.report(tmp_path / "report.html", **settings)


# what there may be less of --------------------------------------------------------------------------------------------


def test_numbered_reps_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame([(rep, "A", 60, 20) for rep in ("10", "9", "b", "A")], columns=["rep", "rank", "n", "events"])
    counts = Judgments.from_counts(frame, scale=cb.RankScale(["A"]), within_days=45)
    page = read(calibrate(counts, seed=1, engine="laplace", draws=400, parts=()), tmp_path)
    assert [text for tags, text in page.texts if tags[-2:] == ("h3", "bdi")] == ["9", "10", "A", "b"]


def test_one_rep_of_one_rank_gets_a_report(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rep": ["x"], "rank": ["A"], "n": [60], "events": [20]})
    found = calibrate(Judgments.from_counts(frame, scale=cb.RankScale(["A"])), seed=1, engine="laplace", draws=400)
    for lang in ("en", "ja"):
        page = read(found, tmp_path, lang=lang, standings=True)
        assert "rep-1" in page.attributes("id")
        assert "standings" not in page.attributes("id")


def test_two_horizons_stand_one_after_the_other(tmp_path: Path) -> None:
    promises = {"A": cb.Promise(0.5, within_days=30), "B": cb.Promise(0.3, within_days=90)}
    world = cb.simulate_judgments(
        seed=3, n_reps=3, n_prospects=1500, span_days=300, scale=cb.RankScale(["A", "B"], promises)
    )
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    found = calibrate(judgments, seed=1, engine="laplace", draws=400, parts=["thresholds"])
    page = read(found, tmp_path)
    assert "Probability of an opportunity within 30 days, in per cent" in page.text
    assert "Probability of an opportunity within 90 days, in per cent" in page.text
    assert "lead-times" not in page.attributes("id")
    for rep, rows in found.ranks[30].probabilities().groupby("rep"):
        if rep != ALL_REPS:  # the first table of a card holds every rank, so that its counts add up to the heading
            assert f"within 30 days: {rows['n'].sum():,}; opportunities: {rows['events'].sum()}" in page.text
    assert page.text.count("Rank, and from what chance on you use it") == 2 * len(found.ranks[30].reps)
    levels = re.findall(r"(Within \d+ days: )?(At the same rank, your|You begin to use the ranks)", page.text)
    assert levels
    assert all(within for within, _ in levels)
    later = re.findall(r"^- (Within \d+ days): ", found.summary(), flags=re.MULTILINE)
    assert set(later) == {"Within 30 days", "Within 90 days"}
    assert "Within 30 days" not in page.text.split("Contents")[0]  # a line says its days itself


def test_one_rep_alone_is_in_line_with_nobody(tmp_path: Path) -> None:
    counts = pd.DataFrame({"rep": ["x"] * 2, "rank": list("AB"), "n": [400, 400], "events": [80, 20]})
    found = cb.calibrate(
        Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", draws=200
    )
    assert found.ranks[None].profiles()["finding"].tolist() == ["cannot tell yet"]
    assert "in line" not in read(found, tmp_path).text


def test_advice_rules_are_the_default_ones_the_note_tells_of(english: Page) -> None:
    rules = AdviceRules()
    assert f"lie beyond {rules.margin_odds:g} times those aimed at" in english.text
    assert f"Shares now and aims with their {100 * rules.move_prob:.0f}\u00a0% intervals" in english.text


def test_who_has_much_to_look_through_again_stands_on_the_first_page(tmp_path: Path) -> None:
    # events come within weeks or not at all, and follow-up reaches 400 days: most of the old have hardly a chance left
    rng = np.random.default_rng(3)
    age, k = rng.integers(0, 400, 1500), rng.integers(0, 2, 1500)
    event = np.where(rng.random(1500) < np.array([0.5, 0.25])[k], np.floor(rng.exponential(12.0, 1500)), np.inf)
    happened = event <= age
    judgments = followed(
        np.where(happened, event, age).astype(int), np.where(happened, 1, 3), age_days=age, exits=False,
        rep=np.array(["Abe", "Bo", "Cy"])[rng.integers(0, 3, 1500)], rank=np.array(["A", "B"])[k],
        scale=scale_of("A", "B"),
    )  # fmt: skip
    found = calibrate(judgments, seed=1, engine="laplace", draws=400)
    page = read(found, tmp_path)
    chased = found.tables()["chasing"].groupby("rep")[["n_chased", "n_unknown"]].sum().drop(ALL_REPS)
    assert f"open prospects {chased.n_chased.sum()} are to look through again" in page.text.replace(",", "")
    assert chased.n_chased.min() > 100
    for rep, row in chased.iterrows():
        cell = page.row(rep, 6)[-1]
        assert f"chance unknown of {row.n_unknown}" in cell
        assert re.search(r"\d\.\d \(\d\.\d–(?!0\.0)", cell)  # the upper end is never told as none


@pytest.fixture(scope="module")
def with_bar() -> Calibration:
    """Every rank promises an average but B, which promises a bar."""
    scale = cb.simulate_judgments(seed=2, n_reps=1, n_prospects=10).scale
    scale = cb.RankScale(scale.ranks, {**scale.promises, "B": cb.Promise(0.35, within_days=90, kind="bar")})
    world = cb.simulate_judgments(seed=2, n_reps=8, n_prospects=2500, scale=scale)
    judgments = Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)
    return calibrate(judgments, seed=1, engine="laplace", draws=400, parts=["thresholds"])


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_promised_bar_is_never_set_beside_a_delivered_share_or_its_counts(with_bar, tmp_path: Path, lang) -> None:
    say, found = choose_wording(lang, "opportunity"), with_bar.promises[90].table
    row = found.query("rep == @ALL_REPS and rank == 'B'").iloc[0]
    assert (row["events"], row["n"]) == (136, 355)  # 38 %: far above the bar of all reps, about 25 %
    assert row["lower"] < 136 / 355 < row["upper"]
    assert row["bar_upper"] < 0.3 < row["lower"]
    page = read(with_bar, tmp_path, lang=lang)
    delivered, bars = [cells for name, cells in page.rows if not name and cells[0] == "B" and len(cells) in (4, 5)][:2]
    share = say.interval(*(f"{100 * row[name]:.0f}" for name in ("estimate", "lower", "upper")))
    counts = say("format.of", events="136", n="355")
    assert delivered[1:4] == [say("format.none"), share, counts]
    assert delivered[4] == say("promises.bar_below")
    verdict = say("promises.sure", verdict=say("promises.bar_less"), chance=say.chance(row["prob_less"]))
    assert bars == ["B", say.percent(0.35), say.read(row, "bar"), verdict]
    assert not any(say("promises.less") in cell for cell in (*delivered, *bars))


def test_a_card_says_of_a_promised_bar_where_the_rank_begins_and_not_what_it_delivers(with_bar, tmp_path: Path) -> None:
    page, found = read(with_bar, tmp_path), with_bar.promises[90].table
    cards = [cells for name, cells in page.rows if not name and cells[0].startswith("B|from ")]
    said = {"less": "used from less", "kept": "used so", "more": "used from more"}
    for rep, cells in zip(with_bar.judgments.reps, cards, strict=True):
        row = found[(found["rep"] == rep) & (found["rank"] == "B")].iloc[0]
        assert cells[1].endswith(f"|{row['events']}/{row['n']}")
        beside = cells[2].split("|")
        assert beside[0] == "meant from 35\N{NO-BREAK SPACE}%"
        assert [text.split(" (")[0] for text in beside[1:]] == [said[v] for v in [row["verdict"]] if v in said]


def test_a_promised_bar_has_columns_and_a_sentence_of_its_own(with_bar) -> None:
    table = with_bar.tables()["promises"]
    assert (table["bar"].notna() == (table["kind"] == "bar")).all()
    assert table["raw_rate"].between(0.0, 1.0).all()
    told = list(map(str, with_bar.findings))
    said = [sentence for sentence in told if "start to call a prospect B" in sentence]
    assert len(said) == 1
    assert "it is meant from 35\u00a0%: earlier than meant (over 99\u00a0% sure)" in said[0]
    assert not any("B less than promised" in sentence for sentence in told)


def test_a_promise_is_not_judged_on_a_handful_of_judgments(tmp_path: Path) -> None:
    # y has given A three times, without an event: sure to lie short of the promise by the model, and not said
    counts = pd.DataFrame({"rep": list("xyz"), "rank": ["A"] * 3, "n": [400, 3, 400], "events": [40, 0, 44]})
    scale = cb.RankScale(["A"], {"A": cb.Promise(0.9, within_days=60)})
    found = cb.calibrate(Judgments.from_counts(counts, scale=scale), seed=1, engine="laplace", draws=200)
    page = read(found, tmp_path)
    assert page.text.count("less (over 99") == 2  # x and z; nothing of y


def test_rows_without_a_rep_are_not_told_to_be_of_nobody_twice(tmp_path: Path) -> None:
    world = cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300)
    nameless = world.frame.head(1).assign(rep=None, prospect="odd")
    judgments = Judgments.from_frame(
        pd.concat([world.frame, nameless]), scale=world.scale, as_of=world.as_of, columns=world.columns,
        problems="set_aside",
    )  # fmt: skip
    page = read(cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=()), tmp_path)
    assert "no rep named (1)." in page.text
