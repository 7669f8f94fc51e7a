"""What the gateway asks of an engine, be it in this process or at the other end of a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from engine.actor import Reply
from engine.eventlog.entry import Principal
from engine.subscription import Frame


class Subscription(Protocol):
    """Topics that somebody follows."""

    async def receive(self) -> list[Frame]:
        """The next frames, at least one; see ``engine.subscription``."""


class Engine(Protocol):
    """The words that are understood at both ends; what they mean stands in ``engine.runtime``."""

    async def ask(
        self, hospital: str, command: Any, who: Principal, *, key: str | None = None, within: float = ...
    ) -> Reply:
        """Have a command decided and made durable."""

    def submit(
        self, hospital: str, command: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        key: str | None = None, within: float = ...,
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same without waiting; ``None``, and nothing has happened, where only ``ask`` can answer it."""

    async def ask_batch(
        self, hospital: str, items: Sequence[tuple[Any, str | None]], who: Principal, *, within: float = ...
    ) -> list[Reply | Exception]:
        """Have many commands decided in order, each on its own."""

    async def view(
        self, hospital: str, query: Any, who: Principal, *, within: float = ..., purpose: str = ...
    ) -> Reply:
        """Answer a query."""

    def show(
        self, hospital: str, query: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        within: float = ..., purpose: str = ...,
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same without waiting; ``None``, and nothing has happened, where only ``view`` can answer it."""

    async def note_access(
        self, hospital: str, who: Principal, query: str, patients: Iterable[str], purpose: str = ...
    ) -> None:
        """Write down that somebody was shown these patients elsewhere."""

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        """Write down what happened at the door; ``hospital`` ``""``: none was named."""

    def follow(
        self,
        hospital: str,
        topics: Sequence[str],
        *,
        after: int | None = None,
        who: Principal | None = None,
        purpose: str = ...,
    ) -> AbstractAsyncContextManager[Subscription]:
        """Follow topics."""
