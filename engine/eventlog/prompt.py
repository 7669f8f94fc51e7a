"""Threads that begin at once.

Trio's own limiter gives everybody else a turn before it lets a thread begin. While requests come in without end such a
turn takes milliseconds, and for so long a commit would wait for nothing.
"""

from __future__ import annotations

from typing import cast

import trio


def prompt_limiter(tokens: int) -> trio.CapacityLimiter:
    """A limiter for ``trio.to_thread.run_sync``, which takes whatever acquires and releases as trio's own does."""
    return cast(trio.CapacityLimiter, _Prompt(tokens))


class _Prompt:
    def __init__(self, tokens: int) -> None:
        self._limiter = trio.CapacityLimiter(tokens)

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        """Wait only while all tokens are taken."""
        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except trio.WouldBlock:
            await self._limiter.acquire_on_behalf_of(borrower)

    def release_on_behalf_of(self, borrower: object) -> None:
        """Give a token back."""
        self._limiter.release_on_behalf_of(borrower)
