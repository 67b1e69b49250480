"""What a calibration is made of, as members of a `.calibra` file, and read again.

Draws are saved, and what was computed once; everything that follows from these without chance is laid out anew.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.archive import Archive, Content
from calibra.chapters.fitting import FitSettings, Fitting, Sampled
from calibra.codecs import from_plain, pack_table, to_plain, unpack_arrays, unpack_table, write_arrays
from calibra.data.counting.packed_judgments import KINDS as DATA_KINDS, pack_judgments, unpack_judgments
from calibra.data.counting.saved import reading_of
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import KINDS as FINDING_KINDS, Finding
from calibra.inference.archive import pack_posterior, unpack_posterior
from calibra.inference.posterior import Posterior
from calibra.values import Listed, Phrase
from calibra.version import __version__
from calibra.wording import LANGS, Sayable, placeholders

if TYPE_CHECKING:
    from calibra.scoring import CalibrationTable, StatedTable

_MADE_WITH = ("numpy", "scipy", "pyarrow", "pymc", "nutpie")
_TABLE, _STATED_TABLE = "calibration_table.parquet", "stated_table.parquet"


def kinds_of(records: Sequence[type]) -> dict[str, type]:
    """Records that a manifest may hold: those of the chapters, and those of judgments, settings and findings."""
    return {kind.__name__: kind for kind in (*records, *DATA_KINDS, *FINDING_KINDS, FitSettings)}


def pack_calibration(
    fitting: Fitting,
    said: Mapping[str, Sequence[Finding]],
    scores: CalibrationTable,
    stated: StatedTable | None,
    about: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Content]]:
    """The manifest and the members of a calibration: `said` by name, and the tables it is scored with."""
    source = fitting.source
    if not isinstance(source, Sampled):
        raise InputError("A calibration that was read from a file is saved by copying the file.")
    arrays: dict[str, NDArray[np.float64]] = {}
    members = {_TABLE: pack_table(scores.columns)}
    if stated is not None:
        members[_STATED_TABLE] = pack_table(stated.columns)
    judgments = fitting.judgments
    manifest = {
        "made_with": {"calibra": __version__, "python": platform.python_version()}
        | {name: version(name) for name in _MADE_WITH},
        "about": dict(about),
        "scoring": {
            "reps": list(scores.reps),
            "ranks": list(scores.ranks),
            "n_weeks": scores.n_weeks,
            "interval_prob": scores.interval_prob,
            "rests_on": dict(scores.rests_on),
            "columns": judgments.columns,
            "rank_labels": dict(reading_of(judgments).rank_labels),
            "stated": stated
            and {
                "of_ranks": list(stated.of_ranks),
                "horizons": list(stated.horizons),
                "unit": stated.unit,
                "rests_on": dict(stated.rests_on),
            },
        },
        "seed": fitting.seed,
        "settings": to_plain(fitting.settings),
        "said": {name: to_plain(list(findings)) for name, findings in said.items()},
        "judgments": pack_judgments(judgments, members),
        "draws": {
            name: pack_posterior(found, f"draws-{i}", arrays)
            for i, (name, found) in enumerate(source.posteriors.items())
        },
        "kept": {name: to_plain(value, arrays) for name, value in source.values.items()},
    }
    return manifest, {**members, "draws.npz": partial(write_arrays, arrays)}


@contextmanager
def put_together(archive: Archive) -> Iterator[None]:
    """Reading a part of a file; whatever goes wrong becomes the error that says which file cannot be put together."""
    try:
        yield
    except InputError as error:
        if str(error).startswith(repr(str(archive.path))):  # said already, of an earlier chapter that this one reads
            raise
        raise InputError(f"{str(archive.path)!r} cannot be put together: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"{str(archive.path)!r} must hold what calibra saves; it is verified, but cannot be put together "
            f"({type(error).__name__}: {error}). {_by_whom(archive)}"
        ) from error


def _by_whom(archive: Archive) -> str:
    """Which version wrote a file, and what to do where this one cannot read it."""
    made_with = archive.manifest.get("made_with")
    written = made_with.get("calibra") if isinstance(made_with, dict) else None
    by = "It does not say which version wrote it" if written is None else f"It was written by calibra {written}"
    return f"{by}; this is {__version__}. Fit and save anew with this version, or read it with the one that wrote it."


@dataclass(slots=True)
class Read:
    """Draws, and what was computed once, read from a file."""

    archive: Archive
    """The file."""
    kinds: Mapping[str, type]
    """Records it may hold."""
    _arrays: Mapping[str, NDArray[np.float64]] | None = None

    def posterior(self, name: str, _: Callable[[], Posterior]) -> Posterior:
        """The draws of this name; `NotEnoughDataError` where the fit failed when the file was written."""
        told = self.archive.manifest["draws"]
        if name not in told:
            raise NotEnoughDataError(f"The file holds no draws of {name}.")
        return unpack_posterior(told[name], self.arrays)

    def kept(self, name: str, _: Callable[[], Any]) -> Any:
        """What was computed once under this name."""
        told = self.archive.manifest["kept"]
        if name not in told:
            raise NotEnoughDataError(f"The file holds no {name}.")
        return from_plain(told[name], self.kinds, self.arrays)

    def putting_together(self) -> AbstractContextManager[None]:
        """While a chapter is answered from the file: what goes wrong is the file's fault."""
        return put_together(self.archive)

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float64]]:
        """Every array of the file, read on first use."""
        if self._arrays is None:
            self._arrays = unpack_arrays(self.archive.members["draws.npz"])
        return self._arrays


