"""One command asked: by somebody who waits for its answer in a task, or by somebody who is called back with it.

Both mean the same. Being called back costs no task and no switch of tasks: it is how an engine serves the many calls
of a gateway process (its ``then`` only puts a frame in line).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio

from engine.actor import Message, Reply, Word
from engine.answers import Answers
from engine.deadlines import Deadlines
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.measures import ASSIGNING
from engine.partition import Partition
from engine.timing import Timing

Then = Callable[[Reply | Exception], None]
"""Hears, once, what became of a command. It must not raise."""


class Asking:
    """How commands come to a partition and what is said of them.

    ``unkeyed`` makes a message of a command without a key; ``spawn`` starts a task that lives as long as the engine
    serves, for the few answers that must be opened with a key from the disk.
    """

    def __init__(
        self, answers: Answers, deadlines: Deadlines, unkeyed: Callable[[Any, Principal], Message],
        spawn: Callable[..., None], timing: Timing,
    ) -> None:  # fmt: skip
        self._answers = answers
        self._deadlines = deadlines
        self._unkeyed = unkeyed
        self._spawn = spawn
        self._timing = timing

    async def ask(self, partition: Partition, command: Any, who: Principal, key: str | None, within: float) -> Reply:
        """Wait until the command is decided and durable; see ``Engine.ask``."""
        measures = partition.measures
        measures.requests += 1
        try:
            return await self._ask(partition, command, who, key, within)
        except Rejected:
            raise
        except Exception:
            measures.errors += 1
            raise

    async def _ask(self, partition: Partition, command: Any, who: Principal, key: str | None, within: float) -> Reply:
        begun = trio.current_time()
        until = begun + within
        if within <= 0:
            _withdrawn(partition, command, begun, until)
            raise DeadlinePassed("not_applied")
        if key is None:
            message = self._unkeyed(command, who)
        else:
            found: Reply | Message | None = None
            with trio.move_on_at(until):
                found = await self._answers.known(partition, command, who, key)
            if found is None:
                raise DeadlinePassed("unknown")
            if isinstance(found, Reply):
                return found
            message = found
        message.arrived = begun
        try:
            partition.post(message)
            self._deadlines.watch(message, until)
            await message.wait()
        finally:
            self._deadlines.forget(message)
            message.abandon()
            partition.landed(message)
            self._timing.asked(partition.book.hospital, message, begun)
            if message.word is Word.ABANDONED:
                _withdrawn(partition, command, begun, until)
        failure = _failure(message)
        if failure is not None:
            raise failure
        if message.kept is None and message.reply is not None:
            return message.reply
        return await self._answers.reply(partition, message)

    def submit(
        self, partition: Partition, command: Any, who: Principal, key: str | None, within: float, then: Then
    ) -> Callable[[], None] | None:
        """Have the command decided, and call back; gives what withdraws it.

        ``None``, and nothing has happened, where the key came before or is under way: then ``ask``.
        """
        begun = trio.current_time()
        until = begun + within
        if within <= 0:
            partition.measures.requests += 1
            partition.measures.errors += 1
            _withdrawn(partition, command, begun, until)
            raise DeadlinePassed("not_applied")
        message = self._unkeyed(command, who) if key is None else self._answers.fresh(partition, command, who, key)
        if message is None:
            return None
        measures = partition.measures
        measures.requests += 1
        message.arrived = begun

        def heard() -> None:
            self._deadlines.forget(message)
            partition.landed(message)
            self._timing.asked(partition.book.hospital, message, begun)
            failure = _failure(message)
            if failure is not None:
                if message.word is Word.ABANDONED:
                    _withdrawn(partition, command, begun, until)
                measures.errors += not isinstance(failure, Rejected)
                then(failure)
            elif message.kept is None and message.reply is not None:
                then(message.reply)
            else:
                try:
                    self._spawn(self._open, partition, message, then)
                except Unavailable:
                    then(_unopened())

        message.heard = heard
        try:
            partition.post(message)
        except BaseException:
            measures.errors += 1
            message.heard = None
            partition.landed(message)
            raise
        if message.heard is not None:
            self._deadlines.watch(message, until)
        return message.abandon

    async def _open(self, partition: Partition, message: Message, then: Then) -> None:
        try:
            reply = await self._answers.reply(partition, message)
        except Exception as error:
            then(error)
        except BaseException:
            then(_unopened())
            raise
        else:
            then(reply)


def _failure(message: Message) -> Exception | None:
    """Why there is no reply to a message that nobody waits for any more."""
    match message.word:
        case Word.DECIDED | Word.CLAIMED:
            return DeadlinePassed("unknown")
        case Word.ABANDONED:
            return DeadlinePassed("not_applied")
    return message.error


def _withdrawn(partition: Partition, command: Any, begun: float, until: float) -> None:
    """Nobody will decide this any more. Where it was too late, and not given up, somebody must see to the patient."""
    now = trio.current_time()
    if type(command) in ASSIGNING and now >= until:
        partition.measures.withdrawn(command, now - begun)


def _unopened() -> Unavailable:
    return Unavailable("recovering", "the engine reads its log again; ask again", outcome="unknown")
