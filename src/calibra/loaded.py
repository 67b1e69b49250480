"""A calibration read from a file: scores at once, lays its fits out when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.archive import Archive, read_archive
from calibra.calibration import Calibration, Days
from calibra.errors import InputError, check_path
from calibra.stats.intervals import INTERVAL_PROB

if TYPE_CHECKING:
    from calibra.data.judgments import Judgments
    from calibra.decisions.granularity import Granularity
    from calibra.decisions.thresholds import ThresholdAdvice
    from calibra.fit_settings import FitSettings
    from calibra.models.lead_time_fit import LeadTimeFit
    from calibra.models.rank_fit import RankFit
    from calibra.models.threshold_fit import ThresholdFit
    from calibra.scoring import CalibrationTable


class SavedCalibration(Calibration):
    """A calibration read from a file: everything but what needs rows.

    What needs rows (`lead_fit.chasing(judgments)`, which names prospects) takes judgments read anew. Scoring needs the
    saved calibration table alone; the fits are put together on first use, and kept.
    """

    __slots__ = ("_archive", "_laid_out")

    _archive: Archive
    _laid_out: Calibration | None

    def __init__(self, archive: Archive) -> None:
        """Take a verified file; see `load`."""
        object.__setattr__(self, "_archive", archive)
        object.__setattr__(self, "_laid_out", None)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the file says of itself: format, versions, seed, engines, `as_of`, fingerprint of the counts."""
        return self._archive.manifest

    @property
    def judgments(self) -> Judgments:
        """The counts of what was judged."""
        return self._whole.judgments

    @property
    def rank_fits(self) -> Mapping[Days, RankFit]:
        """Horizon in days to the rank model."""
        return self._whole.rank_fits

    @property
    def lead_fit(self) -> LeadTimeFit | None:
        """The lead-time model."""
        return self._whole.lead_fit

    @property
    def threshold_fits(self) -> Mapping[Days, ThresholdFit]:
        """Horizon in days to the threshold model."""
        return self._whole.threshold_fits

    @property
    def advice(self) -> ThresholdAdvice | None:
        """The advice on thresholds, as it was given."""
        return self._whole.advice

    @property
    def granularity(self) -> Mapping[Days, Granularity]:
        """Horizon in days to how many ranks the data told apart."""
        return self._whole.granularity

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be calculated, and why."""
        return self._whole.notes

    @property
    def failed(self) -> tuple[str, ...]:
        """Those of the notes that tell of a fit that broke down."""
        return self._whole.failed

    @property
    def findings(self) -> tuple[str, ...]:
        """What was found, as it was said."""
        return self._whole.findings

    @property
    def seed(self) -> int:
        """Seed of every fit."""
        return int(self._archive.manifest["seed"])

    @property
    def settings(self) -> FitSettings:
        """Engine, draws, parts and models, as they were asked for."""
        return self._whole.settings

    @property
    def _whole(self) -> Calibration:
        """The calibration put together, once."""
        if self._laid_out is None:
            object.__setattr__(self, "_laid_out", self._checked(_lay_out))
        return self._laid_out  # type: ignore[return-value]

    def _scores(self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB) -> CalibrationTable:
        saved = self._checked(_unpack_scores)
        if within_days is None and interval_prob == saved.interval_prob:
            return saved
        return super()._scores(within_days=within_days, interval_prob=interval_prob)

    def _read_with(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        told = self._archive.manifest["scoring"]
        return told["columns"], told["rank_labels"]

    def _checked[Part](self, unpack: Callable[[Archive], Part]) -> Part:
        """A part of the file, or the error that says which file cannot be put together."""
        try:
            return unpack(self._archive)
        except InputError as error:
            raise InputError(f"{str(self._archive.path)!r} cannot be put together: {error}") from error
        except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(
                f"{str(self._archive.path)!r} must hold what calibra saves; it is verified, but cannot be put together "
                f"({type(error).__name__}: {error}). Fit and save anew."
            ) from error


def load(path: str | Path) -> SavedCalibration:
    """Read a calibration written by `calibration.save`, verified.

    Parameters
    ----------
    path : str or path
        A `.calibra` file.

    Returns
    -------
    SavedCalibration
        A `Calibration` of counts and draws: tables, profiles, lead times, advice and scores; what needs rows says so.

    Raises
    ------
    InputError
        No such file; a truncated or altered one; one of a newer format. The message says how to mend it.

    Examples
    --------
    >>> import calibra as cb
    >>> cb.load("team.calibra")
    Traceback (most recent call last):
    calibra.errors.InputError: `path` must be a file written by `calibration.save`; there is no file at 'team.calibra'.
    """
    check_path(path, "path")
    return SavedCalibration(read_archive(path))


def _unpack_scores(archive: Archive) -> CalibrationTable:
    """The calibration table, as it was saved."""
    from calibra.codecs import unpack_table
    from calibra.scoring import CalibrationTable

    told = archive.manifest["scoring"]
    reps, ranks = tuple(told["reps"]), tuple(told["ranks"])
    columns = unpack_table(archive.members["calibration_table.parquet"])
    return CalibrationTable(reps, ranks, told["n_weeks"], columns, told["interval_prob"], told["rests_on"])


def _lay_out(archive: Archive) -> Calibration:
    """The calibration, put together again."""
    from calibra.codecs import from_plain
    from calibra.saving import KINDS, unpack_advice, unpack_fits, unpack_granularity, unpack_judgments

    told = archive.manifest
    judgments, settings = unpack_judgments(archive), from_plain(told["settings"], KINDS)
    return Calibration(
        judgments=judgments, **unpack_fits(archive, judgments, settings), advice=unpack_advice(archive),
        granularity=unpack_granularity(archive), **from_plain(told["said"], {}), seed=told["seed"], settings=settings,
    )  # fmt: skip
