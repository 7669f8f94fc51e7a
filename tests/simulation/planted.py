"""A dozen bugs, each planted in the engine for as long as a block lasts: what the simulation must be able to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from heapq import heapify, heappop
from typing import Any

import pytest

from engine.actor import Message, Word
from engine.actors.room import calendar
from engine.actors.roster.commands import ReleasePatient, RosterStep
from engine.actors.slot import SLOT, slot_key
from engine.actors.ward import choosing as beds
from engine.actors.ward import steps
from engine.actors.ward.choosing import in_state
from engine.actors.ward.state import Bed
from engine.decider import At, Deciding, Look
from engine.decisions import DECISIONS, finding
from engine.decisions.assigning import draining
from engine.decisions.assigning.changes import Changes
from engine.decisions.rooming import choosing
from engine.decisions.rooming.plan import Plan
from engine.decisions.wake_slot import WakeSlot, wake_slot
from engine.eventlog.log import Log, Tail
from engine.partition import Partition
from engine.recovery import Book
from engine.rules.subject import UNUSED, RoomUse
from engine.scheduler import Scheduler
from engine.stepping import Accepted

Planting = Callable[[], AbstractContextManager[None]]


@contextmanager
def answer_before_commit() -> Iterator[None]:
    """Who waits for the disk is told at once that all is durable."""

    def when_durable(log: Log, tail: Tail, position: int, call: Callable[[bool], None]) -> None:
        call(True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "when_durable", when_durable)
        yield


def partner_not_evolved() -> AbstractContextManager[None]:
    """The patient's day stands in the entry with its events, and its state stays as it was."""
    return _not_evolved("patient_day:")


def room_not_evolved() -> AbstractContextManager[None]:
    """So does the room."""
    return _not_evolved("room:")


def ward_not_evolved() -> AbstractContextManager[None]:
    """So does the ward."""
    return _not_evolved("ward:")


@contextmanager
def _not_evolved(kind: str) -> Iterator[None]:
    apply = Partition._apply

    def without_partners(partition: Partition, message: Message, at: At, head: Any, accepted: Accepted, done: Any):
        partners = [cell for key, (cell, _) in accepted.items() if key.startswith(kind)]
        books = [cell.decider for cell in partners]
        for cell in partners:
            cell.decider = replace(cell.decider, evolve=lambda state, event: None)
        apply(partition, message, at, head, accepted, done)
        for cell, book in zip(partners, books, strict=True):
            cell.decider = book

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Partition, "_apply", without_partners)
        yield


@contextmanager
def abandoned_command_applied() -> Iterator[None]:
    """A command whose request gave up while it was queued is decided when its turn comes."""
    handle = Partition.handle

    def all_the_same(partition: Partition, message: Message) -> None:
        if message.word is Word.ABANDONED:
            message.word = Word.QUEUED
        handle(partition, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Partition, "handle", all_the_same)
        yield


@contextmanager
def retry_decided_twice() -> Iterator[None]:
    """Nobody remembers which keys were accepted."""

    def forgotten(book: Book, command_id: bytes) -> int | None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Book, "position_of", forgotten)
        yield


@contextmanager
def timer_fired_twice() -> Iterator[None]:
    """Each timer fires twice, and a waking takes whatever comes next for what it was woken for."""
    wake = Scheduler._wake

    def twice(scheduler: Scheduler, partition: Partition, key: str, due: int) -> bool:
        return wake(scheduler, partition, key, due) and wake(scheduler, partition, key, due)

    def trusting(command: WakeSlot, at: At) -> Deciding:
        slot = yield Look(slot_key(command.slot_id))
        time = max(at.time, SLOT.due(slot) or 0)
        return (yield from wake_slot(command, At(time, at.command_id, lambda: bytes(16))))

    decisions: dict[Any, Any] = DECISIONS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scheduler, "_wake", twice)
        patch.setitem(decisions, WakeSlot, replace(decisions[WakeSlot], run=trusting))
        yield


@contextmanager
def freed_room_kept_back() -> Iterator[None]:
    """A room that is given back goes to nobody who waits for one."""

    def nobody(plan: Plan) -> finding.Deciding[None]:
        yield from ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plan, "fill", nobody)
        yield


@contextmanager
def room_without_memory() -> Iterator[None]:
    """No room knows what is held of it, and no day of its clinic either."""

    def nothing(*asked: Any) -> Iterator[Any]:
        return iter(())

    def unused(*asked: Any, **more: Any) -> RoomUse:
        return UNUSED

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calendar, "_meeting", nothing)
        patch.setattr(choosing, "use_of", unused)
        yield


@contextmanager
def bed_free_without_housekeeping() -> Iterator[None]:
    """Who leaves a bed leaves it for the next."""

    def free(bed: Bed, time: int, *, contaminated: bool = False) -> Bed:
        return in_state(bed, "unoccupied", time)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "vacated", free)
        yield


@contextmanager
def bed_given_twice() -> Iterator[None]:
    """A bed that somebody names can be had though somebody lies there."""

    def anyhow(bed: Bed, patient_id: str, time: int) -> bool:
        return bed.state in ("unoccupied", "occupied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beds, "to_be_had", anyhow)
        patch.setattr(steps, "to_be_had", anyhow)
        yield


@contextmanager
def head_skipped() -> Iterator[None]:
    """What frees up goes past whoever comes first."""

    def without_the_first(heads: list[Any]) -> None:
        heapify(heads)
        if len(heads) > 1:
            heappop(heads)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draining, "heapify", without_the_first)
        yield


@contextmanager
def load_not_released() -> Iterator[None]:
    """Who has left stays on the list of who looked after him."""
    on_roster = Changes.on_roster

    def keeping(changes: Changes, step: RosterStep) -> finding.Deciding[None]:
        if not isinstance(step, ReleasePatient):
            yield from on_roster(changes, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Changes, "on_roster", keeping)
        yield
