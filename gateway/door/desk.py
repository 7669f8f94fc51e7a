"""What an app may offer beside being ASGI: to take a request in without a task, and answer it when it can.

A request that only waits for one thing to be told needs no task to wait in: whoever brings the word writes the answer.
An app that can work so has a method ``at_once``; the short path asks it first, and whatever it does not take goes the
way of every ASGI app.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Asker(Protocol):
    """One request that was taken in, as far as its app knows it."""

    def answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer it, once; from anywhere, also before ``at_once`` has returned. It does not raise."""

    def in_task(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have the rest done in a task after all; it ends with ``answer``."""

    def fail(self, error: Exception) -> None:
        """Answer that something has failed, and report this."""

    def may_withdraw(self, withdraw: Callable[[], None]) -> None:
        """What to call when nobody will hear the answer any more."""


AtOnce = Callable[[dict[str, Any], bytes, Asker], bool]
"""Takes a request of this scope and body in, or says that it does not, and then nothing has happened."""
