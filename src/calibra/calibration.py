"""One call to everything: judgments in, every chapter that has enough data answered, the answers in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from calibra.answers import Part
from calibra.archive import read_archive, write_archive
from calibra.chapters.added.chapter import ADDED
from calibra.chapters.deals.chapter import DEALS
from calibra.chapters.effort.chapter import EFFORT
from calibra.chapters.exits.chapter import EXITS
from calibra.chapters.fitting import FitSettings, Fitting, usual_draws
from calibra.chapters.granularity.chapter import GRANULARITY
from calibra.chapters.joint_ratings.chapter import BESIDE as JOINTLY, JOINT_RATINGS
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.chapters.outlook.chapter import OUTLOOK
from calibra.chapters.outlook.result import read_target
from calibra.chapters.promises.chapter import PROMISES
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.standings.chapter import STANDINGS
from calibra.chapters.stated.chapter import STATED
from calibra.chapters.thresholds.chapter import THRESHOLDS
from calibra.chapters.timing.chapter import TIMING
from calibra.chapters.value.chapter import VALUE
from calibra.chapters.viewpoints.chapter import VIEWPOINTS
from calibra.checks.priors import prior_sensitivity
from calibra.data.counting.choices import horizons_to_fit
from calibra.data.counting.counts import check_groups
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.packed_judgments import fingerprint_of
from calibra.data.frames.dates import as_day
from calibra.data.history.contact_log import Contacts
from calibra.data.history.deals import Deals
from calibra.data.history.joint_ratings import JointRatings
from calibra.errors import FitError, InputError, NotEnoughDataError, check_file, check_kind, check_path
from calibra.findings import Finding
from calibra.inference.engines import Engine
from calibra.reading.cells import read_adjust_for
from calibra.reading.predictive import predictive_check
from calibra.saving import kinds_of, pack_calibration, read_fitting, read_said
from calibra.scored import Scored
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds


class Calibration(Scored):
    """Everything that was answered of one set of judgments, and what could not be.

    Each chapter's answer is an attribute; one that could not be answered raises `NotAnsweredError`, a
    `NotEnoughDataError` that says why. `answered` lists those there are.
    """

    lead_times = Part(LEAD_TIMES)
    """How long does it take? A `LeadTimeFit`."""
    ranks = Part(RANKS)
    """What does each rank bring? Horizon in days to `RankFit`; None for ready-made counts that state none."""
    thresholds = Part(THRESHOLDS)
    """Where does each rep draw the line, how far should it move? `fits` and `styles` by horizon, and the `advice`."""
    promises = Part(PROMISES)
    """What was promised, and what came? Horizon in days to `RankReliability`."""
    granularity = Part(GRANULARITY)
    """How many ranks do the data tell apart? Horizon in days to `Granularity`."""
    exits = Part(EXITS)
    """How do reps end prospects, and what came of what was handed back? Where `exit_kind` says how each ended."""
    stated = Part(STATED)
    """What does a stated percentage mean? Horizon in days to `StatedFit`, where `stated_prob` says what reps stated."""
    added = Part(ADDED)
    """What do rank and percentage add to a machine's score? Horizon in days to `AddedFit`, with `machine_prob`."""
    value = Part(VALUE)
    """How much is won, what is a prospect of each rank worth? A `ValueFit`, where `won_at` and `amount` are known."""
    viewpoints = Part(VIEWPOINTS)
    """How many, how long, how much, side by side. `Viewpoints`, where lead times and value are known."""
    timing = Part(TIMING)
    """When does it come, beside the date stated? A `StatedTimingFit`, where `expected_at` holds dates."""
    effort = Part(EFFORT)
    """How much work is behind what comes, and when to stop? An `Effort`, where contacts are counted."""
    outlook = Part(OUTLOOK)
    """What comes of what is open today, by month? An `Outlook`, where `parts` or a `sales_target` asks for it."""
    joint_ratings = Part(JOINT_RATINGS)
    """Whose A is whose B on the same prospects? `fit` is a `JointRatingFit`, where `joint_ratings` were given."""
    deals = Part(DEALS)
    """What became of what was said of deals, and what the period will bring? A `DealAnswer`, with `deals=`."""
    standings = Part(STANDINGS)
    """Places among the reps, only where `parts` names them. Horizon in days to `RepStandings`."""

    @property
    def fitted_horizons(self) -> tuple[int | None, ...]:
        """Horizons of the rank model, shortest first."""
        return tuple(self._fitting.answer(RANKS) or ())

    def save(self, path: str | Path) -> Path:
        """Write everything to one `.calibra` file, for `calibra.load`; returns the path.

        The file is written aside and moved into place in one step: whatever interrupts it, `path` holds the old file
        or the new one, whole. It keeps draws, counts, choices and what was said; rows and names of prospects it does
        not, but for those of a joint rating.
        """
        path = check_path(path, "path")
        check_file(path, "team.calibra")
        if self._archive is not None:
            return write_archive(path, self._archive.manifest, self._archive.members)
        said = {"notes": self.notes, "findings": self.findings}
        manifest, members = pack_calibration(self._fitting, said, self._scores(), self._stated_scores(), self._about())
        return write_archive(path, manifest, members)

    def kept_beside(self) -> dict[str, Any]:
        """What was given beside the judgments, for the same fit on others."""
        try:
            ratings = self._fitting.once(JOINT_RATINGS.name, lambda: self._fitting.beside.get(JOINTLY))
        except NotEnoughDataError:  # a file from before joint ratings, or without that chapter
            return {}
        return {} if ratings is None else {JOINTLY: ratings}

    def _about(self) -> dict[str, Any]:
        """What a person looks for first."""
        judgments = self.judgments
        return {
            "as_of": None if judgments.as_of is None else judgments.as_of.isoformat(),
            "engines": list(dict.fromkeys(found.engine for _, found in self.named_fits())),
            "n_judgments": judgments.n_judgments,
            "n_reps": len(judgments.reps),
            "counts_sha256": fingerprint_of(judgments),
        }

    def report(
        self,
        path: str | Path,
        *,
        lang: str = "en",
        pseudonyms: str | None = None,
        standings: bool = False,
        event: str = "opportunity",
        before: Calibration | None = None,
    ) -> Path:
        """What should the team read? One self-contained HTML file, in English or Japanese; returns its path.

        On the first page whose A is whose B, five lines for Monday, the number of the quarter and what moved; then
        what came in, how far to trust it, a section for each answer, all reps in one picture among them, and a card
        for each rep. It is for feedback, and not for pay or dismissal, and says so.

        Parameters
        ----------
        path : path
            The file to write; its folder exists.
        lang : {"en", "ja"}
            Language.
        pseudonyms : str, optional
            A secret key of 8 characters or more: reps then stand under pseudonyms, the same in every report with it.
        standings : bool
            Whether to add standings, with their intervals.
        event : {"opportunity", "win"}
            What the event is called: an opportunity that arose, or a deal that was won.
        before : Calibration, optional
            An earlier calibration; the first page then says what moved since.
        """
        from calibra.report.build import Told, write_report

        page = self.page(lang=lang, event=event, pseudonyms=pseudonyms)
        path = check_path(path, "path")
        check_file(path, "report.html")
        answers = self.on_the_page()
        if standings and STANDINGS.name not in self.settings.parts and len(page.reps) > 1:
            answers.append((STANDINGS, self._fitting[STANDINGS]))
        fits, since = self.phrased_fits(), () if before is None else self.moved_since(before)
        told = Told(self.judgments, answers, self.findings, self.notes, fits, self.ok, self.seed, since)
        return write_report(told, page, path)

    def save_cards(
        self, folder: str | Path, *, lang: str = "en", pseudonyms: str | None = None, event: str = "opportunity"
    ) -> tuple[Path, ...]:
        """Write a page for each rep into a folder that exists, to hand over; returns the paths.

        Each holds the rep's card alone, without the others' names. Arguments as in `report`.
        """
        from calibra.report.build import Told, write_cards

        folder = check_path(folder, "folder")
        page = self.page(lang=lang, event=event, pseudonyms=pseudonyms)
        told = Told(self.judgments, self.on_the_page(), self.findings, self.notes, (), self.ok, self.seed)
        return write_cards(told, page, Path(folder))

    def method_text(self, *, lang: str = "en", event: str = "opportunity") -> str:
        """How was it analysed? A paragraph to paste: n, models, priors, engine, what intervals hold, the software.

        Parameters
        ----------
        lang : {"en", "ja"}
            Language.
        event : {"opportunity", "win"}
            As in `report`.
        """
        from calibra.report.method import method_text

        model = self.settings.models.get(RANKS.name) or RankModel()
        return method_text(
            self.judgments,
            self.answered,
            [found for _, found in self.phrased_fits()],
            self.page(lang=lang, event=event).say,
            priors=model.priors,
            groups=model.groups,
            horizons=self.fitted_horizons,
            seed=self.seed,
            margin_odds=self.settings.margin_odds,
        )

    def _found(self) -> list[Finding]:
        """What was found, and what posterior predictive checks and the priors of scales say against the rank models.

        Of the priors what reweighting can tell; `prior_sensitivity` itself fits again where it cannot.
        """
        fits = list((self._fitting.answer(RANKS) or {}).values())
        checks = [predictive_check(fit, seed=self.seed) for fit in fits]
        priors = [prior_sensitivity(fit, refit=False) for fit in fits]
        against = [check.finding for check in checks if check.over_dispersed]
        told = [*super()._found(), *against, *(found.finding for found in priors if found.matters)]
        return sorted(told, key=lambda finding: finding.role != "doubt")


