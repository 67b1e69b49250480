"""A PostgreSQL server for one test run: started in a temporary folder on a free port of loopback, stopped after it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS = ("postgres", "nobody")
"""Who may run the server where the tests run as root, which PostgreSQL refuses."""


class CannotStartError(Exception):
    """Why there is no PostgreSQL on this machine."""


@contextmanager
def private_cluster() -> Iterator[str]:
    """The URL of an empty database, `postgres://calibra@127.0.0.1:<port>/postgres`, there until the block ends.

    Raises
    ------
    CannotStartError
        No PostgreSQL programs, nobody to run them, or a server that does not come up; the message says which.
    """
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="calibra-postgres-"))
    try:
        data, port = folder / "data", _free_port()
        if user:
            shutil.chown(folder, user)
        _run(
            [programs / "initdb", "-D", data, "-U", "calibra", "--auth=trust", "-E", "UTF8", "--no-sync"], user, folder
        )
        settings = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c jit=off -c max_wal_size=4GB"
        server = [programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log"]
        _run([*server, "-o", settings, "start"], user, folder)
        try:
            yield f"postgres://calibra@127.0.0.1:{port}/postgres"
        finally:
            _run([*server, "-m", "immediate", "stop"], user, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of the newest server programs: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise CannotStartError("PostgreSQL is not installed: no initdb on the PATH or under /usr/lib/postgresql")


def _user() -> str | None:
    """Whom to run the server as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((user for user in USERS if user in known), None)
    if user is None:
        raise CannotStartError(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}")
    return user


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(command: list[str | Path], user: str | None, folder: Path) -> None:
    """Run one of the programs, and say what it said where it fails."""
    with (folder / "said").open("w+") as said:  # a file, not a pipe, which the server would keep open
        done = subprocess.run(
            [str(part) for part in command], check=False, stdout=said, stderr=said, stdin=subprocess.DEVNULL,
            cwd=folder, user=user, extra_groups=[] if user else None, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode:
            said.seek(0)
            raise CannotStartError(f"{Path(str(command[0])).name} failed: {said.read().strip()[-600:]}")
