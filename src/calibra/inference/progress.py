"""Progress for work above a second: one line on standard error, gone when the work is done."""

import sys
import time
from typing import TextIO


class Progress:
    """Writes a status line once the work has taken more than a second; silent where nobody watches.

    Parameters
    ----------
    shown
        False silences it.
    stream
        Where to write; default standard error, and only if it is a terminal.
    """

    def __init__(self, *, shown: bool = True, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = shown and (stream is not None or self._stream.isatty())
        self._began = time.monotonic()
        self._width = 0

    def update(self, status: str) -> None:
        """Replace the status line."""
        if self._shown and time.monotonic() - self._began > 1.0:
            line = f"{status} ({time.monotonic() - self._began:.0f} s)"
            self._stream.write("\r" + line.ljust(self._width))
            self._stream.flush()
            self._width = len(line)

    def close(self) -> None:
        """Remove the status line."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0