def unsayable(finding: Sayable) -> str:
    """What a finding, or a phrase in it, lacks to be said in the words there are now; empty where nothing."""
    for lang in LANGS:
        wanted = placeholders(lang, finding.key)
        if wanted is None:
            return f"{finding.key}: no words"
        lacking = sorted(wanted - set(finding.values))
        if lacking:
            return f"{finding.key}: no {', '.join(lacking)}"
    inside = [value for value in finding.values.values() if isinstance(value, Phrase | Listed)]
    parts = [part for value in inside for part in (value.parts if isinstance(value, Listed) else (value,))]
    return next((why for part in parts if isinstance(part, Phrase) and (why := unsayable(part))), "")


def read_fitting(archive: Archive, kinds: Mapping[str, type]) -> Fitting:
    """What the chapters of a saved calibration are answered with."""
    with put_together(archive):
        told = archive.manifest
        settings = from_plain(told["settings"], kinds)
        return Fitting(unpack_judgments(archive), int(told["seed"]), settings, Read(archive, kinds))


def read_said(archive: Archive, kinds: Mapping[str, type]) -> dict[str, tuple[Finding, ...]]:
    """The `notes` and `findings`, as they were found."""
    with put_together(archive):
        said = {name: from_plain(told, kinds) for name, told in archive.manifest["said"].items()}
        lacking = next((why for findings in said.values() for finding in findings if (why := unsayable(finding))), "")
    if lacking:
        raise InputError(
            f"{str(archive.path)!r} holds findings that this version has other words for ({lacking}). "
            f"{_by_whom(archive)}"
        )
    return said


def read_scores(archive: Archive) -> CalibrationTable:
    """The calibration table, as it was saved."""
    from calibra.scoring import CalibrationTable

    with put_together(archive):
        told = archive.manifest["scoring"]
        reps, ranks = tuple(told["reps"]), tuple(told["ranks"])
        columns = unpack_table(archive.members[_TABLE])
        return CalibrationTable(reps, ranks, told["n_weeks"], columns, told["interval_prob"], told["rests_on"])


def read_stated_scores(archive: Archive) -> StatedTable | None:
    """The table of stated percentages, as it was saved; None where there was none."""
    from calibra.scoring import StatedTable

    with put_together(archive):
        told = archive.manifest["scoring"]
        stated = told.get("stated")
        if stated is None:
            return None
        columns = unpack_table(archive.members[_STATED_TABLE])
        of_ranks, horizons, unit = tuple(stated["of_ranks"]), tuple(stated["horizons"]), float(stated["unit"])
        return StatedTable(of_ranks, horizons, unit, columns, told["interval_prob"], stated["rests_on"])
