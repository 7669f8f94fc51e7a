"""A log that nobody writes any more, held against what clients were told, and against itself.

The whole log is folded anew here; the states that the server wrote down at its end must be those that come of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import LogCorrupt
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.recovery import Book
from perf.load.order import Answer
from perf.runs import Check
from perf.size import Tell
from perf.verify.answers import Told
from perf.verify.referrals import ReferralTally, differing_lists
from perf.verify.room_sums import RoomSums, RoomTally
from perf.verify.rooms import differing_agendas, differing_calendars, forgotten
from perf.verify.states import double_bookings, overfull_slots, unsound_queues
from perf.verify.ward_sums import WardSums, WardTally
from perf.verify.wards import GIVEN, differing_beds, stranded
from replay.check import READ, check_hospital

OVERLAPS = "no room, doctor or patient in two places at one time"

_NAMED = 3
"""Of what is wrong, so many are named."""


class Verdicts:
    """Faults by check, over all hospitals."""

    def __init__(self) -> None:
        self.rooms: list[RoomSums] = []
        """Of each hospital that has appointments."""
        self.wards: list[WardSums] = []
        """Of each hospital that has admissions."""
        self._counts: dict[str, int] = {}
        self._faults: dict[str, list[str]] = {}

    def looked(self, name: str, count: int, faults: list[str]) -> None:
        """So many things were looked at, and this is wrong with some."""
        self._counts[name] = self._counts.get(name, 0) + count
        self._faults.setdefault(name, []).extend(faults)

    def checks(self) -> list[Check]:
        """One of each name."""
        made = []
        for name, faults in self._faults.items():
            more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
            made.append(Check(name, not faults, self._counts[name], "; ".join(faults[:_NAMED]) + more))
        return made


async def verify_log(data: Path, told: Mapping[str, Told], tell: Tell) -> list[Check]:
    """Every check of every hospital in this folder. ``told``: by hospital, what clients were told."""
    return (await examine(data, told, tell)).checks()


async def examine(data: Path, told: Mapping[str, Told], tell: Tell) -> Verdicts:
    """The same, with what was counted on the way."""
    verdicts = Verdicts()
    async with LmdbReader(data) as reader:
        hospitals = await reader.hospitals()
        strangers = [f"answers of {name}, which has no log" for name in told if name not in hospitals]
        verdicts.looked("every hospital has its log", len(hospitals), strangers)
        for hospital in hospitals:
            tell(f"checking the log of {hospital}")
            checked = await check_hospital(reader, hospital)
            fault = checked.fault or "; ".join(checked.differing[:_NAMED])
            fault = fault or ("" if checked.equal else "two folds differ")
            verdicts.looked("the log gives the live states", checked.entries, [f"{hospital}: {fault}"] if fault else [])
            if checked.appointments:
                unnamed = [""] * (checked.overlapping - len(checked.overlaps))
                verdicts.looked(OVERLAPS, checked.appointments, [*checked.overlaps, *unnamed])
            if checked.admissions:
                unnamed = [""] * (checked.misassigned - len(checked.unsound))
                verdicts.looked(GIVEN, checked.admissions, [*checked.unsound, *unnamed])
            if not checked.fault:
                await _look(reader, hospital, told.get(hospital, Told()), verdicts)
    return verdicts


async def heads_of(data: Path) -> dict[str, int]:
    """The last position of every hospital."""
    async with LmdbReader(data) as reader:
        return {hospital: await reader.head(hospital) for hospital in await reader.hospitals()}


async def _look(reader: LmdbReader, hospital: str, told: Told, verdicts: Verdicts) -> None:
    """Fold once more, and hold what comes against what was told."""
    book = Book(hospital, Keyring(hospital, _no_entropy))
    wanted: dict[int, list[tuple[bytes, Answer]]] = {}
    lost: list[str] = []
    for id, answer in told.acknowledged.items():
        if answer.position:
            wanted.setdefault(answer.position, []).append((id, answer))
    false: list[str] = []
    head = await reader.head(hospital)
    tally, admitted, referrals = RoomTally(), WardTally(), ReferralTally()
    while book.head < head:
        for position, record in await reader.read(hospital, book.head + 1, min(READ, head - book.head)):
            try:
                entry = book.fold(position, record)
            except LogCorrupt as fault:
                verdicts.looked("the log gives the live states", 0, [str(fault)])
                return
            tally.entry(entry)
            admitted.entry(entry)
            referrals.entry(entry)
            for id, answer in wanted.pop(position, ()):
                lost.extend(_wrong(id, answer, entry, record))
            if entry.refusal is None and entry.fingerprint:
                for name, those in (("not_applied", told.not_applied), ("refused", told.refused)):
                    if (denied := those.get(entry.command_id)) is not None:
                        false.append(f"{denied.op} {denied.key} was answered {name} and is at position {position}")
    for left in wanted.values():
        lost.extend(
            f"{answer.op} {answer.key} was acknowledged at {answer.position}, beyond the log" for _, answer in left
        )
    without = [answer for answer in told.acknowledged.values() if not answer.position]
    lost.extend(f"{answer.op} {answer.key} was acknowledged without a position" for answer in without)
    verdicts.looked("every acknowledged write is in the log, at its position", len(told.acknowledged), lost)
    verdicts.looked("nothing that was refused was done", len(told.refused) + len(told.not_applied), false)
    verdicts.looked("no seat beyond the capacity", *overfull_slots(book))
    verdicts.looked("nobody is booked twice", *double_bookings(book))
    verdicts.looked("every queue is sound", *unsound_queues(book))
    if referrals.referrals:
        verdicts.looked("every step of a referral's test is legal", referrals.steps, referrals.illegal)
        verdicts.looked("every referral is what its tests make it", referrals.referrals, referrals.underived)
        verdicts.looked("referrals and their lists agree", *differing_lists(book))
    if tally.sums.booked:
        verdicts.rooms.append(tally.sums)
        verdicts.looked("rooms' calendars and appointments agree", *differing_calendars(book))
        verdicts.looked("people's agendas and appointments agree", *differing_agendas(book))
        verdicts.looked("nobody without a room is forgotten", *forgotten(book))
    if admitted.sums.admitted:
        verdicts.wards.append(admitted.sums)
        verdicts.looked("beds, staff, admissions and intake agree", *differing_beds(book))
        verdicts.looked("nobody waits for what is free", *stranded(book))


def _wrong(id: bytes, answer: Answer, entry: object, record: bytes) -> list[str]:
    """What is wrong with the entry at the position that was told."""
    where = f"{answer.op} {answer.key}: position {answer.position}"
    if getattr(entry, "command_id", b"") != id:
        return [f"{where} holds another command"]
    if getattr(entry, "refusal", None) is not None:
        return [f"{where} holds a refusal"]
    if answer.id and answer.id.encode() not in record:
        return [f"{where} knows no {answer.id}"]
    return []


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
