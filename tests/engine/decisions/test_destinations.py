"""Destinations of notices, as the outside asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.destination.places import MailAddress, Url
from engine.actors.destination.state import MAX_DESTINATIONS, DeadLetter
from engine.decisions.destinations import (
    AddDestination,
    AdvanceCursor,
    ChangeDestination,
    RemoveDestination,
    RetryDeadLetter,
    RetryDeadLetters,
    RotateSecret,
)
from engine.decisions.services import AddService
from tests.engine.deciding import World

NOBODY = "01890000-0000-7000-8000-000000000000"


def hook(**fields: Any) -> AddDestination:
    return AddDestination(**{"name": "his", "channel": "webhook", "url": Url("https://example.org/x"), **fields})


def test_a_secret_is_told_once_and_a_new_one_is_another():
    world = World()
    made = world.ask(hook())
    assert world.outcome == "created"
    changed = world.ask(
        ChangeDestination(destination_id=made.id, name="hers", channel="webhook", url=Url("https://x.org/"))
    )
    assert not hasattr(changed, "secret")
    assert changed.name == "hers"
    assert world.ask(RotateSecret(destination_id=made.id)).secret != made.secret


def test_ids_of_services_are_known_by_their_small_letters():
    world = World()
    service = world.ask(AddService(name="Laboratory")).id
    assert world.ask(hook(services=(service.upper(),))).services == (service,)


def test_r2_a_service_that_is_not_there_has_no_patients_to_hear_of():
    world = World()
    refused = world.refusal(hook(services=(NOBODY,)))
    assert (refused.code, refused.facts) == ("not_found", {"field": "service_id", "service_id": NOBODY})
    made = world.ask(hook())
    changed: dict[str, Any] = {"name": "his", "channel": "webhook", "url": Url("https://x.org/"), "services": (NOBODY,)}
    assert world.refusal(ChangeDestination(destination_id=made.id, **changed)).code == "not_found"


def test_a_hospital_has_so_many_destinations_and_a_removed_one_makes_room():
    world = World()
    ids = [world.ask(hook(name=str(number))).id for number in range(MAX_DESTINATIONS)]
    assert world.refusal(hook()).code == "too_many_destinations"
    world.ask(RemoveDestination(destination_id=ids[0]))
    world.ask(hook())


def test_dead_letters_are_retried_one_by_one_or_all():
    world = World()
    id = world.ask(hook()).id
    dead = tuple(DeadLetter(f"{n}.1", "patient_called", "t", "http_500", 20, 1, 2) for n in (3, 4, 5))
    world.ask(AdvanceCursor(destination_id=id, cursor=9, dead=dead))
    one = world.ask(RetryDeadLetter(destination_id=id, letter_id="4.1"))
    assert (one.open, one.dead_letters) == (1, 2)
    assert world.refusal(RetryDeadLetter(destination_id=id, letter_id="4.1")).code == "not_found"
    rest = world.ask(RetryDeadLetters(destination_id=id))
    assert (rest.open, rest.dead_letters) == (3, 0)


def test_a_mailbox_is_added_with_its_addresses():
    made = World().ask(AddDestination(name="Ward", channel="email", addresses=(MailAddress("ward@example.org"),)))
    assert [address.text for address in made.addresses] == ["ward@example.org"]


@pytest.mark.parametrize(
    "command",
    [
        ChangeDestination(destination_id=NOBODY, name="x", channel="webhook", url=Url("https://example.org/")),
        RotateSecret(destination_id=NOBODY),
        RemoveDestination(destination_id=NOBODY),
        RetryDeadLetter(destination_id=NOBODY, letter_id="1.1"),
        RetryDeadLetters(destination_id=NOBODY),
        AdvanceCursor(destination_id=NOBODY, cursor=1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_an_unknown_destination_is_not_found(command: Any):
    assert World().refusal(command).code == "not_found"
