"""A process that sends a load: open loop, each request at its instant, or closed loop, each caller when he is answered.

``python -m perf.load.sender`` reads an ``Order`` as a line of JSON, says ``ready``, reads the instant at which the run
begins, and says how it gets on and what came of it (``Said``, a line each). A wait counts from the instant at which a
request was due: what could not be sent in time, for want of a connection or because this process was slow, is sent
late, and counted from then all the same. Nothing is left out: what was due and not sent is counted with its reason.
"""

from __future__ import annotations

import gc
import heapq
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from time import perf_counter, process_time
from typing import Final

import click
import msgspec

from engine.process import tune_process
from perf.load.account import Account
from perf.load.flight import Flight, Life
from perf.load.offers import offered_room
from perf.load.order import Order, Said
from perf.load.plan import HELD, Step
from perf.load.scenario import Load
from perf.load.wires import Got, Wires
from perf.scenarios import loads

_PATIENCE: Final = 15.0
"""Seconds for which an answer is waited for when all is sent; the server promises one within 10."""

_TOLD_EVERY: Final = 0.5
_TURN: Final = 0.05
"""Seconds after which it looks up even when nothing happens."""

_RETRY: Final = 0.1
"""Seconds after which a caller of a closed loop asks again when he was not answered."""

_AT_ONCE: Final = 64
"""Requests that are sent before answers are looked for again."""


class Sender:
    """One part of the load: every ``parts``-th chain of the plan."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.open_loop = not order.settings.closed
        self.account = Account(order)
        most = order.settings.connections if self.open_loop else order.settings.closed
        self.wires = Wires(order.host, order.port, max(1, most // order.parts), self._answered)
        self.heads = {site.hospital: self._head(site.hospital) for site in order.sites}
        self.due: list[tuple[float, int, Life]] = []
        self.backlog: deque[tuple[float, Life]] = deque()
        self.start = 0.0
        self.turn = 0
        self.over = False
        self._lives = self._all(loads()[order.scenario])

    def run(self, start: float) -> None:
        """All of it; ``start``: by this machine's monotonic clock."""
        self.start = self.account.start = start
        told = start
        if not self.open_loop:
            self._wait_until(start)
            for _ in range(self.wires._most):
                self._next_caller()
        life = next(self._lives, None) if self.open_loop else None
        while life is not None or self.due or self.backlog or self.wires.flying:
            now = perf_counter()
            while life is not None and start + life.chain.start <= now:
                self._push(life)
                life = next(self._lives, None)
            self._send_due(now)
            soonest = min([now + _TURN, *([start + life.chain.start] if life else []), *(x[0] for x in self.due[:1])])
            self.wires.wait(0.0 if self.backlog and self.wires.free else soonest - perf_counter())
            if now - told > _TOLD_EVERY:
                told = now
                say(Said(progress=self.account.progress(now, self.wires.flying, len(self.backlog))))
            if life is None and not self.due and now - self.account.last > _PATIENCE:
                break
        self.over = True
        for _, left in self.backlog:
            self.account.skip(left.chain.steps[left.next :], "no connection came free")
        self.wires.close()
        self.account.close(self.wires)

    def _all(self, scenario: Load) -> Iterator[Life]:
        order = self.order
        chains = islice(scenario.plan(order.sites, order.settings), order.settings.attempts or None)
        for number, chain in enumerate(chains):
            if number % order.parts == order.part:
                yield Life(chain, number)

    def _push(self, life: Life) -> None:
        """Its next step, when it is due."""
        self.turn += 1
        heapq.heappush(self.due, (self.start + life.chain.start + life.step.offset, self.turn, life))

    def _send_due(self, now: float) -> None:
        for _ in range(_AT_ONCE):
            if self.backlog and self.wires.free:
                due, life = self.backlog.popleft()
                self._send(life, due, waited=True)
            elif self.due and self.due[0][0] <= now:
                due, _, life = heapq.heappop(self.due)
                if self.backlog or not self.wires.free:
                    self.backlog.append((due, life))
                else:
                    self._send(life, due)
            else:
                return

    def _send(self, life: Life, due: float, *, waited: bool = False) -> None:
        step = life.step
        path = step.path
        if "{}" in path:
            path = path.replace("{}", life.held)
        body = step.body.replace(HELD, life.held) if HELD in step.body else step.body
        key = f"{self.order.run}-{life.number}-{life.next}"
        flight = Flight(life, key, due, perf_counter())
        self.account.sent(flight.due, flight.sent, free=not waited)
        self.wires.send(flight, self._request(step, path, body, key, life.chain.hospital))

    def _answered(self, flight: Flight, got: Got | None) -> None:
        now = perf_counter()
        life, step = flight.life, flight.step
        good = got is not None and got.status in step.good
        if step.offered:
            life.held = offered_room(got)
        elif good and step.made and got is not None:
            life.held, life.made = got.id, step.made
        self.account.answered(flight, got, now, good=good)
        life.next += 1
        more = life.next < len(life.chain.steps)
        if more and (not good or (life.step.needs and not life.held)):
            self.account.skip(life.chain.steps[life.next :], "nobody was there" if good else "the one before failed")
            more = False
        if self.over:
            return
        if self.open_loop:
            if more:
                self._push(life)
        elif now < self.start + self.order.settings.seconds:
            if got is None:
                self._come_again(now + _RETRY)
            elif more:
                self._send(life, now)
            else:
                self._next_caller()

    def _next_caller(self) -> None:
        life = next(self._lives, None)
        if life is not None:
            self._send(life, perf_counter())

    def _come_again(self, at: float) -> None:
        """A caller who lost his connection asks for something else, a little later."""
        life = next(self._lives, None)
        if life is not None:
            self.turn += 1
            heapq.heappush(self.due, (at, self.turn, life))

    def _wait_until(self, start: float) -> None:
        while (left := start - perf_counter()) > 0:
            self.wires.wait(left)

    def _head(self, hospital: str) -> str:
        key = f"Authorization: Bearer {self.order.key}\r\n" if self.order.key else ""
        return f" HTTP/1.1\r\nHost: {self.order.host}\r\nHospital-Id: {hospital}\r\n{key}"

    def _request(self, step: Step, path: str, body: str, key: str, hospital: str) -> bytes:
        head = f"{step.method} /api/v1{path}{self.heads[hospital]}"
        if step.method == "GET":
            return f"{head}\r\n".encode()
        head += "" if step.reads else f"Idempotency-Key: {key}\r\n"
        if not body:
            return f"{head}Content-Length: 0\r\n\r\n".encode()
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def say(said: Said) -> None:
    """A line for whoever started this."""
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """One order, from standard input."""
    tune_process()
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    sender = Sender(order)
    sender.wires.prepare(min(order.settings.connections, 64) if sender.open_loop else order.settings.closed)
    gc.disable()
    say(Said(ready=True))
    sender.run(float(sys.stdin.buffer.readline()))
    sender.account.measured.busy = process_time()
    say(Said(measured=sender.account.measured))


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        say(Said(failed=str(error)))
        click.echo(str(error), err=True)
        sys.exit(1)
