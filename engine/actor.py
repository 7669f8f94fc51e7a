"""One actor's life: a bounded mailbox, a task that handles one message at a time, and a message's one state word.

A message is queued, then claimed, then committed, refused or not applied; or queued, then abandoned by whoever
gave up waiting. Only who holds it moves the word, and nothing runs in between, so no lock is needed.

An actor for which nothing waits has neither task nor mailbox: handling a message is a plain function, so whoever
brings the next one runs it in his own turn, as the actor's task would in its own. Task and mailbox come with a message
that must wait for a state or a key from the disk, keep all that come behind it in order, and go with the last of them.
"""

from __future__ import annotations

import logging
from collections import deque
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


Shares = tuple[float, float, float]
"""Seconds: in a mailbox (loading what had to be there first included), being decided, until durable."""


class Reply(msgspec.Struct, frozen=True):
    """An accepted command's answer.

    ``body`` is MessagePack (``b""``: none; times as timestamps, private text in the clear), ``outcome`` the kind
    of success, ``position`` the entry's place in the hospital's log, ``version`` the answered resource's own. ``took``
    says, where the engine was told to say it, how long it waited, was decided, and waited for the disk (s).
    """

    body: bytes
    outcome: str
    position: int
    version: int | None = None
    replayed: bool = False
    took: Shares | None = None


class Message(msgspec.Struct, eq=False):
    """A command on its way: what is asked, by whom, and what became of it.

    ``over`` once nobody need wait for it, which those ``waiting`` do; ``decided`` (where somebody wants to know) is set
    before that. ``settled_as`` is the word it gets when what it rests on is durable. ``heard`` is called once instead
    of a task that waits. ``kept`` is an answer that must be opened before it leaves. ``arrived`` is when it came
    (trio's clock, s; ``None``: nobody asked for it), ``claimed`` when its actor began with it (``None``: at once),
    ``done`` when that was decided; ``behind``: how many waited for the actor before it.
    """

    command: Any
    decision: Decision
    who: Principal
    command_id: bytes
    fingerprint: bytes = b""
    word: Word = Word.QUEUED
    settled_as: Word = Word.QUEUED
    reply: Reply | None = None
    kept: bytes | None = None
    error: Exception | None = None
    over: bool = False
    waiting: list[trio.lowlevel.Task] = []
    decided: trio.Event | None = None
    heard: Callable[[], None] | None = None
    arrived: float | None = None
    claimed: float | None = None
    done: float | None = None
    behind: int = 0

    def wake(self) -> None:
        """Whoever waits for it, or wants to hear of it, does so no longer."""
        self.over = True
        for task in self.waiting:
            trio.lowlevel.reschedule(task)
        self.waiting.clear()
        if self.heard is not None:
            heard, self.heard = self.heard, None
            heard()

    async def wait(self) -> None:
        """Return when it is over: what an event is for, at a third of its price, for one waits for nearly each."""
        if self.over:
            await trio.lowlevel.checkpoint()
            return
        task = trio.lowlevel.current_task()

        def give_up(_: object) -> trio.lowlevel.Abort:
            self.waiting.remove(task)
            return trio.lowlevel.Abort.SUCCEEDED

        self.waiting.append(task)
        await trio.lowlevel.wait_task_rescheduled(give_up)

    def settle(self, durable: bool) -> None:
        """What it rests on is durable, or will never be."""
        if durable:
            self.word = self.settled_as
            self.wake()
        else:
            self.fail(Unavailable("commit_failed", "the log could not be written; nothing was applied"))

    def fail(self, error: Exception) -> None:
        """Nothing happened, and this is why."""
        self.word = Word.NOT_APPLIED
        self.error = error
        self.wake()
        if self.decided is not None:
            self.decided.set()

    def abandon(self) -> None:
        """Withdraw it, if nobody has claimed it yet: it will never be decided."""
        if self.word is Word.QUEUED:
            self.word = Word.ABANDONED
            self.wake()


class Mailbox:
    """The messages that wait for one actor, the one in hand among them, and the task that takes them one by one."""

    __slots__ = ("_capacity", "_counts", "_waiting", "ended", "key")

    def __init__(self, key: str, counts: Mailboxes, capacity: int = MAILBOX) -> None:
        self.key = key
        self.ended = trio.Event()
        self._capacity = capacity
        self._counts = counts
        self._waiting: deque[Message] = deque()

    def post(self, message: Message) -> None:
        """Queue a message; ``Overloaded`` at once when the mailbox is full."""
        counts, length = self._counts, len(self._waiting)
        if length > self._capacity:
            counts.refused += 1
            raise Overloaded("mailbox_full", "too many commands wait for the same place; try again shortly")
        self._waiting.append(message)
        message.behind = length
        counts.waiting += 1
        counts.longest = max(counts.longest, length + 1)

    @property
    def since(self) -> float | None:
        """When the message came that has waited longest (trio's clock, s); ``None`` where nobody waits for one."""
        return next((message.arrived for message in self._waiting if message.arrived is not None), None)

    def drain(self) -> list[Message]:
        """Take all that is left, when the task is gone."""
        left = list(self._waiting)
        self._waiting.clear()
        self._counts.waiting -= len(left)
        return left

    async def live(
        self,
        missing: NotInMemory | None,
        handle: Callable[[Message], None],
        load: Callable[[NotInMemory], Awaitable[None]],
    ) -> None:
        """Handle one message after the other until none is left; ``missing`` is what the first one met.

        ``handle`` is a plain function: nothing runs while it decides. It raises ``NotInMemory`` when it met a state
        that must be loaded; then nothing has happened, and it is called again after ``load``.
        """
        waiting, run = self._waiting, 0
        while waiting:
            message = waiting[0]
            try:
                if missing is not None:
                    await load(missing)
                    missing = None
                message.claimed = trio.current_time()
                handle(message)
            except NotInMemory as met:
                missing = met
                continue
            except LogCorrupt as damage:  # what this one command needs is not there: the others go on
                _log.critical("%s cannot be loaded: %s", missing, damage)
                missing = None
                message.fail(Unavailable("internal_error", "what this concerns cannot be read; nothing was applied"))
            waiting.popleft()
            self._counts.waiting -= 1
            run += 1
            if run % _RUN == 0:
                await trio.lowlevel.checkpoint()
        self.ended.set()
