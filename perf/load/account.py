"""What one sender's requests came to: waits, statuses and reasons by second and operation, and every write's answer.

Answers go to a file as they come, a line of JSON each, so that the log can be held against them afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from perf.load.flight import Flight
from perf.load.histogram import Histogram, bucket_of
from perf.load.order import Answer, Measured, Order, Progress, Second
from perf.load.plan import Step
from perf.load.wires import Got, Wires

_CODE: Final = re.compile(rb'"code":"(\w+)"')
_OUTCOME: Final = re.compile(rb'"outcome":"(not_applied|unknown)"')
_CONFLICT: Final = 409
"""The status of what a rule refused."""

_KEPT: Final = 500
"""Answers that are written to the file at a time."""


class Account:
    """Of one order. ``start``: when the run began; ``last``: when something was last sent or answered."""

    def __init__(self, order: Order) -> None:
        self.measured = Measured()
        self.start = 0.0
        self.last = 0.0
        self._warm = order.settings.warm
        self._file = Path(order.record).open("wb")  # noqa: SIM115 - open as long as the load lasts
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode
        self._since = (0, 0)
        self._counts: dict[int, int] = {}
        self._done = 0
        self._end = 0.0

    def sent(self, due: float, sent: float, *, free: bool) -> None:
        """A request left. ``free``: it never waited for a connection, so being late is the sender's doing."""
        measured = self.measured
        measured.sent += 1
        measured.late.add(sent - due)
        if free:
            measured.behind.add(sent - due)
        self.last = sent

    def answered(self, flight: Flight, got: Got | None, now: float, *, good: bool) -> None:
        """What became of it; ``None``: the connection ended, or the run did."""
        measured, step, wait = self.measured, flight.step, now - flight.due
        self.last = self._end = now
        self._done += 1
        status = 0 if got is None else got.status
        statuses = measured.statuses.setdefault(step.op, {})
        statuses[str(status)] = statuses.get(str(status), 0) + 1
        if got is None:
            measured.unanswered += 1
        if not good:
            measured.bad += 1
            problem = "no answer" if got is None else _found(_CODE, got.body) or f"status {status}"
            measured.problems[problem] = measured.problems.get(problem, 0) + 1
        number = int(flight.due - self.start)
        second = self._second(number)
        second.due += 1
        second.bad += not good
        second.most = max(second.most, wait)
        bucket = bucket_of(wait)
        second.counts[bucket] = second.counts.get(bucket, 0) + 1
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        if got is not None:
            self._second(int(now - self.start)).done += 1
        if flight.due - self.start >= self._warm:
            # What a rule refused is another question than what was done, and is told apart.
            op = f"{step.op}, refused" if good and status == _CONFLICT else step.op
            measured.ops.setdefault(op, Histogram()).add(wait)
            measured.answering.add(now - flight.sent)
        if step.method != "GET" and not step.reads:
            self._keep(flight, got, status, good=good)

    def skip(self, steps: Sequence[Step], why: str) -> None:
        """These are not sent, for this reason."""
        self.measured.skipped[why] = self.measured.skipped.get(why, 0) + len(steps)

    def progress(self, now: float, flying: int, backlog: int) -> Progress:
        """Since it was last asked."""
        done, bad = self._since
        counts, self._counts = self._counts, {}
        self._since = (self._done, self.measured.bad)
        return Progress(now - self.start, self._done - done, self.measured.bad - bad, flying, backlog, counts)

    def close(self, wires: Wires) -> None:
        """It is over."""
        self._write()
        self._file.close()
        measured = self.measured
        measured.seconds = max(self._end - self.start, 0.0)
        measured.planned = measured.sent + sum(measured.skipped.values())
        measured.connecting = wires.connecting
        measured.bytes_in, measured.bytes_out, measured.connections = wires.bytes_in, wires.bytes_out, wires.made

    def _second(self, number: int) -> Second:
        found = self.measured.by_second.get(number)
        if found is None:
            found = self.measured.by_second[number] = Second()
        return found

    def _keep(self, flight: Flight, got: Got | None, status: int, *, good: bool) -> None:
        life, step = flight.life, flight.step
        outcome, position, id = "", 0, ""
        if got is not None:
            outcome, position = _found(_OUTCOME, got.body) if not good else "", got.position
            id = got.id if good else ""
        made = step.made or (life.made if "{}" in step.path else "")
        answer = Answer(flight.key, life.chain.hospital, step.op, good, status, outcome, position, id, made)
        self._lines.append(self._encode(answer))
        if len(self._lines) >= _KEPT:
            self._write()

    def _write(self) -> None:
        self._file.write(b"".join(line + b"\n" for line in self._lines))
        self._lines.clear()


def _found(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return found[1].decode() if found else ""
