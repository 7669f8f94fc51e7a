"""What is open, in which order, and what is noted: the outbox by itself, and against what a log keeps of it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.actors.destination import DESTINATION
from engine.actors.destination.places import Url
from engine.actors.destination.state import MAX_OPEN, Create, Settle, Wanted
from engine.decisions.destinations import AdvanceCursor
from gateway.notices.notice import Notice
from gateway.notices.outbox import FIRST_PAUSE, MAX_AGE, MAX_TRIES, UNSAVED, WINDOW, Outbox, Parcel
from tests.engine.actors.asked import NOW, Actor


def notice(position: int, subject: str, ordinal: int = 1, at: int = NOW) -> Notice:
    return Notice(f"{position}.{ordinal}", position, "ticket_update", subject, "", at, {})


def outbox(*notices: Notice, read: int = 0) -> Outbox:
    """With these in it; pauses are as long as they can be."""
    made = Outbox("d", read, lambda: 1.0)
    for one in notices:
        made.put(one)
        made.read = one.position
    return made


def take(box: Outbox, now: float = 0.0) -> Parcel:
    parcel = box.next(now)
    assert parcel is not None
    return parcel


def fail(box: Outbox, now: float = 0.0, wall: int = NOW) -> bool:
    return box.failed_once(take(box, now), "http_500", now, wall)


def destination() -> Actor:
    actor = Actor(DESTINATION, "d")
    actor.ask(Create(Wanted(name="his", channel="webhook", url=Url("https://example.org/", ""))))
    return actor


def note(actor: Actor, box: Outbox) -> AdvanceCursor | None:
    """What a note does: the log's actor takes it, and the outbox hears that it did."""
    advance = box.advance()
    if advance is not None:
        fields = {name: getattr(advance, name) for name in Settle.__struct_fields__}
        actor.ask(Settle(**fields))
        box.noted(advance)
    return advance


def test_notices_of_one_subject_go_one_after_another_and_others_beside_them():
    box = outbox(notice(1, "a"), notice(2, "a"), notice(3, "b"))
    first, second = take(box), take(box)
    assert (first.notice.id, second.notice.id) == ("1.1", "3.1")
    assert box.next(0.0) is None
    box.succeeded(first)
    assert take(box).notice.id == "2.1"


def test_a_failing_notice_holds_back_its_own_subject_only():
    box = outbox(notice(1, "a"), notice(2, "a"), notice(3, "b"))
    assert not fail(box)
    assert take(box).notice.id == "3.1"
    assert box.next(FIRST_PAUSE - 0.01) is None
    again = take(box, FIRST_PAUSE)
    assert (again.notice.id, again.tries) == ("1.1", 1)


def test_pauses_double_and_a_receiver_may_ask_for_longer():
    box = outbox(notice(1, "a"))
    now = 0.0
    for pause in (1.0, 2.0, 4.0, 8.0):
        fail(box, now)
        assert box.wait(now) == pause
        now += pause
    box.failed_once(take(box, now), "http_503", now, NOW, at_least=90.0)
    assert box.wait(now) == 90.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_chance_makes_a_pause_up_to_half_as_long(share: float):
    box = Outbox("d", 0, lambda: share)
    box.put(notice(1, "a"))
    fail(box)
    assert box.wait(0.0) == FIRST_PAUSE * (0.5 + share / 2)


def test_a_notice_is_given_up_after_its_last_try_and_the_next_of_its_subject_goes_on():
    box, now = outbox(notice(1, "a"), notice(2, "a")), 0.0
    for _ in range(MAX_TRIES - 1):
        assert not fail(box, now)
        now += box.wait(now)
    assert fail(box, now)
    assert take(box, now).notice.id == "2.1"
    advance = box.advance()
    assert advance is not None
    (letter,) = advance.dead
    assert (letter.id, letter.subject, letter.reason, letter.tries) == ("1.1", "a", "http_500", MAX_TRIES)


def test_an_old_notice_gets_one_try_and_no_more():
    box = outbox(notice(1, "a"))
    assert fail(box, wall=NOW + MAX_AGE + 1)


def test_no_more_is_read_than_there_is_room_for():
    box = outbox(*[notice(position, str(position)) for position in range(1, WINDOW + 1)])
    assert not box.has_room
    box.succeeded(take(box))
    assert box.has_room


def test_no_more_is_read_while_nothing_can_be_noted():
    box = Outbox("d", 0, lambda: 1.0)
    for position in range(1, UNSAVED + 1):
        assert box.has_room
        box.put(notice(position, "a"))
        box.succeeded(take(box))
    assert not box.has_room


def test_the_cursor_stops_before_what_was_not_tried():
    box = outbox(notice(5, "a"), notice(7, "b"), notice(9, "c"))
    box.succeeded(take(box))
    advance = box.advance()
    assert advance is not None
    assert (advance.cursor, advance.opened, advance.delivered) == (6, (), 1)


def test_the_cursor_passes_what_fails_and_lists_it_with_what_stands_behind_it():
    box = outbox(notice(1, "a"), notice(2, "b"), notice(3, "a"), notice(4, "c"))
    fail(box)
    for _ in range(2):
        box.succeeded(take(box))
    advance = box.advance()
    assert advance is not None
    assert (advance.cursor, advance.opened) == (4, ("1.1", "3.1"))


