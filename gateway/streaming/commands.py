"""The commands of one WebSocket: which are on their way, and how they are asked together and answered.

What was read in one turn is asked as one batch and answered in one piece: a command alone in its message by a message
alone, those that came together by one for all. Knows nothing of the socket but how to tell.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any, Final

import msgspec
import trio

from gateway.batch import BatchEndpoint, Done, Read, Sender, refused, told_of
from gateway.problems import Problem, invalid

IN_FLIGHT: Final = 64
"""Commands of one client that may be on their way."""

ID: Final = re.compile(r"[\x20-\x7e]{1,100}")
"""Of a command: what its result is told apart by."""


class Result(msgspec.Struct, frozen=True):
    """What became of a command; ``id`` is null where it had none. ``seq`` is its place in the log."""

    id: str | None
    status: int
    body: Any
    seq: int | msgspec.UnsetType = msgspec.UNSET


class ResultAlone(Result, frozen=True, tag_field="type", tag="result"):
    """The answer to a message that was a command."""


class Results(msgspec.Struct, frozen=True, tag_field="type", tag="results"):
    """The answer to a message of several, in their order."""

    results: list[Result]


class Said:
    """One message with commands: their ids, and what each of them is by now."""

    __slots__ = ("alone", "flying", "ids", "items", "read")

    def __init__(self, *, alone: bool) -> None:
        self.alone = alone
        self.ids: list[str | None] = []
        self.items: list[Any] = []
        """What was said of each, without its id; or its problem."""
        self.flying: list[str] = []
        self.read: list[Read | Problem] = []

    def refuse(self, id: str | None, problem: Problem) -> None:
        """One that is not taken."""
        self.ids.append(id)
        self.items.append(problem)

    def text(self, done: list[Done]) -> bytes:
        """The answer."""
        made = zip(self.ids, done, strict=True)
        if self.alone:
            [answer] = [_told(ResultAlone, id, *one) for id, one in made]
            return msgspec.json.encode(answer, enc_hook=str)
        return msgspec.json.encode(Results([_told(Result, id, *one) for id, one in made]), enc_hook=str)


class Commands:
    """What one client asks. ``tell`` sends texts in one piece; ``known`` says whether it still may ask."""

    def __init__(
        self, sender: Sender, batch: BatchEndpoint, within: float, known: Callable[[], bool],
        tell: Callable[[list[bytes]], Awaitable[None]], tasks: trio.Nursery,
    ) -> None:  # fmt: skip
        self._sender = sender
        self._batch = batch
        self._within = within
        self._known = known
        self._tell = tell
        self._tasks = tasks
        self._flying: set[str] = set()
        self._heard: list[Said] = []
        """Messages of this turn, for which a task has been started."""

    async def hear(self, message: dict[str, Any]) -> int:
        """Take a command, or several; how many of them meant nothing. A ``Problem`` when all of it does."""
        alone = "commands" not in message
        said = Said(alone=alone)
        meaningless = sum([self._take(said, command) for command in ([message] if alone else _several(message))])
        if alone and meaningless:
            raise no_id()
        if not said.flying:
            # Told before the next is read: of what is not on its way no more may pile up than the client reads.
            refusals = [each for each in said.items if isinstance(each, Problem)]
            await self._tell([said.text([(refused(each, self._sender.request_id), None) for each in refusals])])
            return meaningless
        if not self._heard:
            self._tasks.start_soon(self._ask)
        self._heard.append(said)
        return meaningless

    def _take(self, said: Said, command: Any) -> bool:
        """One command; whether it is none."""
        id = command.get("id") if isinstance(command, dict) else None
        if not isinstance(id, str) or not ID.fullmatch(id):
            said.refuse(None, no_id())
            return True
        if len(self._flying) >= IN_FLIGHT or id in self._flying:
            detail = f"At most {IN_FLIGHT} commands at a time, and no two with one id."
            said.refuse(id, Problem("too_many_in_flight", detail, status=429))
            return False
        del command["id"]
        self._flying.add(id)
        said.flying.append(id)
        said.ids.append(id)
        said.items.append(command)
        return False

    async def _ask(self) -> None:
        heard, self._heard = self._heard, []
        try:
            read = iter(await self._read([item for said in heard for item in said.items]))
            for said in heard:
                said.read = list(islice(read, len(said.items)))
            # What the rest waits for is nothing to a message of which nothing is to be asked.
            at_once = [said for said in heard if all(isinstance(each, Problem) for each in said.read)]
            heard = [said for said in heard if said not in at_once]
            await self._answer(at_once)
            waiting, heard = heard, []
            await self._answer(waiting)
        finally:
            self._landed(heard)

    async def _read(self, items: list[Any]) -> list[Read | Problem]:
        if not self._known():
            unknown = Problem("unauthenticated", "This key is not known any more.")
            items = [item if isinstance(item, Problem) else unknown for item in items]
        try:
            self._batch.count(self._sender, sum(not isinstance(item, Problem) for item in items))
        except Problem as too_many:
            items = [item if isinstance(item, Problem) else too_many for item in items]
        return await self._batch.read(items, self._sender)

    async def _answer(self, heard: list[Said]) -> None:
        try:
            if heard:
                done = iter(await self._done([each for said in heard for each in said.read]))
                await self._tell([said.text(list(islice(done, len(said.read)))) for said in heard])
        finally:
            self._landed(heard)

    async def _done(self, read: list[Read | Problem]) -> list[Done]:
        try:
            return await self._batch.ask(read, self._sender, self._within)
        except Exception as error:  # what the engine says of all that it was handed
            request_id = self._sender.request_id
            trouble = told_of(error, request_id)
            return [(refused(each if isinstance(each, Problem) else trouble, request_id), None) for each in read]

    def _landed(self, heard: list[Said]) -> None:
        for said in heard:
            self._flying.difference_update(said.flying)


def no_id() -> Problem:
    """A command whose result could not be told apart."""
    return invalid("id", "required: 1 to 100 printable characters")


def _several(message: dict[str, Any]) -> list[Any]:
    commands = message["commands"]
    if len(message) > 1 or not isinstance(commands, list):
        raise invalid("commands", "required: an array of commands, and no other member beside it")
    if len(commands) > IN_FLIGHT:
        raise Problem("too_many_commands", f"A message has at most {IN_FLIGHT} commands.")
    return commands


def _told(kind: type[Result], id: str | None, result: Any, seq: int | None) -> Result:
    return kind(id, result.status, result.body, msgspec.UNSET if seq is None else seq)
