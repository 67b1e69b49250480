"""The answers of chapters in one place: each an attribute, with what was found, how far to trust it, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from calibra.archive import Archive
from calibra.chapters.contract import Chapter
from calibra.chapters.fitting import FitSettings, Fitting
from calibra.checks.row_doubts import doubts_of_rows
from calibra.data.counting.doubts import doubts_of_counts, doubts_of_scale
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.summary import summarise
from calibra.errors import InputError, NotAnsweredError, check_file, check_folder, check_path
from calibra.findings import Finding
from calibra.metrics import make_metrics
from calibra.report.glance import first_page, first_page_html
from calibra.report.lines import choose_lines, make_line
from calibra.report.workbook import write_tables
from calibra.values import Phrase
from calibra.views.page import Page, make_page
from calibra.views.summary import sentences
from calibra.wording import choose_wording

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from calibra.inference.posterior import Diagnostics


class Part[Result]:
    """The answer of a chapter, as an attribute of a calibration."""

    def __init__(self, chapter: Chapter[Result]) -> None:
        self.chapter = chapter

    @overload
    def __get__(self, instance: None, owner: type) -> Part[Result]: ...

    @overload
    def __get__(self, instance: Answers, owner: type) -> Result: ...

    def __get__(self, instance: Answers | None, owner: type) -> Part[Result] | Result:
        """The answer; `NotAnsweredError`, also an `AttributeError`, with its note where there is none."""
        return self if instance is None else instance.answer_of(self.chapter)


class Answers:
    """What chapters answered of one set of judgments, and what could not be answered."""

    def __init__(
        self,
        fitting: Fitting,
        *,
        notes: Sequence[Finding] | None = None,
        findings: Sequence[Finding] | None = None,
        archive: Archive | None = None,
    ) -> None:
        self._fitting = fitting
        self._archive = archive
        self.notes: tuple[Finding, ...] = tuple(fitting.notes if notes is None else notes)
        """What could not be calculated, and why; those of role `problem` tell of a fit that broke down."""
        self.findings: tuple[Finding, ...] = tuple(self._found() if findings is None else findings)
        """What was found, in the order it is told in."""

    @property
    def judgments(self) -> Judgments:
        """What was judged."""
        return self._fitting.judgments

    @property
    def seed(self) -> int:
        """Seed of every fit."""
        return self._fitting.seed

    @property
    def settings(self) -> FitSettings:
        """Engine, draws, parts and models, as they were asked for."""
        return self._fitting.settings

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the file says of itself, of a calibration read from one: format, versions, engines, fingerprint."""
        if self._archive is None:
            raise InputError("Only a calibration read from a file has a manifest. Save it, and `load` the file.")
        return self._archive.manifest

    @classmethod
    def chapters(cls) -> tuple[Chapter[Any], ...]:
        """Every chapter, in the order they are answered in."""
        return tuple(part.chapter for part in vars(cls).values() if isinstance(part, Part))

    @property
    def answered(self) -> tuple[str, ...]:
        """Attributes that hold an answer."""
        return tuple(chapter.key for chapter, _ in self.answers())

    def answer_of[Result](self, chapter: Chapter[Result]) -> Result:
        """The answer of a chapter, or the error that says why there is none."""
        found = self._fitting.answer(chapter)
        if found is not None and _holds(found):
            return found
        if chapter.name not in self.settings.parts:
            raise NotAnsweredError(f"`{chapter.key}` was left out: name {chapter.name!r} in `parts`.")
        why = self._notes_of(chapter) or [self._not_asked(chapter)]
        raise NotAnsweredError(f"There is no answer to `{chapter.key}`. {' '.join(why)}")

    def _notes_of(self, chapter: Chapter[Any]) -> list[str]:
        """What was noted of a chapter; else of those it reads that have no answer either."""
        own = [str(note) for note in self.notes if note.chapter == chapter.key]
        missing = (read for read in chapter.reads if not _holds(self._fitting.answer(read)))
        return own or [why for read in missing for why in self._notes_of(read)]

    def _not_asked(self, chapter: Chapter[Any]) -> str:
        unmapped = [f"`{role}`" for role in chapter.asks if role not in self.judgments.columns]
        return (
            f"No column is mapped as {' or '.join(unmapped)}." if unmapped else "Nothing in the judgments asks for it."
        )

    def answers(self) -> list[tuple[Chapter[Any], Any]]:
        """Every chapter that has an answer, with it."""
        found = [(chapter, self._fitting.answer(chapter)) for chapter in self.chapters()]
        return [(chapter, answer) for chapter, answer in found if _holds(answer)]

    def on_the_page(self) -> list[tuple[Chapter[Any], Any]]:
        """Every chapter that has an answer, in the order of the page."""
        return sorted(self.answers(), key=lambda answer: answer[0].place)

    # how far to trust it ----------------------------------------------------------------------------------------------

    @property
    def ok(self) -> bool:
        """Nothing speaks against any fit."""
        return not self.problems

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Those of the notes that tell of a fit that broke down."""
        return tuple(note for note in self.notes if note.role == "problem")

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against each fit, in words; empty if nothing does."""
        doubted = [
            f"{name}: {', '.join(map(str, found.problems))}. {found.way_out}"
            for name, found in self.named_fits()
            if found.problems
        ]
        return (*doubted, *map(str, self.failed))

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """One line a fit: how far to trust it."""
        return tuple(f"{name}: {found}" for name, found in self.named_fits())

    def named_fits(self) -> list[tuple[str, Diagnostics]]:
        """Every fit by name; the lead-time model is one fit an ending."""
        say = choose_wording("en", "event")
        return [(say.tell(name), found) for name, found in self.phrased_fits()]

    def phrased_fits(self) -> list[tuple[Phrase, Diagnostics]]:
        """Every fit, its name in no language yet."""
        return [fit for chapter, answer in self.on_the_page() for fit in chapter.fits(answer)]

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """What gives reason to doubt: columns, names, dates, the order of ranks, too few, a model that does not fit."""
        return tuple(finding for finding in self.findings if finding.role == "doubt")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; the horizons one under the other, told apart by `within_days`."""
        tables = {} if self.judgments.as_of is None else {"judgments": self.judgments.summary().table}
        for chapter, answer in self.on_the_page():
            tables |= chapter.tables(answer)
        return tables

    def metrics(self) -> pd.DataFrame:
        """Every number with an interval and every finding with a probability as tidy rows, for dashboards.

        Returns
        -------
        pandas.DataFrame
            `as_of`, `chapter`, `scope` (all reps or one rep), `rep`, `rank`, `within_days`, `of` (what else a row is
            of, such as a stated percentage), `metric`, `estimate`, `lower`, `upper`, `prob`, `n`, `finding`.
        """
        tables = [(chapter, chapter.tables(answer)) for chapter, answer in self.on_the_page()]
        return make_metrics(tables, self.findings, self.judgments.as_of)

    def pictures(self) -> dict[str, Callable[[], Axes]]:
        """Name of each picture to what draws it."""
        return {name: draw for chapter, answer in self.on_the_page() for name, draw in chapter.pictures(answer).items()}

    def summary(self) -> str:
        """Everything at a glance: what was found, how far to trust it, what could not be calculated, what came in."""
        came_in = repr(self.judgments) if self.judgments.as_of is None else str(self.judgments.summary())
        in_doubt = [] if self.ok else ["DO NOT RELY ON IT: a fit has problems, named below."]
        say = choose_wording("en", "event", several=self._several, spans=self.judgments.scale.spans)
        told = [*in_doubt, *sentences(self.findings, say), say("page.footing")]
        parts = ["\n".join(["What was found", *(f"- {sentence}" for sentence in told)])]
        parts.append("\n".join(["How far to trust it", *self.diagnostics]))
        if self.notes:
            parts.append("\n".join(["What could not be calculated", *map(str, self.notes)]))
        parts.append(f"What came in\n{came_in}")
        parts += [text for chapter, answer in self.on_the_page() for text in chapter.summary(answer)]
        return "\n\n".join(parts)

    def moved_since(self, before: Answers) -> tuple[Finding, ...]:
        """What moved since an earlier calibration, of each chapter that both answered."""
        found = [(chapter, before._fitting.answer(chapter), answer) for chapter, answer in self.on_the_page()]
        return tuple(told for chapter, old, new in found if _holds(old) for told in chapter.moved(old, new))

    def __repr__(self) -> str:
        """The judgments, and the lines of the first page."""
        page = self.page()
        in_doubt = [] if self.ok else [page.say("glance.trust_bad")]
        lines = [make_line(finding, page) for finding in choose_lines(self.findings, page.say)]
        told = [f"{line.who}: {line.text}{f' ({line.sure})' if line.sure else ''}" for line in lines]
        return "\n".join([f"Calibration of {self.judgments!r}", *in_doubt, *(told or [page.say("glance.nobody")])])

    def _repr_html_(self) -> str:
        """The first page, for a notebook."""
        page = self.page()
        glance = first_page(self.judgments, self.on_the_page(), self.findings, page, is_good=self.ok)
        return first_page_html(glance, page)

    def page(self, *, lang: str = "en", event: str = "opportunity", pseudonyms: str | None = None) -> Page:
        """The page that everything is written with; arguments as in `report`."""
        of = self.judgments
        others = [rep for chapter, answer in self.on_the_page() for rep in chapter.reps(answer)]
        several, findings = self._several, self.findings
        return make_page(
            of.reps,
            of,
            lang=lang,
            event=event,
            pseudonyms=pseudonyms,
            several=several,
            findings=findings,
            others=others,
        )

    @property
    def _several(self) -> bool:
        """Whether findings are of several horizons, so that each has to say of which."""
        return len({finding.within_days for finding in self.findings} - {None}) > 1

    def save_pictures(self, folder: str | Path, *, formats: tuple[str, ...] = ("png", "svg")) -> tuple[Path, ...]:
        """Draw every picture into a folder that exists, `probabilities-90.png` and so on; returns the paths.

        Of the thresholds the best rank's are drawn; `plot_bars` and `plot_share_moves` draw any other.
        """
        from calibra.views.style import check_formats, save_picture

        folder = Path(check_path(folder, "folder"))
        check_folder(folder)
        check_formats(formats)
        paths = []
        for name, draw in self.pictures().items():
            axes = draw()
            paths += [save_picture(axes, folder / f"{name}.{kind}") for kind in formats]
        return tuple(paths)

    def save_workbook(
        self,
        path: str | Path,
        *,
        lang: str = "en",
        event: str = "opportunity",
        tables: Mapping[str, pd.DataFrame] | None = None,
    ) -> Path:
        """Write the lines of the first page and every table to one workbook, `.xlsx`, a sheet each; returns its path.

        Needs openpyxl (`calibra-sales[xlsx]`). No cell is a formula, whatever the text of a label begins with.

        Parameters
        ----------
        path : path
            The file to write; its folder exists.
        lang : {"en", "ja"}
            Language of the lines.
        event : {"opportunity", "win"}
            As in `report`.
        tables : mapping of name to pandas.DataFrame, optional
            Tables, in the order of their sheets; by default `tables()`.
        """
        path = check_path(path, "path")
        check_file(path, "results.xlsx")
        if Path(path).suffix.lower() != ".xlsx":
            raise InputError(f"A workbook must end in .xlsx; got {str(path)!r}.")
        page = self.page(lang=lang, event=event)
        glance = first_page(self.judgments, self.on_the_page(), self.findings, page, is_good=self.ok)
        return write_tables(glance, self.tables() if tables is None else tables, page, path)

    def _found(self) -> list[Finding]:
        """What looks doubtful, then what was found, in the order of the page."""
        told = doubts_of_judgments(self.judgments, margin_odds=self.settings.margin_odds)
        for chapter, answer in self.on_the_page():
            told += chapter.findings(answer)
        replaced = {(key, finding.within_days) for finding in told for key in finding.replaces}
        last = [finding for finding in told if (finding.key, finding.within_days) not in replaced]
        return sorted(last, key=lambda finding: finding.role != "doubt")


def _holds(answer: object) -> bool:
    """Whether there is an answer: none, or one of no horizon, is no answer."""
    return bool(answer)


def doubts_of_judgments(judgments: Judgments, *, margin_odds: float) -> list[Finding]:
    """What looks like a mistake in what was given."""
    doubts = doubts_of_rows(judgments, margin_odds=margin_odds)
    if judgments.as_of is not None:
        counts, aside = judgments.duration_counts(), judgments.set_aside
        return [*doubts, *summarise(counts, aside, (), scale=judgments.scale, log_doubts=judgments.log_doubts).doubts]
    cells = judgments.binomial_cells()
    doubts += doubts_of_counts(cells.reps, cells.n, cells.events, has_events=bool(cells.events.any()))
    return doubts + doubts_of_scale(judgments.scale)
