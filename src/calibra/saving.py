"""What a calibration is made of, as members of a `.calibra` file, and read again.

Draws are saved, and what was computed once; everything that follows from these without chance is laid out anew.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.archive import Archive
from calibra.chapters.fitting import FitSettings, Fitting, Sampled
from calibra.codecs import from_plain, pack_arrays, pack_table, to_plain, unpack_arrays, unpack_table
from calibra.data.counting.packed_judgments import KINDS as DATA_KINDS, pack_judgments, unpack_judgments
from calibra.data.counting.saved import reading_of
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import KINDS as FINDING_KINDS, Finding
from calibra.inference.archive import pack_posterior, unpack_posterior
from calibra.inference.posterior import Posterior
from calibra.version import __version__

if TYPE_CHECKING:
    from calibra.scoring import CalibrationTable

_MADE_WITH = ("numpy", "scipy", "pyarrow", "pymc", "nutpie")
_TABLE = "calibration_table.parquet"


def kinds_of(records: Sequence[type]) -> dict[str, type]:
    """Records that a manifest may hold: those of the chapters, and those of judgments, settings and findings."""
    return {kind.__name__: kind for kind in (*records, *DATA_KINDS, *FINDING_KINDS, FitSettings)}


def pack_calibration(
    fitting: Fitting, said: Mapping[str, Sequence[Finding]], scores: CalibrationTable, about: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the members of a calibration: `said` by name, and the calibration table it is scored with."""
    source = fitting.source
    if not isinstance(source, Sampled):
        raise InputError("A calibration that was read from a file is saved by copying the file.")
    arrays: dict[str, NDArray[np.float64]] = {}
    members = {_TABLE: pack_table(scores.columns)}
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
    return manifest, {**members, "draws.npz": pack_arrays(arrays)}


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
            f"({type(error).__name__}: {error}). Fit and save anew."
        ) from error


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


def read_fitting(archive: Archive, kinds: Mapping[str, type]) -> Fitting:
    """What the chapters of a saved calibration are answered with."""
    with put_together(archive):
        told = archive.manifest
        settings = from_plain(told["settings"], kinds)
        return Fitting(unpack_judgments(archive), int(told["seed"]), settings, Read(archive, kinds))


def read_said(archive: Archive, kinds: Mapping[str, type]) -> dict[str, tuple[Finding, ...]]:
    """The `notes` and `findings`, as they were found."""
    with put_together(archive):
        return {name: from_plain(told, kinds) for name, told in archive.manifest["said"].items()}


def read_scores(archive: Archive) -> CalibrationTable:
    """The calibration table, as it was saved."""
    from calibra.scoring import CalibrationTable

    with put_together(archive):
        told = archive.manifest["scoring"]
        reps, ranks = tuple(told["reps"]), tuple(told["ranks"])
        columns = unpack_table(archive.members[_TABLE])
        return CalibrationTable(reps, ranks, told["n_weeks"], columns, told["interval_prob"], told["rests_on"])