def calibrate(
    judgments: Judgments,
    *,
    seed: int,
    engine: Engine = "auto",
    draws: int | None = None,
    parts: Collection[str] | None = None,
    judged_since: str | date | datetime | np.datetime64 | None = None,
    adjust_for: Collection[str] = (),
    team: str | None = None,
    contacts: Contacts | None = None,
    joint_ratings: JointRatings | None = None,
    deals: Deals | None = None,
    sales_target: Mapping[str, float] | None = None,
    margin_odds: float = MARGIN_ODDS,
    progress: bool = True,
) -> Calibration:
    """What do the judgments of each rep mean, how long do they take, and what should move? Fits every model.

    One lead-time model; a rank and a threshold model per horizon, advice on thresholds, how many ranks the data tell
    apart, and what further columns allow (see the attributes of `Calibration`). The horizons are those the scale
    promises and those the judgments were read with (`horizons=`). What cannot be had yet, or not from such data,
    becomes a note and does not lose the rest.

    Parameters
    ----------
    judgments : Judgments
        Judgments, or ready-made counts, which hold no lead times.
    seed : int
        Same seed, same numbers.
    engine : {"auto", "laplace", "nuts"}
        As in `RankModel.fit`.
    draws : int, optional
        Posterior draws to keep. Default: 4,000 for up to 100 reps, fewer for more of them, at least 1,000.
    parts : collection of str
        What to do beside the ranks and their promises, such as ["lead times", "standings"]: attributes of `Calibration`
        with a blank for "_". Default: everything but what has to be named, as the standings have.
    judged_since : str, date, datetime or datetime64, optional
        Leave judgments before this day out of everything, where the world has changed since; a note says so.
    adjust_for : collection of str
        Groupings of case mix (segment, source, …) whose shares differ between reps: outcomes are compared at the same
        mix, and each rep's card says by how much that moves the gap.
    team : str, optional
        Grouping of teams, a level of its own.
    contacts : Contacts, optional
        A log of contacts, in place of a column of `touches`: what gave information or a gift is told from what sells.
    joint_ratings : JointRatings, optional
        Ranks that several reps gave to the same prospects: where each draws the line, and no territory.
    deals : Deals, optional
        What was said of deals and what came of them; its reps may be others than those who rank prospects.
    sales_target : mapping, optional
        What is wanted of the next three months from what is open today, such as {"opportunities": 120, "amount": 3e8}:
        how likely it is reached stands beside the outlook, which is then answered without being named in `parts`.
    margin_odds : float
        Factor on the odds below which a difference of probabilities is not worth talking about; everything that is
        found or advised goes by it. 1.25 is 5.6 points at 50 %, 4.4 at 25 %, 1.2 at 5 %.
    progress : bool
        Show progress on a terminal for work above a second.

    Raises
    ------
    NotEnoughDataError
        No model could be fitted; names each with its reason.
    FitError
        No model could be fitted, and one of them broke down.
    InputError
        No horizon is known, or an engine, number of draws or part that is none.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=400)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> calibration = cb.calibrate(judgments, seed=1, parts=["thresholds"])
    >>> list(calibration.ranks), list(calibration.thresholds.fits), calibration.notes
    ([90], [90], ())
    """
    check_kind(judgments, "judgments", Judgments)
    check_margin_odds(margin_odds)
    judgments = judgments if contacts is None else judgments.with_contacts(contacts)
    since = None if judged_since is None else date.fromordinal(as_day(judged_since, "UTC", "judged_since"))
    ranks = RankModel(adjust_for=read_adjust_for(adjust_for), team=team)
    check_groups(ranks.adjust_for, judgments.groups, name="adjust_for")
    check_groups(() if team is None else (team,), judgments.groups, name="team")
    models = {RANKS.name: ranks} if ranks.groups else {}
    kept = usual_draws(len(judgments.reps)) if draws is None else draws
    target = read_target(sales_target)
    chosen = choose_parts(parts, with_outlook=bool(target))
    settings = FitSettings(engine, kept, chosen, margin_odds, since, target, models)
    beside: dict[str, Any] = {}
    if joint_ratings is not None:
        check_kind(joint_ratings, "joint_ratings", JointRatings)
        check_same_ranks(joint_ratings, judgments)
        beside[JOINTLY] = joint_ratings
    beside |= {} if deals is None else {DEALS.name: deals}
    return answer_everything(Fitting.begin(judgments, seed, settings, progress=progress, beside=beside))


