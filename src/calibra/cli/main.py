"""calibra in the shell: one command read, run, and its errors told.

Exit status 0: good; 1: a fit that its own diagnostics speak against; 2: bad input or use; 3: doubts or limits that the
settings say must stop a pipeline; 4: a database that was not reached, went away or refused. What is asked for goes to
standard output, errors and notes to standard error.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.arguments import make_parser
from calibra.cli.parts import BAD_INPUT, FAILED_CHECK, NO_ENGINE, SETTINGS, STOPPED, refuse
from calibra.cli.show import harmless
from calibra.cli.words import ShellWords
from calibra.errors import CalibraError, EngineError, FitError

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    options.words = ShellWords(Path(getattr(options, "config", None) or SETTINGS).name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with _notes_on_stderr(options):
            status: int = options.run(options)
    except FitError as error:
        return refuse(options.words(str(error)), FAILED_CHECK)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except EngineError as error:
        return refuse(options.words(str(error)), NO_ENGINE)
    except (CalibraError, OSError) as error:
        return refuse(options.words(str(error)), BAD_INPUT)
    except KeyboardInterrupt:
        return refuse("stopped", STOPPED)
    return status


@contextmanager
def _notes_on_stderr(options: argparse.Namespace) -> Iterator[None]:
    """Warnings and log lines as plain notes on standard error, each once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_NoteFormatter(options))
    logger = logging.getLogger("calibra")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            yield
        for words in dict.fromkeys(map(_note, caught)):
            sys.stderr.write(f"note: {harmless(options.words(words))}\n")
    finally:
        logger.removeHandler(handler)


class _NoteFormatter(logging.Formatter):
    """Log lines as notes a terminal cannot obey, in the words of the shell."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options

    def format(self, record: logging.LogRecord) -> str:
        """The message alone."""
        return f"note: {harmless(self.options.words(record.getMessage()))}"


def _note(warning: warnings.WarningMessage) -> str:
    words = str(warning.message)
    if words.startswith("Glyph "):
        return (
            "the font of the PNG pictures lacks some characters of the labels; SVG pictures leave them to the reader's."
        )
    return words


if __name__ == "__main__":
    sys.exit(main())
