"""A PostgreSQL cluster of our own: made, tuned, started, asked, stopped, thrown away.

Knows no stack. It listens on a Unix socket only, so no port can be taken and nobody else can come in.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from perf.baselines.processes import OURSELVES, Failed, User, lesser_user, program, run

USER: Final = "opd"
DATABASE: Final = "opd"

DEBIAN: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version."""

_OLDEST: Final = 13
"""The first version with ``gen_random_uuid()`` built in."""

SETTINGS: Final = {
    # As durable as Matron's commit: an acknowledged booking is on the disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # As one sets them for a server of a few GB that is all the database's and the web server's.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_connections": "60",
    "listen_addresses": "",
}


class Cluster(NamedTuple):
    """A running one: the folder of its socket, its first process and its version."""

    socket: Path
    pid: int
    version: str


def missing() -> str:
    """What is not installed, one sentence; empty when all is there."""
    if programs() is None:
        return f"PostgreSQL {_OLDEST} or newer is not installed: on Debian, apt-get install postgresql."
    return ""


@asynccontextmanager
async def cluster(folder: Path) -> AsyncGenerator[Cluster, None]:
    """A cluster in a new folder inside this one, with an empty database; gone after the block."""
    found = programs()
    if found is None:
        raise Failed(missing())
    user = lesser_user()
    with (
        # Not in the folder given: the name of a Unix socket is at most 107 bytes long.
        TemporaryDirectory(prefix="matron-pg-", ignore_cleanup_errors=True) as socket,
        TemporaryDirectory(prefix="postgres-", dir=folder, ignore_cleanup_errors=True) as data,
    ):
        if user is not OURSELVES:
            _opened(folder)
            _given((socket, data), user)
        await _made(found, Path(data), user)
        settings = {**SETTINGS, "unix_socket_directories": socket}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        command = [str(found / "postgres"), "-D", data, *flags]
        # SIGQUIT: at once, without a checkpoint. What is in it was counted, and is thrown away.
        ready = "(ready to accept connections)"
        async with program(command, ready, folder=folder, user=user, stop=signal.SIGQUIT) as started:
            made = Cluster(Path(socket), started.pid, await _version(found))
            await ask(made.socket, f"CREATE DATABASE {DATABASE}", database="postgres")
            yield made


async def ask(socket: Path, sql: str, database: str = DATABASE) -> list[list[str]]:
    """The rows that a script answers, as text."""
    found = programs()
    assert found is not None
    flags = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", str(socket), "-U", USER, "-d", database]
    said = await run([str(found / "psql"), *flags, "-f", "-"], folder=Path("/"), given=sql)
    return [line.split("\t") for line in said.splitlines()]


def told() -> str:
    """The settings that weigh, for a report."""
    return ", ".join(f"{name} {value}" for name, value in SETTINGS.items() if value)


def _opened(folder: Path) -> None:
    """Let others pass through."""
    folder.chmod(folder.stat().st_mode | 0o111)


def _given(folders: tuple[str, ...], user: User) -> None:
    assert user.uid is not None
    assert user.gid is not None
    for folder in folders:
        os.chown(folder, user.uid, user.gid)


async def _made(programs: Path, data: Path, user: User) -> None:
    flags = ["-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    try:
        await run([str(programs / "initdb"), *flags], folder=Path("/"), user=user)
    except Failed as failed:
        if user is not OURSELVES and "ermission denied" in str(failed):
            why = "PostgreSQL does not run as root, and a lesser user cannot enter that folder: give another one"
            raise Failed(f"{data.parent}: {why}.") from failed
        raise


async def _version(programs: Path) -> str:
    return (await run([str(programs / "postgres"), "--version"], folder=Path("/"))).split()[2]


def programs() -> Path | None:
    """The folder of the newest server's programs: Debian's own place for each version, else the path's."""
    places = DEBIAN.glob("*/bin/initdb")
    kept = {int(place.parts[-3]): place.parent for place in places if place.parts[-3].isdecimal()}
    if kept and max(kept) >= _OLDEST:
        return kept[max(kept)]
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).resolve().parent
