"""One task that looks at what was measured of each hospital, and has it weighed by an ordinary command.

Every few seconds, and at once after something slow; where nothing can follow from it, it is kept for as long as it
counts and nothing is written. It also has written down that an assignment was withdrawn: whoever asked for it was told
that nothing happened, and somebody must see to the patient. What could not be taken is brought again; what waits here
when the process ends is forgotten, because nothing of it ever happened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from typing import Any, Final

import trio

from engine.actor import Message, Word
from engine.actors.alerts.figures import within_window, worth_telling
from engine.actors.alerts.state import ALERTS, Slice
from engine.clock import Clock
from engine.decider import SECOND
from engine.decisions import DECISIONS
from engine.decisions.admissions import AdmitPatient
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.observe import ObserveFigures
from engine.errors import Unavailable
from engine.measures import Measures, Missed
from engine.partition import OWN, EngineFault, Partition

EVERY: Final = 5.0
"""Seconds between two looks,"""
LEAST: Final = 1.0
"""and between two when there is a hurry: so many entries a minute at most."""

AT_ONCE: Final = 50
"""Withdrawn assignments that are written down before the others have their turn."""

_log = logging.getLogger("matron.engine")


class _House:
    """One hospital: what is measured of it, and what nobody was told yet."""

    def __init__(self, measures: Measures) -> None:
        self.measures = measures
        self.kept: list[Slice] = []
        self.number = 0


class Watching:
    """For all hospitals of an engine, and as long as it lives: a log that is read again loses no figure.

    ``partitions`` gives those that may be asked now.
    """

    def __init__(self, clock: Clock, partitions: Callable[[], Iterable[Partition]]) -> None:
        self._clock = clock
        self._partitions = partitions
        self._houses: dict[str, _House] = {}
        self._hurried = trio.Event()

    def measures(self, hospital: str) -> Measures:
        """Where a hospital's figures are noted."""
        if hospital not in self._houses:
            self._houses[hospital] = _House(Measures(trio.current_time, self._hurry))
        return self._houses[hospital].measures

    def turned_away(self, hospital: str) -> None:
        """Somebody asked a hospital while the engine did not serve."""
        if hospital in self._houses:
            measures = self._houses[hospital].measures
            measures.requests += 1
            measures.errors += 1

    def _hurry(self) -> None:
        self._hurried.set()

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            await trio.sleep(LEAST)
            with trio.move_on_after(EVERY - LEAST):
                await self._hurried.wait()
            self._hurried = trio.Event()
            for partition in list(self._partitions()):
                await self._look(partition, self._houses[partition.book.hospital])

    async def _look(self, partition: Partition, house: _House) -> None:
        now = self._clock.wall()
        measured = house.measures.take(now)
        if measured is not None:
            house.kept.append(measured)
        house.kept = within_window(house.kept, now)
        if not partition.tail.head:
            return
        for number, one in enumerate(house.measures.take_missed(), 1):
            self._post(partition, house, _note(one), partial(house.measures.miss, one))
            if number % AT_ONCE == 0:
                await trio.lowlevel.checkpoint()
        try:
            state = partition.state(ALERTS)
        except Unavailable:  # it is being rebuilt
            return
        if house.kept and worth_telling(state, house.kept, now):
            told, house.kept = house.kept, []
            self._post(partition, house, ObserveFigures(slices=tuple(told)), partial(_put_back, house, told))

    def _post(self, partition: Partition, house: _House, command: Any, again: Callable[[], None]) -> None:
        """Have a command of the engine's own decided; ``again`` is called where it was not taken."""
        house.number += 1
        name = f"{partition.book.hospital}|{self._clock.wall()}|{house.number}|{type(command).__name__}"
        message = Message(command, DECISIONS[type(command)], OWN, sha256(name.encode()).digest()[:16])

        def heard() -> None:
            if message.word is not Word.NOT_APPLIED:
                return
            if isinstance(message.error, EngineFault):  # it would meet the same bug again
                _log.error("what was measured of hospital %s could not be weighed", partition.book.hospital)
            else:
                again()

        message.heard = heard
        try:
            partition.post(message)
        except Unavailable:
            again()


def _put_back(house: _House, told: list[Slice]) -> None:
    house.kept[:0] = told


def _note(missed: Missed) -> NoteAssignmentTimeout:
    """Somebody must know that this was withdrawn."""
    command, waited = missed.command, round(missed.waited * SECOND)
    if isinstance(command, AdmitPatient):
        return NoteAssignmentTimeout(waited_us=waited, patient_id=command.patient_id)
    return NoteAssignmentTimeout(waited_us=waited, admission_id=command.admission_id)
