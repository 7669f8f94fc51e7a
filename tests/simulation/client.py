"""Those who ask: each wish is tried, broken off, and tried again under its key until it is known what became of it.

A client knows only what it was answered. All it was answered goes to the witness, which holds it against the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol

import msgspec
import trio

from engine.actor import Reply
from engine.decider import Private
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from tests.simulation.machine import Lost, Machine

HOSPITAL_ID = "main"

Fate = Literal["accepted", "refused", "not_applied", "unknown"]

ACCOUNTS = ("desk-1", "desk-2", "app")
WATCHING = Principal("board", "admin", "sim", "")
"""Who looks at lists and boards."""


@dataclass(slots=True)
class Try:
    """One attempt at a wish. ``request_id`` stands in the entry it made, if it made one."""

    request_id: str
    boot: int
    fate: Fate = "unknown"
    reply: Reply | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Wish:
    """A command somebody wants, under one key (or none) for all its tries."""

    number: int
    account: str
    key: str | None
    command: Any
    tries: list[Try] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The command's name in the log."""
        return type(self.command).__name__

    @property
    def settled(self) -> bool:
        """Whether the client knows what became of it, or cannot find out."""
        if self.key is None or self.tries[-1].fate in ("accepted", "refused"):
            return True
        return all(tried.fate == "not_applied" for tried in self.tries)


class Witness(Protocol):
    """Who is told of everything a client sees, at the instant it sees it."""

    def answered(self, wish: Wish, tried: Try) -> None:
        """A try has come to an end."""

    def offered(self, refused: Try, taken: Try) -> None:
        """What a refusal offered instead was asked for at once."""

    def viewed(self, query: Any, reply: Reply, floor: int) -> None:
        """A query was answered; ``floor`` is the highest position known when it was asked."""


@dataclass(slots=True)
class Client:
    """The connection of everybody in the hospital; ``known`` is the highest position anybody was told."""

    machine: Machine
    random: Random
    witness: Witness
    wishes: list[Wish] = field(default_factory=list)
    known: int = 0

    def wish(self, command: Any, *, keyed: bool = True) -> Wish:
        """Something to ask for."""
        number = len(self.wishes)
        wish = Wish(number, ACCOUNTS[number % len(ACCOUNTS)], f"key-{number}" if keyed else None, command)
        self.wishes.append(wish)
        return wish

    async def do(self, command: Any, *, patience: int = 6) -> Any | None:
        """Have a command done; the answer's body as plain values, ``None`` where there is none in the end."""
        return await self.grant(self.wish(command, keyed=self.random.random() < 0.9), patience)

    async def grant(self, wish: Wish, patience: int) -> Any | None:
        """Try until it is settled, at most so often; a refusal is final."""
        for _ in range(patience):
            tried = await self._try(wish, self._within())
            if tried.fate == "accepted":
                assert tried.reply is not None
                if wish.key is not None and self.random.random() < 0.05:
                    await self._try(wish, 10.0)  # a double click
                return msgspec.msgpack.decode(tried.reply.body) if tried.reply.body else {}
            if tried.fate == "refused" or wish.settled:
                return None
            await trio.sleep(self.random.uniform(0.05, 2.0))
        return None

    async def take(self, refused: Wish, command: Any) -> Any | None:
        """Ask at once for what a refusal offered."""
        wish = self.wish(command)
        within = self._within()
        tried = await self._try(wish, within)
        self.witness.offered(refused.tries[-1], tried)
        return await self.grant(wish, 6) if tried.fate != "refused" else None

    async def settle(self) -> None:
        """Ask again for whatever is unknown, with all the patience in the world."""
        for wish in self.wishes:
            while wish.tries and not wish.settled:
                await self._try(wish, 10.0)
                await trio.sleep(0.1)

    async def batch(self, commands: list[Any]) -> None:
        """Several commands in one request."""
        wishes = [self.wish(command) for command in commands]
        tries = [self._begin(wish) for wish in wishes]
        items = [(sent(wish.command), wish.key) for wish in wishes]
        who = self._principal(wishes[0], tries[0])
        for tried in tries:
            tried.request_id = who.request_id
        account = wishes[0].account
        for wish in wishes:
            wish.account = account
        within = self._within()
        try:
            results = await self.machine.call(lambda engine: engine.ask_batch(HOSPITAL_ID, items, who, within=within))
        except (Lost, Unavailable) as error:
            results = [error for _ in items]
        assert len(results) == len(items), "a batch answers each of its commands"
        for wish, tried, result in zip(wishes, tries, results, strict=True):
            self._end(wish, tried, result)

    async def ask(self, query: Any) -> Any | None:
        """The answer to a query as plain values; ``None`` when there is none."""
        floor = self.known
        try:
            reply = await self.machine.call(
                lambda engine: engine.view(HOSPITAL_ID, query, WATCHING, within=self.random.choice((0.01, 2.0, 10.0)))
            )
        except (Lost, Unavailable, DeadlinePassed, Rejected):
            return None
        self.witness.viewed(query, reply, floor)
        self.known = max(self.known, reply.position)
        return msgspec.msgpack.decode(reply.body)

    def _within(self) -> float:
        return self.random.choice((0.0, 0.001, 0.01, 0.1, 0.5, 2.0, 10.0, 10.0, 10.0, 10.0))

    def _principal(self, wish: Wish, tried: Try) -> Principal:
        return Principal(wish.account, "desk", "sim", tried.request_id)

    def _begin(self, wish: Wish) -> Try:
        tried = Try(f"{wish.number}.{len(wish.tries)}", self.machine.boots)
        wish.tries.append(tried)
        return tried

    async def _try(self, wish: Wish, within: float) -> Try:
        tried = self._begin(wish)
        who = self._principal(wish, tried)
        # Some hang up long before their deadline; the engine does not hear why.
        patience = self.random.choice((0.0, 0.002, 0.05, 1.0)) if self.random.random() < 0.1 else 60.0
        result: Reply | Exception = Lost()
        with trio.move_on_after(patience):
            try:
                result = await self.machine.call(
                    lambda engine: engine.ask(HOSPITAL_ID, sent(wish.command), who, key=wish.key, within=within)
                )
            except (Lost, Unavailable, DeadlinePassed, Rejected) as error:
                result = error
        self._end(wish, tried, result)
        return tried

    def _end(self, wish: Wish, tried: Try, result: Reply | Exception) -> None:
        if isinstance(result, Reply):
            tried.fate, tried.reply = "accepted", result
            self.known = max(self.known, result.position)
        elif isinstance(result, Rejected):
            tried.fate = "refused"
        elif isinstance(result, Unavailable | DeadlinePassed):
            tried.fate = result.outcome
        tried.error = result if isinstance(result, Exception) else None
        self.witness.answered(wish, tried)


def sent(command: Any) -> Any:
    """The command as it comes off the wire: its texts are sealed once for each time that it is sent."""
    texts = {name: value for name in command.__struct_fields__ if isinstance(value := getattr(command, name), Private)}
    return msgspec.structs.replace(command, **{name: type(text)(text.text) for name, text in texts.items()})
