"""``matron-replay witness``: cosigns the checkpoints of logs, and never two that contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
import trio

from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.eventlog.directory import LogDirectory
from gateway.audit.keys import file_signer
from gateway.audit.settings import AuditUnusable
from gateway.door.settings import DoorSettings
from gateway.keeping import keep_serving, stop_on_signal
from gateway.request_log import log_to_stderr
from gateway.server import open_sockets
from replay.calling import WELL, WrongCall, run
from replay.witness import SEEN, Trust, Witness
from replay.witnessing import Service

KEY_FILE: Final = "witness.key"
"""In the witness's folder; made at the first start."""

_CONNECTIONS: Final = 256
"""Open at once: a witness has few to talk to."""


@click.command()
@click.option("--bind", default="127.0.0.1:7070", show_default=True, help="HOST:PORT, unix:PATH or fd://N.")
@click.option(
    "--state", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="The witness's own folder: its key, and what it has seen.",
)  # fmt: skip
@click.option("--name", required=True, help="The witness's name in its signatures, such as witness.example.org/w1.")
@click.option(
    "--log", "logs", multiple=True, required=True, metavar="ORIGIN=KEY",
    help="A log to witness, repeatable; KEY as `matron-replay vkey` prints it. An ORIGIN may end in /*: all below it.",
)  # fmt: skip
@click.option("--certfile", type=click.Path(exists=True, dir_okay=False), help="TLS: the certificate (PEM), ...")
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False), help="... and its key.")
def witness(
    bind: str, state: Path, name: str, logs: tuple[str, ...], certfile: str | None, keyfile: str | None
) -> None:
    """Run a witness (C2SP tlog-witness) on a machine that is not the log's.

    A log that shows it a checkpoint gets a cosignature with the time, if the checkpoint continues all that the witness
    has seen of that log before. It keeps the newest of each log, for auditors to compare with.

    \b
    Example: matron-replay witness --state ./witness --name witness.example.org/w1 \\
               --log 'matron.local/1f2e3d4c/*=matron.local/1f2e3d4c+8a1b2c3d+AQ...'
    """
    log_to_stderr("info")
    settings = DoorSettings(max_connections=_CONNECTIONS, certfile=certfile, keyfile=keyfile)
    run(_serve, bind, state, name, logs, settings)


async def _serve(bind: str, state: Path, name: str, logs: tuple[str, ...], settings: DoorSettings) -> int:
    clock = SystemClock()
    folder = LogDirectory(state, (SEEN,), allow_any_filesystem=True)
    try:
        folder.claim()
    except Unavailable:
        raise WrongCall(f"Another witness works in {state}.") from None
    try:
        folder.sync()
        try:
            signer = file_signer(state / KEY_FILE, clock.entropy)
        except AuditUnusable as error:
            raise WrongCall(str(error)) from error
        found = Witness(name, signer, Trust(logs), state, lambda: clock.wall() // 1_000_000)
        try:
            sockets = open_sockets(bind, settings.backlog)
        except OSError as error:
            raise WrongCall(f"Cannot listen on {bind}: {error.strerror}") from error
        shutdown = trio.Event()
        async with trio.open_nursery() as around:
            around.start_soon(stop_on_signal, shutdown, around.cancel_scope)
            async with trio.open_nursery() as doors:
                door = await doors.start(keep_serving, Service(found), sockets, settings, shutdown)
                click.echo(f"Witness {name} listens on {' '.join(door.binds)}")
                click.echo(found.verifier.text())
            around.cancel_scope.cancel()
    finally:
        folder.release()
    return WELL