def check_same_ranks(ratings: JointRatings, judgments: Judgments) -> None:
    """Refuse a joint rating of other ranks than the judgments have."""
    if ratings.ranks != tuple(judgments.scale.ranks):
        raise InputError(
            f"`joint_ratings` must be of the ranks of the judgments, {', '.join(judgments.scale.ranks)}; they are of "
            f"{', '.join(ratings.ranks)}. Read them with the same scale."
        )


def choose_parts(parts: object, *, with_outlook: bool = False) -> tuple[str, ...]:
    """Names of the chapters to answer, or the error that lists them; a target asks for the outlook."""
    choice = [chapter.name for chapter in Calibration.chapters() if chapter.when != "always"]
    if parts is None:
        wanted = {chapter.name for chapter in Calibration.chapters() if chapter.when != "asked for"}
        wanted |= {OUTLOOK.name} if with_outlook else set()
        return tuple(chapter.name for chapter in Calibration.chapters() if chapter.name in wanted)
    if isinstance(parts, str) or not isinstance(parts, Collection) or any(part not in choice for part in parts):
        raise InputError(f"`parts` must be some of {', '.join(map(repr, choice))}; got {parts!r}.")
    chosen = {
        *parts,
        *([OUTLOOK.name] if with_outlook else []),
        *(chapter.name for chapter in Calibration.chapters() if chapter.when == "always"),
    }
    return tuple(chapter.name for chapter in Calibration.chapters() if chapter.name in chosen)


