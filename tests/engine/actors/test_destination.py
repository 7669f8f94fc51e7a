"""R1..R6 of a destination."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from engine.actors.destination import DESTINATION
from engine.actors.destination.places import MailAddress, Url
from engine.actors.destination.state import (
    MAX_DEAD,
    MAX_OPEN,
    SECRET_OVERLAP,
    Create,
    DeadLetter,
    Remove,
    RenewSecret,
    Retry,
    Revise,
    Settle,
    TooManyOpen,
    Wanted,
    destination_view,
    secret_view,
)
from engine.decider import Private
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import NOW, Actor


def wanted(**fields: Any) -> Wanted:
    return Wanted(**{"name": "his", "channel": "webhook", "url": Url("https://example.org/x", ""), **fields})


def mailbox(*addresses: str, **fields: Any) -> Wanted:
    held = tuple(MailAddress(address, "") for address in addresses)
    return wanted(channel="email", url=None, addresses=held, **fields)


def destination() -> Actor:
    actor = Actor(DESTINATION, "d1")
    actor.ask(Create(wanted()))
    return actor


def settle(cursor: int = 0, **fields: Any) -> Settle:
    usual: dict[str, Any] = {"opened": (), "settled": (), "dead": (), "delivered": 0, "left_out": 0, "gone": False}
    return Settle(cursor, **{**usual, **fields})


def letter(id: str) -> DeadLetter:
    return DeadLetter(id, "patient_called", "t1", "http_500", 20, NOW, NOW)


def revise(actor: Actor, change: Wanted | None = None, **fields: Any) -> list[Any]:
    usual: dict[str, Any] = {"active": True, "from_now": False, "if_version": None}
    return actor.ask(Revise(change or wanted(), **{**usual, **fields}))


def test_a_new_destination_has_a_secret_of_256_bits_and_gets_what_happens_from_now_on():
    actor = destination()
    assert actor.state.since == actor.time
    secret = secret_view(actor.state).secret.text
    assert len(b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret.startswith("whsec_")


def test_an_answer_has_no_secret_but_the_one_that_tells_it():
    view = destination_view(destination().state)
    assert not any(isinstance(getattr(view, name), Private) and name != "url" for name in view.__struct_fields__)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": None}, "url"),
        ({"addresses": (MailAddress("a@b.org", ""),)}, "addresses"),
        ({"url": Url("https://user@example.org/", "")}, "url"),
        ({"channel": "email"}, "url"),
        ({"channel": "email", "url": None}, "addresses"),
        ({"quiet_from": "21:00"}, "quiet_to"),
        ({"quiet_from": "21:00", "quiet_to": "21:00"}, "quiet_to"),
    ],
)
def test_what_fits_no_channel_is_invalid(fields: dict[str, Any], field: str):
    for ask in (
        lambda: Actor(DESTINATION, "d").ask(Create(wanted(**fields))),
        lambda: revise(destination(), wanted(**fields)),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@", "a@", "@b.org", "a b@c.org", "a@b@c.org", '"a"@b.org', "<a@b.org>", "A <a@b.org>", "a@b.org,c@d",
        "a@b.org\r\nBcc: c@d.org", "a@b.org\n", "a@-b.org", "a@b..org", "a@[127.0.0.1]", "a@127.1", "ä@b.org",
        "a@b.org>", ".a@b.org", "a.@b.org", "a..b@c.org", "a(x)@b.org", f"{'a' * 65}@b.org", "a@b.org SIZE=1",
    ],
)  # fmt: skip
def test_a_mail_address_is_plain_or_invalid(address: str):
    with pytest.raises(Invalid) as refused:
        Actor(DESTINATION, "d").ask(Create(mailbox("ward@example.org", address)))
    assert refused.value.facts["field"] == "addresses[1]"


def test_a_mailbox_has_its_addresses():
    actor = Actor(DESTINATION, "d")
    actor.ask(Create(mailbox("ward-3@example.org", "o'neill+matron@mail.example.org", "root@localhost")))
    assert len(destination_view(actor.state).addresses) == 3


def test_a_destination_keeps_its_channel():
    with pytest.raises(Invalid) as refused:
        revise(destination(), mailbox("a@b.org"))
    assert refused.value.facts["field"] == "channel"


def test_the_cursor_never_goes_back():
    actor = destination()
    actor.ask(settle(10, delivered=3))
    assert actor.ask(settle(7)) == []
    actor.ask(settle(7, opened=("3.1",)))
    assert (actor.state.cursor, actor.state.delivered, actor.state.open) == (10, 3, ["3.1"])


def test_open_notices_are_kept_in_the_order_in_which_they_happened():
    actor = destination()
    actor.ask(settle(100, opened=("100.2", "9.10", "9.9")))
    actor.ask(settle(100, opened=("11.1",), settled=("9.10",)))
    assert actor.state.open == ["9.9", "11.1", "100.2"]


def test_no_more_are_open_than_may():
    actor = destination()
    actor.ask(settle(MAX_OPEN, opened=tuple(f"{n}.1" for n in range(MAX_OPEN))))
    with pytest.raises(TooManyOpen):
        actor.ask(settle(MAX_OPEN, opened=("9999.1",)))
    actor.ask(settle(MAX_OPEN, opened=("9999.1",), settled=("1.1",)))


def test_of_dead_letters_the_latest_are_kept_and_the_others_counted():
    actor = destination()
    for start in range(0, MAX_DEAD + 100, 100):
        actor.ask(settle(start + 100, dead=tuple(letter(f"{n}.1") for n in range(start, start + 100))))
    assert (len(actor.state.dead), actor.state.dead_dropped, actor.state.dead[0].id) == (MAX_DEAD, 100, "100.1")


def test_what_was_given_up_is_not_given_up_twice():
    actor = destination()
    actor.ask(settle(5, dead=(letter("3.1"),)))
    actor.ask(settle(6, dead=(letter("3.1"),)))
    assert [one.id for one in actor.state.dead] == ["3.1"]


def test_a_dead_letter_is_open_again_when_it_is_retried():
    actor = destination()
    actor.ask(settle(9, dead=(letter("3.1"), letter("5.1"))))
    actor.ask(Retry("5.1"))
    assert (actor.state.open, [one.id for one in actor.state.dead]) == (["5.1"], ["3.1"])
    for unknown in ("5.1", "4.1", "x"):
        with pytest.raises(NotFound):
            actor.ask(Retry(unknown))
    actor.ask(Retry(None))
    assert (actor.state.open, actor.state.dead) == (["3.1", "5.1"], [])
    assert actor.ask(Retry(None)) == []


def test_as_many_are_retried_as_there_is_room_for_and_with_none_it_is_refused():
    actor = destination()
    actor.ask(
        settle(
            9_999,
            opened=tuple(f"{n}.1" for n in range(2, MAX_OPEN)),
            dead=tuple(letter(f"9{n}.1") for n in range(100, 103)),
        )
    )
    actor.ask(Retry(None))
    assert (len(actor.state.open), [one.id for one in actor.state.dead]) == (MAX_OPEN, ["9102.1"])
    with pytest.raises(TooManyOpen):
        actor.ask(Retry(None))


def test_a_pause_keeps_the_place_and_going_on_from_now_gives_it_up():
    actor = destination()
    actor.ask(settle(9, opened=("3.1",)))
    since = actor.state.since
    revise(actor, active=False)
    assert destination_view(actor.state).paused == "asked"
    revise(actor)
    assert (actor.state.paused, actor.state.since, actor.state.open) == ("", since, ["3.1"])
    revise(actor, active=False)
    revise(actor, from_now=True)
    assert (actor.state.since, actor.state.open, actor.state.cursor) == (actor.time, [], 9)


def test_a_receiver_that_wants_no_more_pauses_it_once():
    actor = destination()
    actor.ask(settle(9, gone=True))
    assert actor.state.paused == "gone"
    assert actor.ask(settle(9, gone=True)) == []


def test_a_change_without_a_difference_is_none():
    assert revise(destination()) == []


def test_a_new_secret_leaves_the_old_one_for_a_day():
    actor = destination()
    before = secret_view(actor.state).secret.text
    actor.ask(RenewSecret())
    assert actor.state.old_secret is not None
    assert actor.state.old_secret.text == before
    assert actor.state.old_until == actor.time + SECRET_OVERLAP


def test_deliveries_are_no_change_that_makes_a_version_stale():
    actor = destination()
    actor.ask(settle(9, delivered=5))
    revise(actor, wanted(name="hers"), if_version=1)
    for command in (Remove(1), Revise(wanted(), True, False, 1)):
        with pytest.raises(Stale):
            actor.ask(command)


def test_a_removed_destination_is_not_found():
    actor = destination()
    actor.ask(Remove(None))
    for command in (Remove(None), settle(3), Retry(None), RenewSecret(), Revise(wanted(), True, False, None)):
        with pytest.raises(NotFound):
            actor.ask(command)
