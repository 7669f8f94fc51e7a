"""What leaves the engine: replies, opened for sending, and the first answer to a command that comes again (by its key).

Also how what is not in memory gets there: sealing keys and archived states, read in a thread of the store.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from engine.actor import Message, Reply, Word
from engine.decider import NotInMemory
from engine.decisions import DECISIONS
from engine.decisions.erase_patient import ErasePatient
from engine.errors import KeyReused, LogCorrupt
from engine.eventlog.entry import Principal, checked
from engine.eventlog.log import Log
from engine.eventlog.store import Store
from engine.gauges import Gauges
from engine.partition import Partition
from engine.recovery import ARCHIVED, Book

_ERASURE: Final = ErasePatient.__name__
"""The command that is true only when more has happened than was decided."""

_AHEAD: Final = 1_000
"""Patients whose keys are read along with the one that is missing."""

_LISTED: Final = {"referral": "referrals"}
"""Kinds of which a page shows many, each a small actor of its own, and the tables that have them in order."""

_NEAR: Final = 500
"""Of those, how many on each side are read along with the one that is missing."""


class Answers:
    """Reads of one engine's store that an answer may need."""

    def __init__(self, store: Store, log: Log, gauges: Gauges) -> None:
        self._store = store
        self._log = log
        self._gauges = gauges

    async def known(self, partition: Partition, command: Any, who: Principal, key: str) -> Reply | Message:
        """The first answer to this key, or a message that now flies under it."""
        command_id, fingerprint = _named(partition, command, who, key)
        while True:
            first = partition.flying.get(command_id)
            if first is not None:
                if first.fingerprint != fingerprint:
                    raise key_reused()
                await first.wait()
                self._gauges.repeats.hits += 1
                if first.word is Word.COMMITTED:
                    reply = await self.reply(partition, first)
                    return Reply(reply.body, reply.outcome, reply.position, reply.version, replayed=True)
                # A refusal or a withdrawal is not kept: the repeat is decided anew. Whoever gave up waiting for a
                # commit has left its position behind.
                partition.landed(first)
                continue
            position = partition.book.position_of(command_id)
            if position is not None:
                self._gauges.repeats.hits += 1
                return await self.first(partition, position, fingerprint)
            return self._launched(partition, command, who, command_id, fingerprint)

    def fresh(self, partition: Partition, command: Any, who: Principal, key: str) -> Message | None:
        """A message that now flies under this key; ``None`` where the key came before or is under way."""
        command_id, fingerprint = _named(partition, command, who, key)
        if command_id in partition.flying or partition.book.position_of(command_id) is not None:
            return None
        return self._launched(partition, command, who, command_id, fingerprint)

    def _launched(
        self, partition: Partition, command: Any, who: Principal, command_id: bytes, fingerprint: bytes
    ) -> Message:
        self._gauges.repeats.misses += 1
        message = Message(command, DECISIONS[type(command)], who, command_id, fingerprint)
        partition.flying[command_id] = message
        return message

    async def reply(self, partition: Partition, message: Message) -> Reply:
        """A settled message's reply; what could not be opened when it was decided is opened now."""
        reply = message.reply
        assert reply is not None
        if message.kept is None:
            return reply
        body = await self._open(partition, b"\x92\xc0" + message.kept)
        return Reply(body, reply.outcome, reply.position, reply.version)

    async def first(self, partition: Partition, position: int, fingerprint: bytes) -> Reply:
        """The reply that the entry at this position was answered with; ``KeyReused`` for another command."""
        await self._log.durable(partition.tail, position)
        [record] = await self._store.read_at(partition.book.hospital, [position])
        data = checked(record)
        entry = partition.book.codec.decode(data)
        if entry.fingerprint != fingerprint:
            raise key_reused()
        if entry.name == _ERASURE and partition.eraser is not None:
            await partition.eraser.complete()
        body = await self._open(partition, data)
        return Reply(body, entry.outcome, position, _version(data), replayed=True)

    async def load(self, partition: Partition, missing: NotInMemory) -> None:
        """Bring a key or a state into memory; ``LogCorrupt`` when the store has none."""
        book = partition.book
        if missing.what == "key":
            self._gauges.keys.misses += 1
            name = book.keys.store_name(missing.name)
            # Who reads one patient's name after a start mostly reads a list of them: the next ones come along.
            others = book.directory.ids("patients", missing.name, _AHEAD) if missing.name else []
            keys = await self._store.read_keys([name, *map(book.keys.store_name, others)])
            if name not in keys:
                raise LogCorrupt(f"the sealing key of subject {missing.name!r} is not in the key store")
            book.keys.adopt(keys)
            return
        self._gauges.states.misses += 1
        states = await self._store.read_archive(book.hospital, [missing.name, *_near(book, missing.name)])
        if missing.name not in states:
            raise LogCorrupt(f"the archived state of {missing.name} is not in the store")
        for key, state in states.items():
            book.restore(key, state)

    async def _open(self, partition: Partition, entry: bytes) -> bytes:
        while True:
            try:
                return partition.book.codec.kept_answer(entry)
            except NotInMemory as missing:
                await self.load(partition, missing)


def _near(book: Book, key: str) -> list[str]:
    """Archived actors that stand beside this one in a list: whoever looks at one mostly looks through a page."""
    kind, _, id = key.partition(":")
    if (table := _LISTED.get(kind)) is None:
        return []
    ids = book.directory.ids(table, id, _NEAR, descending=True) + book.directory.ids(table, id, _NEAR)
    return [name for name in (f"{kind}:{one}" for one in ids) if book.cells.get(name) is ARCHIVED]


def _named(partition: Partition, command: Any, who: Principal, key: str) -> tuple[bytes, bytes]:
    """The command id that a key means, and what tells this command from another one with the same key."""
    scope = f"{partition.book.hospital}|{who.name}|{key}"
    command_id = sha256(scope.encode("utf-8", "surrogatepass")).digest()[:16]
    name = DECISIONS[type(command)].name.encode()
    return command_id, partition.book.keys.fingerprint(name + b"|" + partition.book.codec.plain(command))


def key_reused() -> KeyReused:
    """The refusal of an idempotency key that came with another command."""
    return KeyReused("this idempotency key came with another command before", field="Idempotency-Key")


def _version(data: bytes) -> int | None:
    """The version in a kept answer, for the ``ETag`` of a repeat."""
    answer = msgspec.msgpack.decode(data)[1]
    version = answer.get("version") if isinstance(answer, dict) else None
    return version if isinstance(version, int) else None
