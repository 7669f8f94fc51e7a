"""Logs of every version are readable for ever: the corpus was written once, and this program reads it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from engine.actors.hospital import Policy
from engine.errors import LogCorrupt
from engine.eventlog.entry import FORMAT, Codec, checked, stored
from engine.eventlog.keys import Keyring
from engine.recovery import EVENTS, Book
from tests.golden import audit, broken_glass, paper, queues, referrals, rooms, story, wards
from tests.golden.story import Corpus

STORIES = (story, queues, rooms, wards, referrals, audit, paper, broken_glass)
CORPORA = [msgspec.msgpack.decode(told.CORPUS.read_bytes(), type=Corpus) for told in STORIES]
KEPT = CORPORA[0]
DEFAULTS = msgspec.msgpack.decode(msgspec.msgpack.encode(Policy()))
FIRST = tuple(DEFAULTS).index("holidays") + 1
LATER = tuple(DEFAULTS)[FIRST:]
"""Fields of a policy that came after the corpora of before were written."""


def keyring(kept: Corpus = KEPT) -> Keyring:
    """The keys of a corpus."""
    keys = Keyring("main", bytes)
    keys.adopt(kept.keys)
    return keys


def folded(kept: Corpus) -> tuple[Book, Counter[str]]:
    """The book of a corpus, and how often each event is in it."""
    book, seen = Book("main", keyring(kept)), Counter[str]()
    for position, record in enumerate(kept.records, 1):
        for change in book.fold(position, record).changes:
            seen.update(type(event).__name__ for event in change.events)
    return book, seen


def test_every_event_is_in_a_corpus_and_every_corpus_is_read() -> None:
    seen: Counter[str] = sum((folded(kept)[1] for kept in CORPORA), Counter())
    assert {event.__name__ for event in EVENTS} == set(seen)


@pytest.mark.parametrize("kept", CORPORA)
def test_what_is_read_is_what_was_written_to_the_last_byte(kept: Corpus) -> None:
    codec = Codec(EVENTS, keyring(kept))
    for record in kept.records:
        data = checked(record)
        changes = codec.decode(data).changes
        assert not changes or codec.freeze(changes) in data or without_later_policies(codec.freeze(changes)) in data


def without_later_policies(changes: bytes) -> bytes:
    """The bytes of changes as they were before policies had further fields; those must have their defaults."""

    def before(raw: Any) -> Any:
        match raw:
            case dict() if set(raw) == set(DEFAULTS):
                assert all(raw[field] == DEFAULTS[field] for field in LATER), "a field that nobody wrote has a value"
                return {field: value for field, value in raw.items() if field not in LATER}
            case dict():
                return {field: before(value) for field, value in raw.items()}
            case list():
                return [before(value) for value in raw]
            case _:
                return raw

    return msgspec.msgpack.encode(before(msgspec.msgpack.decode(changes)))


def test_a_policy_of_an_old_log_is_whole() -> None:
    book, _ = folded(KEPT)
    assert book.cell("hospital:self").state.policy.rest_hours == Policy().rest_hours  # type: ignore[union-attr]


def test_an_event_that_nobody_knows_stops_the_reading_and_says_so() -> None:
    data = checked(KEPT.records[1]).replace(b"DoctorAdded", b"DoctorAdder")
    with pytest.raises(LogCorrupt, match=r"cannot be read.*DoctorAdder"):
        Codec(EVENTS, keyring()).decode(data)


def test_a_newer_format_stops_the_reading_and_says_so() -> None:
    data = other_format(FORMAT + 1)
    with pytest.raises(LogCorrupt, match="a newer program wrote this log"):
        Codec(EVENTS, keyring()).decode(data)


def test_an_older_format_is_brought_up_to_the_present_one() -> None:
    data = other_format(0)
    with pytest.raises(LogCorrupt, match="no upcaster"):
        Codec(EVENTS, keyring()).decode(data)

    def from_0(head: dict[str, Any]) -> dict[str, Any]:
        return {**head, "name": head["name"] + "!"}

    entry = Codec(EVENTS, keyring(), {0: from_0}).decode(data)
    assert (entry.format, entry.name) == (FORMAT, "AddDoctor!")
    assert checked(stored(data)) == data


def other_format(number: int) -> bytes:
    """The second record's entry as if of this format."""
    head, answer = msgspec.msgpack.decode(checked(KEPT.records[1]))
    return msgspec.msgpack.encode([{**head, "format": number}, answer])


def test_what_was_entered_from_paper_stands_there_with_both_times() -> None:
    book, found = Book("main", keyring(CORPORA[STORIES.index(paper)])), Counter[str]()
    for position, record in enumerate(CORPORA[STORIES.index(paper)].records, 1):
        for change in book.fold(position, record).changes:
            for event in change.events:
                if getattr(event, "happened_at", 0):
                    assert event.happened_at < event.at
                    found[type(event).__name__] += 1
    assert set(found) == {
        "TokenCalled", "ConsultStarted", "ConsultCompleted", "NoShowMarked", "TokenCancelled", "TicketCalled",
        "TicketStarted", "TicketEnded",
    }  # fmt: skip