def test_an_entry_in_the_log_is_not_made_for_nothing():
    box = outbox(read=10)
    box.read = 500
    assert box.advance() is None
    box.read = 1_010
    advance = box.advance()
    assert advance is not None
    assert advance.cursor == 1_010
    box.noted(advance)
    assert box.advance() is None


def test_what_was_noted_is_not_noted_again():
    actor, box = destination(), outbox(notice(1, "a"), notice(2, "b"))
    fail(box)
    box.succeeded(take(box))
    note(actor, box)
    assert note(actor, box) is None
    assert (actor.state.cursor, actor.state.open, actor.state.delivered) == (2, ["1.1"], 1)
    box.succeeded(take(box, 5.0))
    note(actor, box)
    assert (actor.state.cursor, actor.state.open, actor.state.delivered) == (2, [], 2)


def test_a_note_whose_answer_was_lost_is_told_again_without_harm():
    actor, box = destination(), outbox(notice(1, "a"), notice(2, "b"))
    fail(box)
    box.succeeded(take(box))
    lost = box.advance()
    assert lost is not None
    actor.ask(Settle(**{name: getattr(lost, name) for name in Settle.__struct_fields__}))
    assert box.resume(actor.state.cursor, actor.state.open) == []
    box.succeeded(take(box, 5.0))
    note(actor, box)
    assert (actor.state.cursor, actor.state.open) == (2, [])


def test_a_retried_letter_is_asked_for_and_sent():
    box = outbox(read=9)
    assert box.resume(9, ["3.1"]) == ["3.1"]
    box.put(notice(3, "a"), behind=True)
    assert box.resume(9, ["3.1"]) == []
    box.succeeded(take(box))
    advance = box.advance()
    assert advance is not None
    assert (advance.cursor, advance.settled) == (9, ("3.1",))


def test_an_open_notice_that_the_log_no_longer_gives_is_settled():
    box = outbox(read=9)
    box.resume(9, ["3.1"])
    box.forget("3.1")
    advance = box.advance()
    assert advance is not None
    assert advance.settled == ("3.1",)


def test_of_those_that_are_ready_the_one_that_was_tried_least_finds_out():
    box = outbox(notice(1, "a"), notice(2, "b"))
    fail(box)
    assert take(box).notice.id == "2.1"
    box.put(notice(3, "c"))
    box.read = 3
    found = box.next(10.0, freshest=True)
    assert found is not None
    assert found.notice.id == "3.1"


class World:
    """A log of notices, a destination in it, and a receiver; crashes lose what is only in memory."""

    def __init__(self, seed: int, subjects: int, stubborn: float) -> None:
        self.chance = Random(seed)
        self.log = [notice(position, str(self.chance.randrange(subjects))) for position in range(1, 301)]
        self.stubborn = stubborn
        self.actor = destination()
        self.delivered: list[Notice] = []
        self.now = 0.0
        self.box = self.start()

    def start(self) -> Outbox:
        state = self.actor.state
        box = Outbox("d", state.cursor, self.chance.random)
        for id in box.resume(state.cursor, state.open):
            box.put(self.log[int(id.partition(".")[0]) - 1], behind=True)
        return box

    def step(self) -> None:
        box, chance = self.box, self.chance
        while box.has_room and box.read < len(self.log) and chance.random() < 0.8:
            box.put(self.log[box.read])
            box.read += 1
        parcel = box.next(self.now)
        if parcel is None:
            self.now += min(box.wait(self.now), 60.0)
        elif chance.random() < self.stubborn:
            box.failed_once(parcel, "http_500", self.now, NOW)
        else:
            self.delivered.append(parcel.notice)
            box.succeeded(parcel)
        if chance.random() < 0.1:
            note(self.actor, box)
        if chance.random() < 0.01:
            self.box = self.start()

    @property
    def over(self) -> bool:
        return self.box.read == len(self.log) and not self.box.depth


@settings(max_examples=40)
@given(some.integers(0, 10**6), some.integers(1, 60), some.sampled_from([0.0, 0.3, 0.6]))
def test_through_any_crashes_each_is_delivered_or_given_up_and_each_subject_in_order(
    seed: int, subjects: int, stubborn: float
):
    world = World(seed, subjects, stubborn)
    for _ in range(20_000):
        if world.over:
            break
        world.step()
        assert world.box.depth <= WINDOW + MAX_OPEN
    note(world.actor, world.box)
    state = world.actor.state
    dead = {letter.id for letter in state.dead}
    assert {one.id for one in world.delivered} | dead == {one.id for one in world.log}
    assert (state.cursor, state.open) == (300, [])
    first: dict[str, Any] = {}
    for one in world.delivered:
        first.setdefault(one.id, None)
    for subject in {one.subject for one in world.log}:
        told = [id for id in first if world.log[int(id.partition(".")[0]) - 1].subject == subject]
        assert told == sorted(told, key=lambda id: int(id.partition(".")[0]))
