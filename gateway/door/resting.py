"""A connection that rests in the hall between requests, while its task sleeps.

Knows when something has come, and nothing of what it says: whoever takes it at once is asked first, and the task is
woken for the rest.
"""

from __future__ import annotations

import os
from abc import abstractmethod

import trio

from gateway.door.connection import Connection
from gateway.door.door import Door
from gateway.door.hall import Hall


class RestingConnection(Connection):
    """A connection on a plain socket. ``_take`` says whether a request is somebody's who needs no task for it."""

    def __init__(self, door: Door, stream: trio.SocketStream, hall: Hall) -> None:
        super().__init__(door, stream)
        self.hall = hall
        self.number = stream.socket.fileno()
        self.since = 0.0  # when the present rest began
        self.come: bytes | None = None  # what came while the task slept, and is for it
        self.asleep: trio.lowlevel.Task | None = None
        self.parting = False  # the rest was ended, and nothing had come

    def leave(self) -> None:
        self.door.resting.discard(self)
        self.hall.leave(self.number)
        super().leave()

    @abstractmethod
    def _take(self, data: bytes) -> bool:
        """Whether the request that ``data`` begins with is taken; otherwise it is for the task."""

    async def _sleep(self) -> None:
        def end(_: object) -> trio.lowlevel.Abort:
            self.asleep = None
            return trio.lowlevel.Abort.SUCCEEDED

        self.asleep = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(end)

    def _wake(self) -> None:
        if self.asleep is not None:
            task, self.asleep = self.asleep, None
            trio.lowlevel.reschedule(task)

    def _rest(self) -> None:
        """Wait for a request to begin: without a scope or a deadline, for the door looks after those who rest."""
        self.since = trio.current_time()
        self.door.resting.add(self)
        self.hall.enter(self.number, self)

    def arrived(self) -> bool:
        """The hall says that there is something to read."""
        if self not in self.door.resting:
            return False
        try:
            data = self._read_now(self.settings.max_head_bytes)
            if data is not None:
                self._begin(data)
        except Exception as error:  # its own end, and nobody else's
            self.door.fail(error)
            self.broken = True
            self._wake()
        return True

    def end_rest(self) -> None:
        """Let the rest end, if it is not over. What has arrived of a request by now is served, and to its end."""
        if self in self.door.resting:
            data = self._read_now(self.settings.max_head_bytes)
            if data is None:
                self.parting = True  # the task looks once more, right before it closes
                self.door.resting.discard(self)
                self._wake()
            else:
                self._begin(data)

    def _last_words(self) -> bytes:
        """What has come since somebody ended the rest; there is nothing after it."""
        self.parting = False
        data = self._read_now(self.settings.max_head_bytes) or b""
        self.ended = not data
        return data

    def _begin(self, data: bytes) -> None:
        self.door.resting.discard(self)
        self.ended = not data
        if not data or not self._take(data):
            self.come = data
            self._wake()

    async def read(self, limit: int) -> bytes:
        """What the socket has, at most ``limit`` bytes; empty at the end. It waits first: there is nothing yet."""
        data = None
        while data is None:
            await trio.lowlevel.wait_readable(self.number)
            data = self._read_now(limit)
        self.ended = not data
        return data

    def _read_now(self, limit: int) -> bytes | None:
        try:
            return os.read(self.number, limit)
        except BlockingIOError:
            return None
        except OSError:
            return b""
