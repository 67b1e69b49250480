"""The words for "no": every error and warning calibra raises on purpose."""

from pathlib import Path


class CalibraError(Exception):
    """Root of every error calibra raises on purpose."""


class InputError(CalibraError, ValueError):
    """What was given cannot be used; the message says what was expected, what came and how to mend it."""


class NotEnoughDataError(CalibraError):
    """The input is sound, but holds too little for an answer yet; the message says when it will."""


class FitError(CalibraError):
    """The fit did not reach an answer that can be stood behind."""


class CalibraWarning(UserWarning):
    """Something the reader of a result should know."""


def check_folder(folder: Path) -> None:
    """Refuse to write where there is no folder."""
    if not folder.is_dir():
        raise InputError(f"A folder that exists was expected; there is none at {str(folder)!r}. Make it first.")
