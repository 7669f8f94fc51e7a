"""What the log keeps of a refused command: enough to decide it again, nothing that names a person, and not too much."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from trio.testing import MockClock

from engine.actors.destination.places import Url
from engine.decider import Contact, FreeText, PersonName, Private
from engine.decisions import DECISIONS
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.destinations import AdvanceCursor
from engine.decisions.doctors import AddDoctor, UpdateDoctor
from engine.decisions.hold_seat import HoldSeat
from engine.decisions.patients import UpdatePatient
from engine.decisions.practitioners import ChangePractitioner
from engine.decisions.referral_tests import UpdateTestStatus
from engine.errors import NotFound
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.refused import LARGEST, holds_text, ids_of, kept_of
from tests.engine.living import CLERK, living, patient

NOBODY = "01900000-0000-7000-8000-000000000000"


class Inner(msgspec.Struct):
    url: Url | None = None


class Outer(msgspec.Struct):
    inners: dict[str, tuple[Inner, ...]] = {}


def test_a_command_without_text_is_kept_as_it_came():
    command = BookToken(slot_id=NOBODY, patient_id=NOBODY, category="WALKIN")
    assert kept_of(command) == (command, ())


def test_text_is_left_out_and_named_where_it_was_given():
    command = UpdateTestStatus(
        referral_id=NOBODY, referral_test_id=NOBODY, status="Rejected", reason=FreeText("haemolysed")
    )
    assert kept_of(command) == (
        {"referral_id": NOBODY, "referral_test_id": NOBODY, "status": "Rejected"},
        ("reason",),
    )


def test_a_field_that_was_taken_away_is_no_field_that_was_not_given():
    kept, left_out = kept_of(UpdatePatient(patient_id=NOBODY, phone=None, email=Contact("a@example.org"), if_version=3))
    assert kept == {"patient_id": NOBODY, "if_version": 3}
    assert left_out == ("phone", "email")


def test_what_says_who_a_person_is_goes_with_the_name():
    command = ChangePractitioner(
        practitioner_id=NOBODY, name=PersonName("Dr. Rao"), specialty="Cardiology", principal="rao", if_version=2
    )
    assert kept_of(command) == ({"practitioner_id": NOBODY, "if_version": 2}, ("name", "specialty", "principal"))
    assert kept_of(AddDoctor(name=PersonName("Dr. Rao"), specialization="Cardiology")) == (
        {},
        ("name", "specialization"),
    )
    assert kept_of(UpdateDoctor(doctor_id=NOBODY)) == ({"doctor_id": NOBODY}, ())


def texts_in(kind: inspect.Type) -> bool:
    """Whether a type can hold private text, as msgspec sees it."""
    match kind:
        case inspect.CustomType(cls=cls):
            return issubclass(cls, Private)
        case inspect.StructType(fields=fields):
            return any(texts_in(field.type) for field in fields)
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            return any(map(texts_in, types))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item) | inspect.SetType(item_type=item):
            return texts_in(item)
        case inspect.DictType(key_type=key, value_type=value):
            return texts_in(key) or texts_in(value)
        case inspect.Metadata(type=inner):
            return texts_in(inner)
        case _:
            return False


@pytest.mark.parametrize("kind", DECISIONS, ids=lambda kind: kind.__name__)
def test_no_field_that_can_hold_text_is_kept(kind: type[Any]):
    seen = inspect.type_info(kind)
    assert isinstance(seen, inspect.StructType)
    with_text = {field.name for field in seen.fields if texts_in(field.type)}
    assert with_text == {field.name for field in msgspec.structs.fields(kind) if holds_text(field.type)}
    if with_text:
        blank = {field.name: None for field in msgspec.structs.fields(kind)}
        kept, _ = kept_of(_made(kind, blank))
        assert not with_text & set(kept)


def _made(kind: type[Any], values: dict[str, Any]) -> Any:
    """A command of these values, whatever they are."""
    return kind(**values)


def test_text_at_any_depth_is_found():
    assert holds_text(Outer)
    assert not holds_text(BookToken)


async def test_of_a_command_that_is_too_large_only_the_ids_are_kept(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        many = tuple(f"{number}.{number}" for number in range(10_000_000, 10_000_256))
        command = AdvanceCursor(destination_id=NOBODY, cursor=1, opened=many * 20)
        assert len(msgspec.msgpack.encode(command)) > LARGEST
        with pytest.raises(NotFound):
            await engine.ask("main", command, CLERK)
        await engine.ask("main", patient(), CLERK)
        data = checked(disk.entries["main"][1])
        entry = engine.partitions["main"].book.codec.loose(data)[0]
    assert len(data) < 1_000
    assert entry["command"] == ids_of(command) == {"destination_id": NOBODY}
    assert "whole" not in entry["refusal"]


@pytest.mark.parametrize(
    "command",
    [
        CancelToken(token_id=NOBODY, if_version=10**30),
        CheckIn(token_id=NOBODY, occurred_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        HoldSeat(slot_id=NOBODY, client_hold_id="\ud800"),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_what_messagepack_has_no_room_for_costs_nobody_an_answer(autojump_clock: MockClock, command: Any):
    disk = MemoryDisk()
    async with living(disk) as engine:
        with pytest.raises(NotFound):
            await engine.ask("main", command, CLERK)
        await engine.ask("main", patient(), CLERK)
        entry = engine.partitions["main"].book.codec.loose(checked(disk.entries["main"][1]))[0]
    assert entry["refusal"]["code"] == "not_found"
    assert NOBODY in entry["command"].values()
