"""One actor's life: a bounded mailbox, a task that handles one message at a time, and a message's one state word.

A message is queued, then claimed, then committed, refused or not applied; or queued, then abandoned by whoever
gave up waiting. Only who holds it moves the word, and nothing runs in between, so no lock is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, Final

import msgspec
import trio

from engine.decider import Decision, NotInMemory
from engine.errors import LogCorrupt, Overloaded, Unavailable
from engine.eventlog.entry import Principal
from engine.gauges import Mailboxes

MAILBOX: Final = 1_024
"""Messages that may wait for one actor."""

_RUN: Final = 32
"""Messages that an actor handles before it lets the others run."""


_log = logging.getLogger("matron.engine")


class Word(IntEnum):
    """How far a command has come."""

    QUEUED = 0
    CLAIMED = 1
    DECIDED = 2
    COMMITTED = 3
    REFUSED = 4
    NOT_APPLIED = 5
    ABANDONED = 6


class Reply(msgspec.Struct, frozen=True):
    """An accepted command's answer.

    ``body`` is MessagePack (``b""``: none; times as timestamps, private text in the clear), ``outcome`` the kind
    of success, ``position`` the entry's place in the hospital's log, ``version`` the answered resource's own.
    """

    body: bytes
    outcome: str
    position: int
    version: int | None = None
    replayed: bool = False


class Message:
    """A command on its way: what is asked, by whom, and what became of it."""

    __slots__ = (
        "command",
        "command_id",
        "decided",
        "decision",
        "error",
        "event",
        "fingerprint",
        "kept",
        "reply",
        "who",
        "word",
    )

    def __init__(
        self, command: Any, decision: Decision, who: Principal, command_id: bytes, fingerprint: bytes = b""
    ) -> None:
        self.command = command
        self.decision = decision
        self.who = who
        self.command_id = command_id
        self.fingerprint = fingerprint
        self.word = Word.QUEUED
        self.reply: Reply | None = None
        self.kept: bytes | None = None
        self.error: Exception | None = None
        self.event = trio.Event()
        self.decided: trio.Event | None = None

    def fail(self, error: Exception) -> None:
        """Nothing happened, and this is why."""
        self.word = Word.NOT_APPLIED
        self.error = error
        self.event.set()
        if self.decided is not None:
            self.decided.set()

    def abandon(self) -> None:
        """Withdraw it, if nobody has claimed it yet: it will never be decided."""
        if self.word is Word.QUEUED:
            self.word = Word.ABANDONED
            self.event.set()


class Mailbox:
    """The messages that wait for one actor, and the task that takes them one by one."""

    __slots__ = ("_counts", "_length", "_receive", "_send", "busy", "ended", "key", "used")

    def __init__(self, key: str, counts: Mailboxes, capacity: int = MAILBOX) -> None:
        self.key = key
        self._counts = counts
        self._send, self._receive = trio.open_memory_channel[Message](capacity)
        self._length = 0
        self.used = True
        self.busy = False
        self.ended = trio.Event()

    def post(self, message: Message) -> None:
        """Queue a message; ``Overloaded`` at once when the mailbox is full."""
        try:
            self._send.send_nowait(message)
        except trio.WouldBlock:
            self._counts.refused += 1
            raise Overloaded("mailbox_full", "too many commands wait for the same place; try again shortly") from None
        self.used = True
        self._count(1)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being handled."""
        return not self.busy and self._receive.statistics().current_buffer_used == 0

    @property
    def free(self) -> bool:
        """Whether its task waits for a message: nothing is being handled, and nothing is on its way to it either."""
        return self._receive.statistics().tasks_waiting_receive > 0

    def close(self) -> None:
        """End the task once the mailbox is empty; nothing may be posted any more."""
        self._send.close()

    def drain(self) -> list[Message]:
        """Take all that is left, when the task is gone."""
        left = []
        while True:
            try:
                left.append(self._receive.receive_nowait())
                self._count(-1)
            except (trio.WouldBlock, trio.EndOfChannel):
                return left

    def _count(self, change: int) -> None:
        counts = self._counts
        counts.waiting += change
        self._length += change
        counts.longest = max(counts.longest, self._length)

    async def live(self, handle: Callable[[Message], None], load: Callable[[NotInMemory], Awaitable[None]]) -> None:
        """Handle one message after the other. ``handle`` is a plain function: nothing runs while it decides.

        It raises ``NotInMemory`` when it met a state that must be loaded; then nothing has happened, and it is
        called again after ``load``.
        """
        while True:
            try:
                message = await self._receive.receive()
            except trio.EndOfChannel:
                self.ended.set()
                return
            for left in range(_RUN, 0, -1):
                self.busy = True
                self._count(-1)
                try:
                    handle(message)
                except NotInMemory as missing:
                    await self._again(message, missing, handle, load)
                self.busy = False
                if left == 1:
                    break
                try:
                    message = self._receive.receive_nowait()
                except (trio.WouldBlock, trio.EndOfChannel):
                    break

    async def _again(
        self,
        message: Message,
        missing: NotInMemory,
        handle: Callable[[Message], None],
        load: Callable[[NotInMemory], Awaitable[None]],
    ) -> None:
        while True:
            try:
                await load(missing)
            except trio.Cancelled:
                if message.word is Word.QUEUED:
                    message.fail(Unavailable("recovering", "the engine reads its log again; try again shortly"))
                raise
            except LogCorrupt as damage:  # what this one command needs is not there: the others go on
                _log.critical("%s cannot be loaded: %s", missing, damage)
                message.fail(Unavailable("internal_error", "what this concerns cannot be read; nothing was applied"))
                return
            try:
                handle(message)
                return
            except NotInMemory as next_missing:
                missing = next_missing
