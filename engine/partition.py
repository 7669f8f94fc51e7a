"""One hospital inside the engine: its book, the end of its log, its mailboxes, and how one message is handled.

``handle`` is the heart of Matron: one plain function from command to entry, with no ``await`` in it, so that what a
decision saw is still true when it takes effect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, Protocol

from engine.actor import MAILBOX, Mailbox, Message, Reply, Word
from engine.actors.hospital import HOSPITAL
from engine.clock import Clock
from engine.decider import At, Done, FreeText, NotInMemory, Private
from engine.decisions import DECISIONS
from engine.decisions.erase_patient import ErasePatient
from engine.errors import Rejected, Unavailable, read_again
from engine.eventlog.entry import FORMAT, MAX_ENTRY, RULEBOOK, Change, Entry, Principal, Refusal, has_text
from engine.eventlog.log import Log, Tail
from engine.gauges import ACCEPTED, NOT_APPLIED, REFUSED, WITHDRAWN, Gauges
from engine.measures import MEASURED, RETRYING, Measures
from engine.recovery import Book
from engine.refused import LARGEST, ids_of, kept_of
from engine.stepping import Accepted, decided, state_of

ANSWER_BOUND: Final = 4 * 1024 * 1024
"""Bytes that an answer may have; kept free for it in the entry before anything evolves."""


class Watcher(Protocol):
    """Sees what every entry changes: ``read`` before anything evolves, ``take`` (what was read) once it is in line."""

    def read(self, position: int, time: int, accepted: Accepted) -> Any: ...
    def take(self, position: int, seen: Any) -> None: ...


class Eraser(Protocol):
    """Destroys the keys of who was erased: before anybody is told so, and (``complete``) whenever it was broken off."""

    def before_told(self, settle: Callable[[bool], None]) -> Callable[[bool], None]: ...
    async def complete(self) -> None: ...


_WITH_TEXT: Final = frozenset(kind for kind in DECISIONS if has_text(kind))

OWN: Final = Principal("engine", "system")

_log = logging.getLogger("matron.engine")


class EngineFault(Unavailable):
    """A bug of ours met this command: nothing happened."""


class TooLarge(Rejected):
    """One decision would write more than one entry may hold."""

    code = "decision_too_large"
    family = "invalid"


class Partition:
    """One hospital's actors in memory, and the only writer of its log.

    ``spawn(mailbox, missing)`` starts an actor's task, ``on_due()`` says that the earliest timer changed,
    ``heal(keys)`` rebuilds actors whose rule book failed halfway. ``mailbox`` is how many messages may wait for one
    actor. ``checking`` runs every rule book's own invariants after each decision (tests and simulation; it costs a
    scan).
    """

    def __init__(
        self,
        book: Book,
        log: Log,
        tail: Tail,
        clock: Clock,
        *,
        spawn: Callable[[Partition, Mailbox, NotInMemory], None],
        on_due: Callable[[], None],
        heal: Callable[[Partition, list[str]], None],
        mailbox: int = MAILBOX,
        checking: bool = False,
        gauges: Gauges,
        measures: Measures,
    ) -> None:
        self.book = book
        self.measures = measures
        self.tail = tail
        self.mailboxes: dict[str, Mailbox] = {}
        self.flying: dict[bytes, Message] = {}
        self.superseded = False
        """Its log is read again, into another partition: nobody decides here any more."""
        self.watcher: Watcher | None = None
        self.eraser: Eraser | None = None
        self.access: Tail | None = None
        """The end of the log beside: who looked at whom."""
        self._log = log
        self._clock = clock
        self._spawn = spawn
        self._on_due = on_due
        self._heal = heal
        self._capacity = mailbox
        self._gauges = gauges
        self._checking = checking

    def post(self, message: Message) -> None:
        """Handle a message at once, or queue it where others wait; ``Overloaded`` when there is no room for it."""
        if self.superseded:
            raise read_again()
        key = self._home(message)
        mailbox = self.mailboxes.get(key)
        if mailbox is None:
            try:
                self.handle(message)
                return
            except NotInMemory as missing:
                mailbox = Mailbox(key, self._gauges.mailboxes, self._capacity)
                self._spawn(self, mailbox, missing)
                self.mailboxes[key] = mailbox
        mailbox.post(message)

    def handle_at_once(self, message: Message) -> bool:
        """Handle a message, if its home actor is free; otherwise ``post`` it.

        False, and nothing has happened, also when a state must be loaded first: that is the actor's work.
        """
        if self.superseded or self._home(message) in self.mailboxes:
            return False
        try:
            self.handle(message)
        except NotInMemory:
            return False
        return True

    def _home(self, message: Message) -> str:
        key = message.decision.home(message.command, self.book.directory.find) or HOSPITAL
        return key if key in self.book.cells else HOSPITAL

    def landed(self, message: Message) -> None:
        """A keyed command no longer flies; its repeats find it in the log, or are decided anew."""
        if message.fingerprint and self.flying.get(message.command_id) is message:
            del self.flying[message.command_id]

    def handle(self, message: Message) -> None:
        """Decide one message and put its entry in line; ``NotInMemory``: nothing happened, a state must be loaded."""
        if message.word is not Word.QUEUED:
            self._gauges.commands[type(message.command)][WITHDRAWN] += 1
            return
        try:
            self._log.reserve()
        except Unavailable as error:
            self._fail(message, error)
            return
        wall = self._clock.wall()
        at = At(max(wall, self.book.time + 1), message.command_id, self._draw, message.who.name)
        accepted: Accepted = {}
        message.word = Word.CLAIMED
        try:
            done = decided(self.book, message.decision.run(message.command, at), at, accepted)
            head = self._encode(message, at, wall, accepted, done)
        except NotInMemory:
            message.word = Word.QUEUED
            raise
        except Rejected as refusal:
            self._refuse(message, at, wall, refusal)
            if refusal.then is not None:
                self._follow(message, refusal.then)
            return
        except Unavailable as error:
            self._fail(message, error)
            return
        except Exception:
            _log.exception("deciding %s failed", message.decision.name, extra=_of(message))
            self._fail(message, EngineFault("internal_error", "the command met a fault and was not applied"))
            return
        if head is None:
            self._nothing_changed(message, done)
        else:
            self._apply(message, at, head, accepted, done)
        self._gauges.states.hits += 1

    def state(self, key: str) -> Any:
        """An actor's state for reading, ``None`` when it never had an event."""
        return state_of(self.book, key)

    def _draw(self) -> bytes:
        return self._clock.entropy(16)

    def _entry(
        self, message: Message, at: At, wall: int, command: Any, changes: tuple[Change, ...] = (), outcome: str = "",
        entropy: Private | None = None, refusal: Refusal | None = None,
    ) -> Entry:  # fmt: skip
        return Entry(
            format=FORMAT,
            hospital=self.book.hospital,
            position=self.tail.head + 1,
            time=at.time,
            wall=wall,
            monotonic=self._clock.monotonic(),
            command_id=message.command_id,
            name=message.decision.name,
            who=message.who,
            rulebook=RULEBOOK,
            fingerprint=message.fingerprint,
            command=command,
            changes=changes,
            outcome=outcome,
            entropy=entropy,
            refusal=refusal,
        )

    def _encode(self, message: Message, at: At, wall: int, accepted: Accepted, done: Done) -> bytes | None:
        if not accepted and not message.fingerprint:
            return None
        try:
            head = self._head(message, at, wall, accepted, done)
        except NotInMemory as missing:
            # A key that is missing for a patient whom nobody knows is a key that was never made.
            if missing.what != "key" or self.book.directory.find("patients", missing.name) is not None:
                raise
            self.book.keys.create(missing.name)
            head = self._head(message, at, wall, accepted, done)
        if len(head) > MAX_ENTRY - ANSWER_BOUND:
            raise TooLarge("this one decision is too large for the log; divide it")
        return head

    def _head(self, message: Message, at: At, wall: int, accepted: Accepted, done: Done) -> bytes:
        codec, command = self.book.codec, message.command
        changes = tuple(
            [Change(key, cell.version + 1, cell.position, events) for key, (cell, events) in accepted.items()]
        )
        entropy = None if at.entropy is None else FreeText(at.entropy.hex(), "")
        if type(command) in _WITH_TEXT:
            command = codec.command(command, done.subject)
        return codec.encode_head(self._entry(message, at, wall, command, changes, done.outcome, entropy))

    def _apply(self, message: Message, at: At, head: bytes, accepted: Accepted, done: Done) -> None:
        codec, log, watcher = self.book.codec, self._log, self.watcher
        seen = None if watcher is None else watcher.read(self.tail.head + 1, at.time, accepted)
        try:
            for cell, events in accepted.values():
                evolve, state = cell.decider.evolve, cell.state
                for event in events:
                    evolve(state, event)
                if self._checking:
                    cell.decider.check(state)
                if not cell.version:
                    self.book.cells[cell.key] = cell
            body, kept, version = self._answer(done)
            record = codec.record(head, kept)
            assert len(kept) <= ANSWER_BOUND
        except Exception:
            _log.exception("applying %s failed; its actors are rebuilt", message.decision.name, extra=_of(message))
            for key, (cell, _) in accepted.items():
                if cell.version:
                    cell.quarantined = True
                else:
                    self.book.cells.pop(key, None)
            self._fail(message, EngineFault("internal_error", "the command met a fault and was not applied"))
            self._heal(self, [key for key, (cell, _) in accepted.items() if cell.version])
            return
        position = log.append(self.tail, record)
        book = self.book
        book.head = position
        book.time = at.time
        timers = book.timers
        earliest = timers[0] if timers else None
        for cell, events in accepted.values():
            book.evolved(cell, events, position)
        if timers and timers[0] != earliest:
            self._on_due()
        if message.fingerprint:
            book.remember(message.command_id, position, at.time)
        if watcher is not None:
            watcher.take(position, seen)
        if type(message.command) in RETRYING:
            self.measures.tried_again(tuple(event for _, events in accepted.values() for event in events))
        self._settle_later(message, body, kept, done.outcome, position, version)

    def _nothing_changed(self, message: Message, done: Done) -> None:
        body, kept, version = self._answer(done)
        self._settle_later(message, body, kept, done.outcome, self.tail.head, version)

    def _answer(self, done: Done) -> tuple[bytes | None, bytes, int | None]:
        if done.answer is None:
            return b"", b"", None
        answer = done.answer(self._new_state)
        body: bytes | None
        try:
            body, kept = self.book.codec.answer(answer)
        except NotInMemory:
            # A stored name whose key is not here: it is kept as it is, and opened once the key is loaded.
            body, kept = None, self.book.codec.freeze(answer)
        return body, kept, getattr(answer, "version", None)

    def _new_state(self, key: str) -> Any:
        cell = self.book.cell(key)
        return None if cell is None else cell.state

    def _settle_later(
        self, message: Message, body: bytes | None, kept: bytes, outcome: str, position: int, version: int | None
    ) -> None:
        message.word = Word.DECIDED
        message.reply = Reply(body or b"", outcome, position, version)
        message.kept = kept if body is None else None
        kind = type(message.command)
        self._gauges.commands[kind][ACCEPTED] += 1
        call: Callable[[bool], None] = message.settle
        if message.arrived is not None and kind in MEASURED:
            call = self.measures.around(call, kind, message.arrived)
        if kind is ErasePatient and self.eraser is not None:
            call = self.eraser.before_told(call)
        self._on_durable(message, position, Word.COMMITTED, call)

    def _fail(self, message: Message, error: Unavailable) -> None:
        self._gauges.commands[type(message.command)][NOT_APPLIED] += 1
        message.fail(error)

    def _refuse(self, message: Message, at: At, wall: int, refusal: Rejected) -> None:
        message.error = refusal
        message.word = Word.DECIDED
        rests_on = self.tail.head
        if rests_on:  # a hospital's own first entry is never a refusal
            record = self.book.codec.record(self._refused_head(message, at, wall, type(refusal)), b"")
            self.book.head = self._log.append(self.tail, record)
            self.book.time = at.time
        self._gauges.commands[type(message.command)][REFUSED] += 1
        # Its answer rests on what was decided before it, not on its own entry.
        self._on_durable(message, rests_on, Word.REFUSED, message.settle)

    def _refused_head(self, message: Message, at: At, wall: int, why: type[Rejected]) -> bytes:
        encode, command = self.book.codec.encode_head, message.command
        try:
            kept, left_out = kept_of(command)
            head = encode(self._entry(message, at, wall, kept, refusal=Refusal(why.code, why.rule, True, left_out)))
            if len(head) <= LARGEST:
                return head
        except Exception as fault:  # a number or a date that MessagePack has no room for, which nobody looked at
            _log.warning("a refused %s is not kept whole: %s", message.decision.name, type(fault).__name__)
        return encode(self._entry(message, at, wall, ids_of(command), refusal=Refusal(why.code, why.rule)))

    def _follow(self, message: Message, command: Any) -> None:
        """Decide what a refusal has found; where there is no room for it, whoever is refused next finds it again."""
        own = sha256(message.command_id + b"|then").digest()[:16]
        with suppress(Unavailable):
            self.post(Message(command, DECISIONS[type(command)], OWN, own))

    def _on_durable(self, message: Message, position: int, word: Word, call: Callable[[bool], None]) -> None:
        message.settled_as = word
        message.done = self.measures.now()
        if message.decided is not None:
            message.decided.set()
        self._log.when_durable(self.tail, position, call)


def _of(message: Message) -> dict[str, str]:
    """What a line of the log says of the request that a command came with."""
    return {"request_id": message.who.request_id} if message.who.request_id else {}