def answer_everything(fitting: Fitting) -> Calibration:
    """Answer every chapter that is asked for, with settings that are known to be sound.

    Raises
    ------
    NotEnoughDataError, FitError, InputError
        As `calibrate`.
    """
    horizons_to_fit(fitting.judgments)  # refused before anything is fitted
    for chapter in Calibration.chapters():
        fitting.answer(chapter)
    if not fitting.answer(RANKS) and fitting.answer(LEAD_TIMES) is None:
        words = "\n".join(["No model could be fitted:", *(f"- {note}" for note in fitting.notes)])
        broke_down = any(note.role == "problem" for note in fitting.notes)
        raise FitError(words) if broke_down else NotEnoughDataError(words)
    return Calibration(fitting)


def load(path: str | Path) -> Calibration:
    """Read a calibration written by `calibration.save`, verified.

    It is put together as it was fitted, with the draws read in place of sampled, each part when it is asked for.
    Scoring needs the saved calibration table alone. What needs rows, such as the names of prospects
    (`lead_times.chasing(judgments)`), takes judgments read anew.

    Parameters
    ----------
    path : str or path
        A `.calibra` file.

    Returns
    -------
    Calibration
        Counts and draws: tables, profiles, lead times, advice and scores; what needs rows says so.

    Raises
    ------
    InputError
        No such file; a truncated or altered one; one of another format. The message says how to mend it.

    Examples
    --------
    >>> import calibra as cb
    >>> cb.load("team.calibra")
    Traceback (most recent call last):
    calibra.errors.InputError: `path` must be a file written by `calibration.save`; there is no file at 'team.calibra'.
    """
    archive = read_archive(check_path(path, "path"))
    kinds = kinds_of([record for chapter in Calibration.chapters() for record in chapter.records])
    fitting = read_fitting(archive, kinds)
    return Calibration(fitting, **read_said(archive, kinds), archive=archive)
