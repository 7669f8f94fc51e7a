"""All that makes the logs of one engine provable: what seals them, under which names, and who cosigns.

Made before the engine, which gets ``seal``; ``begin`` and ``run`` beside it. The health page and readiness ask here.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import trio

from engine.actors.origin import ORIGIN
from engine.clock import Clock
from engine.errors import Unavailable
from engine.eventlog.checkpoint import Verifier
from engine.eventlog.log import Tail
from engine.eventlog.store import Store
from engine.runtime import Engine
from gateway.audit.cosigning import Cosigning
from gateway.audit.keys import PUBLIC_FILE, examine_key, publish, sealing
from gateway.audit.origins import Origins
from gateway.audit.settings import AuditSettings

log = logging.getLogger("matron.audit")


class Proving:
    """``AuditUnusable`` when the configuration cannot be used, ``LogCorrupt`` when what a restore left is damaged."""

    def __init__(self, settings: AuditSettings, data: Path, clock: Clock) -> None:
        self._cosigning = Cosigning(settings)
        self._origins = Origins(data, clock.entropy)
        self.seal = sealing(settings, data, clock.entropy, self._origins.held)
        self._public = data / PUBLIC_FILE
        if not self._public.exists():
            self._publish()

    async def begin(self, engine: Engine, store: Store, shutdown: trio.Event) -> None:
        """Returns when commands may come: after a restore, once the log says under which name it goes on."""
        if not self._origins.restored:
            return
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def give_up() -> None:
                await shutdown.wait()
                nursery.cancel_scope.cancel()

            await self._origins.settle(engine, store, self.seal.name, self.seal.signer.key)
            nursery.cancel_scope.cancel()

    async def run(self, engine: Engine, store: Store, shutdown: trio.Event) -> None:
        """Settle the names, have the witnesses asked; until ``shutdown``."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._cosigning.run, engine, store, shutdown)
            nursery.start_soon(self._settle, engine, store)
            await shutdown.wait()
            nursery.cancel_scope.cancel()

    async def _settle(self, engine: Engine, store: Store) -> None:
        await engine.until_ready()
        self._publish()  # the folder is ours: not that of an engine that serves it already
        try:
            if self._origins.held():
                await self._origins.settle(engine, store, self.seal.name, self.seal.signer.key)
        except Exception:  # hospitals go on, and nothing is signed under a name that may be wrong
            log.exception("under which names checkpoints go on cannot be settled: none are made")

    def _publish(self) -> None:
        try:
            publish(self._public, Verifier(self.seal.name, self.seal.signer.key))
        except OSError as fault:
            log.error("the public key cannot be written to %s: %s", self._public, fault)

    def alarms(self) -> list[str]:
        """What witnesses say against the logs: each a sentence for an operator."""
        return [one.alarm for witness in self._cosigning.witnesses for one in witness.logs.values() if one.alarm]

    def document(self, engine: Engine, hospital: str) -> dict[str, Any]:
        """A hospital's logs, how far they are signed and cosigned."""
        partition = engine.partitions.get(hospital)
        tails = [] if partition is None else [tail for tail in (partition.tail, partition.access) if tail is not None]
        return {
            "origin": self._origin(engine, hospital),
            "key": self.seal.signer.key.hex(),
            "held": self._origins.held(),
            "logs": {tail.hospital: _far(tail) for tail in tails},
            "witnesses": [witness.document(hospital) for witness in self._cosigning.witnesses],
        }

    def _origin(self, engine: Engine, hospital: str) -> str | None:
        try:
            begun = engine.partitions[hospital].state(ORIGIN)
        except (KeyError, Unavailable):
            return None
        return begun.name if begun is not None else f"{self.seal.name}/{hospital}"


def examine(settings: AuditSettings, data: Path | None) -> None:
    """``AuditUnusable`` when the configuration cannot be used; nothing is made, nobody is asked."""
    Cosigning(settings)
    examine_key(settings, data)


def _far(tail: Tail) -> dict[str, int]:
    return {"entries": tail.durable, "signed": tail.signed}
