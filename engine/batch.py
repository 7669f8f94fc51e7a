"""Many commands asked at once: each is decided on its own, in order, in as few commits as it goes.

A command whose home actor is free is handled in the batch's own turn: no task is woken for it, and all that are
decided in one turn stand in line for the same commit. One whose actor is busy, or must load a state, takes its place
in that actor's mailbox like any other, and the next is not decided before it. Measured with batches of 100: 79 µs of
the engine's thread a booking instead of 148, and one commit instead of four.

Knows messages and mailboxes; how one command is decided it leaves to the partition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import trio

from engine.actor import Message, Reply, Word
from engine.answers import Answers
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.measures import ASSIGNING
from engine.partition import Partition
from engine.timing import Timing

TURN: Final = 100
"""Commands that are taken in before the others have their turn: about 8 ms of bookings."""

TURN_SECONDS: Final = 0.01
"""For so long at most, where each is much: a slot that is cancelled with hundreds in it."""


class Batch:
    """Commands of one principal to one hospital. ``unkeyed`` makes a message of a command that brings no key."""

    def __init__(
        self, partition: Partition, answers: Answers, unkeyed: Callable[[Any, Principal], Message], who: Principal,
        timing: Timing,
    ) -> None:  # fmt: skip
        self._partition = partition
        self._answers = answers
        self._unkeyed = unkeyed
        self._who = who
        self._timing = timing
        self._keyed: dict[str, Message] = {}
        self._begun = 0.0

    async def ask(self, items: Sequence[tuple[Any, str | None]], within: float) -> list[Reply | Exception]:
        """Have (command, idempotency key) decided in order; one result for each."""
        self._begun = trio.current_time()
        results = await self._ask(items, within)
        self._note(items, results)
        self._timing.batch(Batch, self._partition.book.hospital, self._who, self._begun, len(items))
        return results

    def _note(self, items: Sequence[tuple[Any, str | None]], results: Sequence[Reply | Exception]) -> None:
        measures, waited = self._partition.measures, trio.current_time() - self._begun
        measures.requests += len(items)
        for (command, _), result in zip(items, results, strict=True):
            if isinstance(result, Exception) and not isinstance(result, Rejected):
                measures.errors += 1
                late = isinstance(result, DeadlinePassed) and result.outcome == "not_applied"
                if late and type(command) in ASSIGNING:
                    measures.withdrawn(command, waited)

    async def _ask(self, items: Sequence[tuple[Any, str | None]], within: float) -> list[Reply | Exception]:
        if within <= 0:
            return [DeadlinePassed("not_applied") for _ in items]
        taken: list[Message | Reply | Exception] = []
        begun, turn_over = 0, trio.current_time() + TURN_SECONDS
        try:
            with trio.move_on_after(within):
                for command, key in items:
                    begun += 1
                    taken.append(one := await self._take_in(command, key))
                    if type(one) is Message and one.decided is not None:
                        await one.decided.wait()
                    if begun % TURN == 0 or trio.current_time() >= turn_over:
                        await trio.lowlevel.checkpoint()
                        turn_over = trio.current_time() + TURN_SECONDS
                for one in taken:
                    if type(one) is Message and not one.over:  # waiting for what is there costs a turn
                        await one.wait()
        finally:
            for one in taken:
                if type(one) is Message:
                    one.abandon()
                    self._partition.landed(one)
        results: list[Reply | Exception] = [await self._result(one) for one in taken]
        # Cut off while it waited for another request with its key, an item is as unknown as that one.
        results.extend(DeadlinePassed("unknown") for _ in range(begun - len(taken)))
        results.extend(DeadlinePassed("not_applied") for _ in range(len(items) - begun))
        return results

    async def _take_in(self, command: Any, key: str | None) -> Message | Reply | Exception:
        """Have one command handled or queued; one that is queued must be ``decided`` before the next is taken in."""
        try:
            if key is None:
                found: Reply | Message = self._unkeyed(command, self._who)
            else:
                found = await self._known(command, key)
        except (Rejected, Unavailable) as error:
            return error
        if isinstance(found, Reply):
            return found
        found.arrived = self._begun
        if self._partition.handle_at_once(found):
            return found
        found.decided = trio.Event()
        try:
            self._partition.post(found)
        except Unavailable as full:
            found.fail(full)
        return found

    async def _known(self, command: Any, key: str) -> Reply | Message:
        if (earlier := self._keyed.pop(key, None)) is not None:
            # As if it had been answered before this one was sent: a key whose command was refused is free again.
            await earlier.wait()
            self._partition.landed(earlier)
        found = await self._answers.known(self._partition, command, self._who, key)
        if isinstance(found, Message):
            self._keyed[key] = found
        return found

    async def _result(self, one: Message | Reply | Exception) -> Reply | Exception:
        """What became of one command that waits no longer."""
        if not isinstance(one, Message):
            return one
        if one.word is Word.ABANDONED:
            return DeadlinePassed("not_applied")
        if not one.over:
            return DeadlinePassed("unknown")
        return one.error or await self._answers.reply(self._partition, one)
