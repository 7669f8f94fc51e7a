"""Witnesses on loopback, real and scripted, and an engine that has its checkpoints cosigned. No test stands here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from engine.clock import SystemClock
from engine.eventlog.checkpoint import COSIGNATURE, LocalSigner, Note, Verifier
from engine.eventlog.directory import LogDirectory
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.notary import CheckpointSettings, Seal
from engine.runtime import Engine, EngineSettings, open_engine
from gateway.audit.cosigning import Cosigning
from gateway.audit.settings import AuditSettings, WitnessPlace
from gateway.door.settings import DoorSettings
from gateway.notices.addresses import Resolve
from gateway.server import Door, serve
from replay.witnessing.service import Service
from replay.witnessing.witness import SEEN, Trust, Witness

OWNER = LocalSigner(bytes(range(32)))
WITNESS_KEY = LocalSigner(bytes(32))
WITNESS = Verifier("w.example/1", WITNESS_KEY.key, COSIGNATURE)
BASE = "hospital.example"

Said = tuple[int, str, bytes]
"""Status, content type, body."""


class Scripted:
    """Answers each question as ``answer`` likes; ``asked`` are the questions."""

    def __init__(self, answer: Callable[[bytes], Said | Awaitable[Said]]) -> None:
        self.asked: list[bytes] = []
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI app."""
        question, more = b"", True
        while more:
            message = await receive()
            question, more = question + message.get("body", b""), message.get("more_body", False)
        self.asked.append(question)
        answer = self._answer(question)
        status, kind, body = answer if isinstance(answer, tuple) else await answer
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def real_witness(folder: Path) -> Service:
    """One that trusts the owner's key for everything below ``BASE``."""
    directory = LogDirectory(folder, (SEEN,), allow_any_filesystem=True)
    directory.claim()
    directory.release()
    trust = Trust([f"{BASE}/*={Verifier(BASE, OWNER.key).text()}"])
    return Service(Witness(WITNESS.name, WITNESS_KEY, trust, folder, lambda: SystemClock().wall() // 1_000_000))


@asynccontextmanager
async def listening(app: Any, bind: str = "127.0.0.1:0", certificate: str | None = None) -> AsyncIterator[str]:
    """The URL of this app."""
    shutdown = trio.Event()
    settings = DoorSettings(
        graceful_timeout=0.2, linger_timeout=0.1, certfile=certificate, keyfile=certificate
    )  # fmt: skip
    async with trio.open_nursery() as nursery:
        door: Door = await nursery.start(
            lambda task_status: serve(app, bind=bind, settings=settings, shutdown=shutdown, task_status=task_status)
        )
        yield door.binds[0]
        shutdown.set()


@asynccontextmanager
async def cosigned_log(
    disk: MemoryDisk, *urls: str, seconds: float = 3.0, vkeys: Sequence[Verifier] = (WITNESS, WITNESS),
    resolve: Resolve | None = None, ca_file: str | None = None,
) -> AsyncIterator[tuple[Engine, Cosigning]]:  # fmt: skip
    """An engine that signs soon, and asks the witnesses at these addresses."""
    places = tuple(WitnessPlace(url=url, vkey=vkey.text()) for url, vkey in zip(urls, vkeys, strict=False))
    settings = AuditSettings(witnesses=places, witness_seconds=seconds, ca_file=ca_file)
    cosigning, store, shutdown = Cosigning(settings, resolve), MemoryStore(disk), trio.Event()
    seal = Seal(BASE, OWNER, CheckpointSettings(seconds=0.05))
    async with open_engine(store, settings=EngineSettings(seal=seal)) as engine, trio.open_nursery() as nursery:
        await engine.until_ready()
        nursery.start_soon(cosigning.run, engine, store, shutdown)
        yield engine, cosigning
        shutdown.set()


def newest(disk: MemoryDisk, log: str = "main") -> Note:
    """The newest checkpoint that is kept."""
    kept = disk.checkpoints[log]
    return Note.parse(kept[max(kept)])


async def until(holds: Callable[[], Any], seconds: float = 8.0) -> None:
    """Wait for it."""
    with trio.fail_after(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for lies beyond a socket
            await trio.sleep(0.02)
