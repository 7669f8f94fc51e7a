"""Programs of a baseline: started, waited for until they say that they serve, ended with all that they started.

Knows no stack. Each program leads a session of its own, so that a Ctrl-C is ours, and what it started ends with it.
It is stopped as well when this process is killed.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

import trio

_STARTS: Final = 60.0
"""Seconds that a program may take until it says that it serves."""

_STOPS: Final = 10.0
"""Seconds that it may take to end before it is killed."""

_LOOKS: Final = 0.02
"""Seconds between two looks at what it said."""

_READ: Final = 65_536
"""Bytes of it that are looked at, the last ones."""

_TOLD: Final = 20
"""Lines of it that stand in the message when it failed."""


class Failed(OSError):
    """A program of a baseline could not be started, or did not do what it was started for."""


class User(NamedTuple):
    """Whom a program runs as."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None


OURSELVES: Final = User()


class Started(NamedTuple):
    """A program that said that it serves, and what it said: the first group of the pattern."""

    pid: int
    said: str


def lesser_user() -> User:
    """Whom a program that refuses to run as root runs as."""
    if os.geteuid() != 0:
        return OURSELVES
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(found.pw_uid, found.pw_gid, ())
    raise Failed("we are root, and there is neither a user postgres nor a user nobody to start PostgreSQL as")


@asynccontextmanager
async def program(
    command: Sequence[str],
    ready: str,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    user: User = OURSELVES,
    stop: signal.Signals = signal.SIGTERM,
) -> AsyncGenerator[Started, None]:
    """A program that lives as long as the block; ``ready`` is a pattern in what it says when it serves."""
    # What it says goes to a file: nobody has to read on, and no task has to live beside the block.
    with TemporaryFile() as said:
        process = await trio.lowlevel.open_process(
            command,
            stdin=DEVNULL,
            stdout=said,
            stderr=STDOUT,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            user=user.uid,
            group=user.gid,
            extra_groups=user.groups,
        )
        watch: trio.Process | None = None
        try:
            with trio.CancelScope(shield=True):
                watch = await _watched(process, stop)
            yield Started(process.pid, await _ready(process, re.compile(ready), said))
            if process.returncode is not None:
                raise Failed(f"{_name(process)} ended by itself with status {process.returncode}:\n{_last(said)}")
        finally:
            with trio.CancelScope(shield=True):
                if watch is not None:
                    watch.kill()
                    await watch.wait()
                await _ended(process, stop)


async def run(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    user: User = OURSELVES,
    given: str = "",
) -> str:
    """What a program says that runs to its end; ``Failed`` with its last words unless it ends well."""
    done = await trio.run_process(
        command,
        stdin=given.encode(),
        capture_stdout=True,
        capture_stderr=True,
        check=False,
        cwd=folder,
        env=None if environment is None else dict(environment),
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).decode(errors="replace").splitlines()[-_TOLD:])
        raise Failed(f"{Path(command[0]).name} {' '.join(command[1:4])} … ended with status {done.returncode}:\n{last}")
    return done.stdout.decode()


async def _watched(process: trio.Process, stop: signal.Signals) -> trio.Process:
    """A shell that reads from us and stops the program when we are gone, however we went."""
    script = 'read _ || kill -s "$1" "$2"'
    command = ["sh", "-c", script, "watch", stop.name.removeprefix("SIG"), str(process.pid)]
    return await trio.lowlevel.open_process(command, stdin=PIPE, start_new_session=True)


async def _ready(process: trio.Process, pattern: re.Pattern[str], said: IO[bytes]) -> str:
    """What the program says of itself when it serves."""
    with trio.move_on_after(_STARTS):
        ended = False
        while not ended:
            ended = process.returncode is not None  # its last words count too
            if found := pattern.search(_text(said)):
                return str(found[1])
            await trio.sleep(_LOOKS)
    raise Failed(f"{_name(process)} did not start:\n{_last(said)}")


def _text(said: IO[bytes]) -> str:
    return os.pread(said.fileno(), _READ, max(0, os.fstat(said.fileno()).st_size - _READ)).decode(errors="replace")


def _last(said: IO[bytes]) -> str:
    return "\n".join(_text(said).splitlines()[-_TOLD:])


def _name(process: trio.Process) -> str:
    assert not isinstance(process.args, (str, bytes, os.PathLike))
    return Path(os.fsdecode(process.args[0])).name


async def _ended(process: trio.Process, stop: signal.Signals) -> None:
    """Ask it to stop, and kill what is left of all that it started; none of it runs any more afterwards."""
    family = descent([process.pid])
    if process.returncode is None:
        process.send_signal(stop)
        with trio.move_on_after(_STOPS):
            await process.wait()
    for pid in family:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    await process.wait()
    with trio.move_on_after(_STOPS):
        while any(map(alive, family)):  # noqa: ASYNC110 - nobody tells of the end of another's child
            await trio.sleep(_LOOKS)


def descent(roots: Sequence[int]) -> tuple[int, ...]:
    """These processes and all that descend from them, as they are now."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))):
            children.setdefault(int(stat[1]), []).append(int(name))
    found = list(roots)
    for pid in found:
        found.extend(children.get(pid, ()))
    return tuple(found)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and whose parent was not told yet does not."""
    stat = _stat(pid)
    return bool(stat) and stat[0] not in ("Z", "X")


def _stat(pid: int) -> list[str]:
    """State, parent, and so on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
