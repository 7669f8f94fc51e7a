"""The baselines by name, and what each can do; the place from which the harness takes them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol

from perf.baselines.django import Django
from perf.baselines.fastapi import FastApi
from perf.baselines.plan import Plan, Running
from perf.size import Tell


class Stack(Protocol):
    """A web application with its database, in processes of its own."""

    def missing(self) -> str:
        """What must be installed before it can be measured, one sentence; empty when all is there."""

    def running(self, folder: Path, plan: Plan, tell: Tell) -> AbstractAsyncContextManager[Running]:
        """The stack with the plan's slots and patients, warm; all its processes and files are gone after the block.

        ``OSError`` when it cannot be started here. Run as root, the folder must be one that others can enter.
        """

    async def booked(self, running: Running) -> dict[str, int]:
        """Seats taken by slot, asked of its database; ``Incorrect`` for a double booking or a seat beyond capacity."""


__all__ = ["STACKS", "Plan", "Running", "Stack"]

STACKS: Final[dict[str, Stack]] = {"django": Django(), "fastapi": FastApi()}
