"""A thread that begins at once, without a turn of everybody else."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from engine.eventlog.prompt import prompt_limiter


async def test_where_there_is_room_nobody_else_has_a_turn_before_the_thread_begins() -> None:
    limiter, others = prompt_limiter(1), []

    async def other() -> None:
        others.append("had a turn")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        await limiter.acquire_on_behalf_of("mine")
        assert not others
    limiter.release_on_behalf_of("mine")


async def test_where_there_is_none_one_waits_for_it() -> None:
    limiter, begun = prompt_limiter(1), trio.Event()
    await limiter.acquire_on_behalf_of("mine")

    async def second() -> None:
        assert await trio.to_thread.run_sync(lambda: 7, limiter=limiter) == 7
        begun.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(second)
        await wait_all_tasks_blocked()
        assert not begun.is_set()
        limiter.release_on_behalf_of("mine")
        await begun.wait()
