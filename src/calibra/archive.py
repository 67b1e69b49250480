"""The `.calibra` file: a zip of uncompressed members under fixed names, each verified by its SHA-256. No pickle.

`manifest.json` states the format and the SHA-256 of every other member; the comment of the zip states that of the
manifest. Nothing is unpacked to disk, nothing is larger in memory than in the file, and nothing is parsed before it
has been verified.
"""

from __future__ import annotations

import hashlib
import io
import json
import operator
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from calibra.errors import InputError, check_folder

FORMAT_VERSION = (2, 0)
"""Major and minor version written; any minor of the same major up to this one is read."""
MANIFEST = "manifest.json"
_MARK = b"calibra manifest sha256 "
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,
    EOFError,
    KeyError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the zip and JSON readers raise on bytes that are not theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """What was read: verified, not yet interpreted."""

    path: Path
    """The file."""
    manifest: Mapping[str, Any]
    """What the file says of itself."""
    members: Mapping[str, bytes]
    """Name to content of every other member."""


type Content = bytes | Callable[[IO[bytes]], None]
"""A member: its bytes, or what writes them, the same each time, to a file that cannot be searched."""


def write_archive(path: str | Path, manifest: Mapping[str, Any], members: Mapping[str, Content]) -> Path:
    """Write a `.calibra` file: aside in the same folder, flushed to disk, then moved into place in one step.

    Whatever interrupts it, `path` holds the old file or the new one, whole. Equal content gives equal bytes.
    """
    check_folder(Path(path).parent)
    listed = {name: _measure(content) for name, content in members.items()}
    said = {"format": "calibra", "format_version": list(FORMAT_VERSION), **manifest, "members": listed}
    told = json.dumps(said, indent=1, allow_nan=False).encode("ascii")

    def write(held: IO[bytes]) -> None:
        with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as file:
            file.writestr(zipfile.ZipInfo(MANIFEST), told)  # ZipInfo's own date: 1980, always
            for name, content in members.items():
                entry = zipfile.ZipInfo(name)
                entry.file_size = listed[name]["bytes"]  # from 2 GB on the entry is of another kind
                with file.open(entry, "w") as member:
                    _write(content, member)
            file.comment = _MARK + _digest(told).encode("ascii")

    return replace_whole(Path(path), write)


class _Measured(io.RawIOBase):
    """Counts and digests what is written to it, and keeps nothing."""

    def __init__(self) -> None:
        self.n_bytes, self.sha256 = 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        n_bytes = memoryview(data).nbytes
        self.n_bytes += n_bytes
        self.sha256.update(data)
        return n_bytes


def _measure(content: Content) -> dict[str, Any]:
    measured = _Measured()
    _write(content, measured)
    return {"bytes": measured.n_bytes, "sha256": measured.sha256.hexdigest()}


def _write(content: Content, held: IO[bytes] | _Measured) -> None:
    if callable(content):
        content(cast(IO[bytes], held))
    else:
        held.write(content)


def read_archive(path: str | Path) -> Archive:
    """Read and verify a `.calibra` file.

    Raises
    ------
    InputError
        No such file, no `.calibra` file, a damaged or altered one, or one of a newer format.
    """
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError(
            f"`path` must be a file written by `calibration.save`; there is no file at {str(path)!r}."
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            told = _read_member(file, MANIFEST)
            if file.comment != _MARK + _digest(told).encode("ascii"):
                raise InputError(_damaged(path, "its manifest is not the one it was written with"))
            manifest = json.loads(told)
            _check_version(path, manifest)
            members = {name: _read_member(file, name) for name in manifest["members"]}
            _check_members(path, manifest["members"], members, file.namelist())
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(_damaged(path, str(error).strip("'\"") or type(error).__name__)) from error
    return Archive(Path(path), manifest, members)


def _read_member(file: zipfile.ZipFile, name: str) -> bytes:
    """One member, which must be stored as it is: what is compressed could be larger than the file."""
    found = file.getinfo(name)
    if found.compress_type != zipfile.ZIP_STORED or found.file_size != found.compress_size:
        raise zipfile.BadZipFile(f"{name} is compressed, which calibra never does")
    return file.read(found)


def _check_version(path: str | Path, manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != "calibra":
        raise InputError(_damaged(path, "its manifest does not say it is calibra's"))
    major, minor = map(operator.index, manifest["format_version"])  # TypeError for what is no whole number
    if (major, minor) > FORMAT_VERSION or major != FORMAT_VERSION[0]:
        ours, made_with = ".".join(map(str, FORMAT_VERSION)), manifest.get("made_with", {}).get("calibra", "unknown")
        how = "Upgrade calibra, or" if (major, minor) > FORMAT_VERSION else "Read it with that version, or"
        raise InputError(
            f"{str(path)!r} must be of format {ours} or an older minor of it; it is of format {major}.{minor}, written "
            f"by calibra {made_with}. {how} fit and save anew."
        )


def _check_members(path: str | Path, listed: Mapping[str, Any], members: Mapping[str, bytes], held: list[str]) -> None:
    if sorted(held) != sorted([MANIFEST, *listed]):
        raise InputError(_damaged(path, "it holds other members than its manifest lists"))
    for name, data in members.items():
        if len(data) != listed[name]["bytes"] or _digest(data) != listed[name]["sha256"]:
            raise InputError(_damaged(path, f"{name} is not what was written (SHA-256 differs)"))


def _damaged(path: str | Path, why: str) -> str:
    return (
        f"{str(path)!r} must be a whole and unaltered file written by `calibration.save`; it is not: {why}. "
        "Take it from a backup, or fit and save anew."
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def replace_whole(path: Path, content: Content) -> Path:
    """Put these bytes, or what is written so, at `path` in one step; the old file stays until all is safely on disk."""
    target = path.resolve()
    aside = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(handle, "wb") as file:
            _write(content, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)
    return path


def _flush_folder(folder: Path) -> None:
    """Make the new name durable, where folders can be opened (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
