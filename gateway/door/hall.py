"""Where plain connections wait for requests: all of them together, by one task, and none by a task of its own.

To wait in a task has its price for each request: the scheduler arms the socket, parks the task and wakes it. Here a
socket is armed once, and what has come on any of them is looked at in one turn. Knows neither HTTP nor time.
"""

from __future__ import annotations

import select
from typing import Final, Protocol

import trio

from gateway.door.door import Door

_TURN: Final = 32
"""Guests who are looked at before all others have their turns."""


class Guest(Protocol):
    """A connection that may be here."""

    def arrived(self) -> bool:
        """Something has come, or it has ended; false: that does not concern the hall now. It does not raise."""


class Hall:
    """Guests by the numbers of their sockets. Whoever leaves must say so before its socket is closed."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._poll = select.epoll()
        self._guests: dict[int, Guest] = {}

    def enter(self, number: int, guest: Guest) -> None:
        """Tell this guest whenever there is something to read; nothing happens where it is here already."""
        if number not in self._guests:
            self._guests[number] = guest
            self._poll.register(number, select.EPOLLIN)

    def leave(self, number: int) -> None:
        """Tell this one no more."""
        if self._guests.pop(number, None) is not None:
            self._poll.unregister(number)

    async def attend(self) -> None:
        """Look whenever something comes, until cancelled."""
        while True:
            await trio.lowlevel.wait_readable(self._poll.fileno())
            for number, _ in self._poll.poll(0, _TURN):
                guest = self._guests.get(number)
                # Who is busy and has more to read would be told of it all the time: he comes back when he rests.
                if guest is not None and not guest.arrived():
                    self.leave(number)
            self._door.look_outside()

    def close(self) -> None:
        """All have left."""
        self._poll.close()
