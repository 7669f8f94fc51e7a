"""The checks find what is planted: a lost booking, a false refusal, a damaged record, wrong seats, wrong queues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lmdb
import msgspec
import pytest
import trio

from engine.actors.service.state import Service
from engine.actors.slot.state import Slot
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import raw_environment
from engine.recovery import Book
from perf.load.order import Answer
from perf.load.plan import Settings
from perf.load.running import DEVELOPER, Setup, run_load
from perf.scenarios import loads
from perf.verify.answers import command_id, read_answers
from perf.verify.log import verify_log
from perf.verify.states import double_bookings, overfull_slots, unsound_queues
from perf.verify.weighing import weigh

ACKNOWLEDGED = "every acknowledged write is in the log, at its position"
REFUSED = "nothing that was refused was done"
LIVE = "the log gives the live states"


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """The folder that a load of bookings and one of queues left: log and answers."""
    folder: Path = tmp_path_factory.mktemp("loaded")
    for name in ("booking-storm", "queue-rush"):
        place = folder / name
        place.mkdir()
        settings = Settings(rate=60.0, seconds=0.8, connections=8, warm=0.1)
        repeat = trio.run(run_load, loads()[name], settings, Setup(folder=place, any_disk=True), quiet, quiet)
        assert repeat.sound
    return folder


def checked(loaded: Path, change: Callable[[list[Answer]], list[Answer]], tmp_path: Path) -> dict[str, str]:
    """The checks that fail, with what they say, when the answers were these instead."""
    place = loaded / "booking-storm" / "run"
    lines = (place / "answers-0.jsonl").read_bytes().splitlines()
    answers = change([msgspec.json.decode(line, type=Answer) for line in lines])
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers))
    checks = trio.run(verify_log, place / "data", read_answers([file], DEVELOPER), quiet)
    return {check.name: check.detail for check in checks if not check.ok}


def test_the_answers_as_they_were_pass(loaded, tmp_path):
    assert checked(loaded, lambda answers: answers, tmp_path) == {}


def test_an_acknowledged_booking_that_the_log_does_not_have_is_lost(loaded, tmp_path):
    def one_more(answers: list[Answer]) -> list[Answer]:
        beyond = max(answer.position for answer in answers) + 1_000
        return [*answers, msgspec.structs.replace(answers[0], key="lost", position=beyond)]

    [(name, detail)] = checked(loaded, one_more, tmp_path).items()
    assert name == ACKNOWLEDGED
    assert "book lost" in detail
    assert "beyond the log" in detail


def test_an_acknowledgement_with_another_position_is_found(loaded, tmp_path):
    def moved(answers: list[Answer]) -> list[Answer]:
        return [msgspec.structs.replace(answers[0], position=answers[1].position), *answers[1:]]

    assert "holds another command" in checked(loaded, moved, tmp_path)[ACKNOWLEDGED]


def test_an_acknowledgement_with_another_id_is_found(loaded, tmp_path):
    def renamed(answers: list[Answer]) -> list[Answer]:
        return [msgspec.structs.replace(answers[0], id=answers[1].id), *answers[1:]]

    assert "knows no" in checked(loaded, renamed, tmp_path)[ACKNOWLEDGED]


def test_a_write_that_was_answered_not_applied_and_is_in_the_log_is_a_false_answer(loaded, tmp_path):
    def denied(answers: list[Answer]) -> list[Answer]:
        first = msgspec.structs.replace(answers[0], good=False, status=503, outcome="not_applied", position=0, id="")
        return [first, *answers[1:]]

    [(name, detail)] = checked(loaded, denied, tmp_path).items()
    assert name == REFUSED
    assert "was answered not_applied and is at position" in detail


def test_a_write_that_was_refused_by_a_rule_and_is_in_the_log_is_a_false_answer(loaded, tmp_path):
    def denied(answers: list[Answer]) -> list[Answer]:
        return [msgspec.structs.replace(answers[0], good=False, status=409, position=0, id=""), *answers[1:]]

    assert list(checked(loaded, denied, tmp_path)) == [REFUSED]


def test_a_write_of_which_nobody_was_told_anything_may_be_in_the_log_or_not(loaded, tmp_path):
    def unanswered(answers: list[Answer]) -> list[Answer]:
        silent = {"good": False, "status": 0, "position": 0, "id": ""}
        return [
            *(msgspec.structs.replace(answer, **silent) for answer in answers[:2]),
            msgspec.structs.replace(answers[2], key="never arrived", **silent),
            *answers[3:],
        ]

    assert checked(loaded, unanswered, tmp_path) == {}


def test_a_record_whose_bytes_were_changed_is_found(loaded, tmp_path):
    place = tmp_path / "data"
    for name in ("log", "keys"):
        (place / name).mkdir(parents=True)
        with lmdb.open(str(loaded / "booking-storm" / "run" / "data" / name), readonly=True, lib_version=0) as whole:
            whole.copy(str(place / name))
    log = raw_environment(place / "log")
    entries = log.open_db(b"entries/storm", create=False)
    with log.begin(write=True) as transaction, transaction.cursor(entries) as cursor:
        cursor.last()
        key, record = cursor.key(), bytearray(cursor.value())
        record[-3] ^= 1
        cursor.put(bytes(key), bytes(record))
    log.close()
    checks = trio.run(verify_log, place, {}, quiet)
    [wrong] = [check for check in checks if not check.ok]
    assert wrong.name == LIVE
    assert "not those that were hashed" in wrong.detail


def test_the_engine_calls_a_command_as_the_check_does(loaded, tmp_path):
    """Else every acknowledged write would seem to be lost, or no false refusal be found."""
    book = folded(loaded / "booking-storm" / "run" / "data", "storm")
    [told] = read_answers([loaded / "booking-storm" / "run" / "answers-0.jsonl"], DEVELOPER).values()
    assert {book.position_of(id) for id in told.acknowledged} == {one.position for one in told.acknowledged.values()}
    assert book.position_of(command_id("storm", "somebody else", "k")) is None


def folded(data: Path, hospital: str) -> Book:
    async def fold() -> Book:
        book = Book(hospital, Keyring(hospital, bytes))
        async with LmdbReader(data) as reader:
            for position, record in await reader.read(hospital, 1, 100_000):
                book.fold(position, record)
        return book

    return trio.run(fold)


def states(book: Book, kind: str) -> list[object]:
    cells = [book.cell(key) for key in book.cells if key.startswith(f"{kind}:")]
    return [cell.state for cell in cells if cell is not None]


def test_a_slot_with_more_tokens_than_seats_is_found(loaded):
    book = folded(loaded / "booking-storm" / "run" / "data", "storm")
    assert overfull_slots(book)[1] == []
    full = next(slot for slot in states(book, "slot") if isinstance(slot, Slot) and slot.tokens)
    full.max_capacity = len(full.tokens) - 1
    count, [fault] = overfull_slots(book)
    assert full.id in fault
    assert count == len(states(book, "slot"))


def test_a_patient_with_two_tokens_of_one_day_is_found(loaded):
    book = folded(loaded / "booking-storm" / "run" / "data", "storm")
    assert double_bookings(book)[1] == []
    slots = [slot for slot in states(book, "slot") if isinstance(slot, Slot) and slot.tokens]
    one, other = (next(iter(slot.tokens.values())) for slot in slots[:2])
    other.patient_id = one.patient_id
    assert one.patient_id in double_bookings(book)[1][0]


def test_a_queue_that_has_lost_somebody_is_found(loaded):
    book = folded(loaded / "queue-rush" / "run" / "data", "rush")
    assert unsound_queues(book)[1] == []
    queue = next(one for one in states(book, "service") if isinstance(one, Service) and len(one.line))
    del queue.line[0]
    assert queue.id in unsound_queues(book)[1][0]


def test_what_the_data_weigh_is_told_by_a_process_of_its_own(loaded):
    weight = trio.run(weigh, loaded / "booking-storm" / "run" / "data", {"storm": 1})
    assert 0 <= weight.before <= weight.after
