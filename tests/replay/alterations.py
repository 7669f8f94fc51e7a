"""Ways to alter a log in segments: clumsy ones, and ones that know the format, or have the log's own key.

Each takes a log and another one and gives other bytes for its files. Nobody has a witness's key: that is what
witnesses are for.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from engine.eventlog.checkpoint import Note
from engine.eventlog.entry import stored
from tests.replay.shipped_logs import (
    SIGNER,
    STRANGER,
    Files,
    Frame,
    Log,
    file_of,
    frames_of,
    notes_of,
    put_together,
    records_of,
    signed_anew,
    size_of,
)

Alteration = Callable[[Random, Log, Log], Files]


def flip_a_bit(rng: Random, log: Log, other: Log) -> Files:
    """Anywhere."""
    return _at_a_byte(rng, log, lambda byte: byte ^ 1 << rng.randrange(8))


def change_a_byte(rng: Random, log: Log, other: Log) -> Files:
    """Anywhere."""
    return _at_a_byte(rng, log, lambda byte: rng.randrange(256))


def cut_off(rng: Random, log: Log, other: Log) -> Files:
    """At any byte, and nothing behind it is left."""
    names = sorted(log.files)
    name = rng.choice(names)
    kept = {earlier: log.files[earlier] for earlier in names if earlier < name}
    return {**kept, name: log.files[name][: rng.randrange(len(log.files[name]))]}


def cut_out(rng: Random, log: Log, other: Log) -> Files:
    """Some bytes."""
    name = rng.choice(sorted(log.files))
    data = log.files[name]
    begin = rng.randrange(len(data))
    return {**log.files, name: data[:begin] + data[begin + rng.randrange(1, 99) :]}


def put_bytes_in(rng: Random, log: Log, other: Log) -> Files:
    """Some, anywhere, behind the end as well."""
    name = rng.choice(sorted(log.files))
    data = log.files[name]
    begin = rng.randrange(len(data) + 1)
    return {**log.files, name: data[:begin] + rng.randbytes(rng.randrange(1, 99)) + data[begin:]}


def lose_a_file(rng: Random, log: Log, other: Log) -> Files:
    """One of them, or what was in it."""
    name = rng.choice(sorted(log.files))
    if len(log.files) == 1 or rng.random() < 0.3:
        return {**log.files, name: b""}
    return {kept: data for kept, data in log.files.items() if kept != name}


def take_anothers_file(rng: Random, log: Log, other: Log) -> Files:
    """In place of its own."""
    name = rng.choice(sorted(log.files))
    return {**log.files, name: rng.choice(sorted(other.files.values()))}


def delete_a_frame(rng: Random, log: Log, other: Log) -> Files:
    """A header, an entry or a checkpoint."""
    return _in_a_file(rng, log, lambda frames: frames.pop(rng.randrange(len(frames))))


def duplicate_a_frame(rng: Random, log: Log, other: Log) -> Files:
    """It stands twice then, the second time anywhere."""
    return _in_a_file(rng, log, lambda frames: frames.insert(rng.randrange(len(frames) + 1), rng.choice(frames)))


def swap_two_frames(rng: Random, log: Log, other: Log) -> Files:
    """Any two of a file."""

    def swap(frames: list[Frame]) -> None:
        one, two = rng.randrange(len(frames)), rng.randrange(len(frames))
        frames[one], frames[two] = frames[two], frames[one]

    return _in_a_file(rng, log, swap)


def graft_a_frame(rng: Random, log: Log, other: Log) -> Files:
    """One of another log, in place of one of this."""
    theirs = frames_of(rng.choice(sorted(other.files.values())))

    def graft(frames: list[Frame]) -> None:
        frames[rng.randrange(len(frames))] = rng.choice(theirs)

    return _in_a_file(rng, log, graft)


def delete_an_entry(rng: Random, log: Log, other: Log) -> Files:
    """And let those behind it move up, hashes and checkpoints as they were."""
    records = records_of(log)
    del records[rng.randrange(len(records))]
    return put_together(log, records, [note for note in notes_of(log) if size_of(note) <= len(records)])


def delete_and_renumber(rng: Random, log: Log, other: Log) -> Files:
    """And write into those behind it the position that they have then."""
    records = records_of(log)
    gone = rng.randrange(len(records))
    del records[gone]
    moved = [_rewritten(record, lambda entry: _lower(entry, gone + 1)) for record in records]
    return put_together(log, moved, [note for note in notes_of(log) if size_of(note) <= len(records)])


def swap_two_entries(rng: Random, log: Log, other: Log) -> Files:
    """With everything around them as it must be."""
    records = records_of(log)
    one, two = rng.sample(range(len(records)), 2)
    records[one], records[two] = records[two], records[one]
    return put_together(log, records, notes_of(log))


def insert_an_entry(rng: Random, log: Log, other: Log) -> Files:
    """Of this log or another, anywhere, the last place included."""
    records = records_of(log)
    records.insert(rng.randrange(len(records) + 1), rng.choice([*records, *records_of(other)]))
    return put_together(log, records, notes_of(log))


def graft_a_tail(rng: Random, log: Log, other: Log) -> Files:
    """The entries of another log from some position on, and its checkpoints of them."""
    begin = rng.randrange(len(records_of(log)))
    records = records_of(log)[:begin] + records_of(other)[begin:]
    notes = [note for note in notes_of(log) if size_of(note) <= begin]
    notes += [note for note in notes_of(other) if size_of(note) > begin]
    return put_together(log, records, notes)


def alter_an_entry(rng: Random, log: Log, other: Log) -> Files:
    """What it says, with the hash that belongs to that; nothing else."""
    records = records_of(log)
    _alter_one(rng, records)
    return put_together(log, records, notes_of(log))


def alter_it_where_it_stands(rng: Random, log: Log, other: Log) -> Files:
    """The same, but what files say of the tree stays too."""
    name = rng.choice([name for name in sorted(log.files) if b"E" in dict(frames_of(log.files[name]))])
    frames = frames_of(log.files[name])
    at = rng.choice([number for number, (kind, _) in enumerate(frames) if kind == b"E"])
    records = [frames[at][1][8:]]
    _alter_one(rng, records)
    frames[at] = b"E", frames[at][1][:8] + records[0]
    return {**log.files, name: file_of(frames)}


def sign_with_another_key(rng: Random, log: Log, other: Log) -> Files:
    """Entries that were altered or not, all checkpoints made anew."""
    records = records_of(log)
    if rng.random() < 0.5:
        _alter_one(rng, records)
    return put_together(log, records, signed_anew(log, records, STRANGER))


def sign_as_the_owner(rng: Random, log: Log, other: Log) -> Files:
    """With another key, under the id of the right one."""
    records = records_of(log)
    theirs, ours = log.key._replace(key=STRANGER.key), log.key
    named = [_with_id(note, theirs.id, ours.id) for note in signed_anew(log, records, STRANGER)]
    return put_together(log, records, named)


def fork(rng: Random, log: Log, other: Log) -> Files:
    """Another history from some entry on, of any length, signed with the log's own key: only a witness knows better."""
    records = records_of(log)
    begin = rng.randrange(len(records))
    tail = records[begin:]
    _alter_one(rng, tail)
    records = (
        records[:begin] + tail[: rng.randrange(1, len(tail) + 1)] if rng.random() < 0.3 else records[:begin] + tail
    )
    return put_together(log, records, signed_anew(log, records, SIGNER, begin))


def fork_as_if_restored(rng: Random, log: Log, other: Log) -> Files:
    """The same, with the event that a restore leaves, under a new origin of the log's own key."""
    records = records_of(log)
    lost = Note.parse(notes_of(log)[-1]).head()
    begin, origin = rng.randrange(1, len(records)), f"{log.key.name}/2"
    event = {"type": "OriginBegun", "origin": origin, "previous": lost.origin, "size": lost.size}
    event |= {"root": lost.root.hex(), "reason": "restored"}

    def tell(entry: list[Any]) -> None:
        entry[0]["changes"] = [{"actor": "origin:self", "version": 1, "previous": 0, "events": [event]}]

    records = [*records[:begin], _rewritten(records[begin], tell)]
    return put_together(log, records, signed_anew(log, records, SIGNER, begin, origin))


def roll_back(rng: Random, log: Log, other: Log) -> Files:
    """To an earlier checkpoint, with nothing wrong before it."""
    sizes = sorted({size_of(note) for note in notes_of(log)})[:-1]
    size = rng.choice(sizes or [0])
    notes = [note for note in notes_of(log) if size_of(note) <= size]
    return put_together(log, records_of(log)[:size], notes) if size else {}


def lose_the_checkpoints(rng: Random, log: Log, other: Log) -> Files:
    """All of them, or the last; the entries stay."""
    notes = notes_of(log)
    last = size_of(notes[-1])
    kept = [note for note in notes if size_of(note) < last] if rng.random() < 0.5 else []
    return put_together(log, records_of(log), kept)


ALTERATIONS: Final[tuple[Alteration, ...]] = (
    flip_a_bit, change_a_byte, cut_off, cut_out, put_bytes_in, lose_a_file, take_anothers_file, delete_a_frame,
    duplicate_a_frame, swap_two_frames, graft_a_frame, delete_an_entry, delete_and_renumber, swap_two_entries,
    insert_an_entry, graft_a_tail, alter_an_entry, alter_it_where_it_stands, sign_with_another_key, sign_as_the_owner,
    fork, fork_as_if_restored, roll_back, lose_the_checkpoints,
)  # fmt: skip


def _at_a_byte(rng: Random, log: Log, other: Callable[[int], int]) -> Files:
    name = rng.choice(sorted(log.files))
    data = bytearray(log.files[name])
    at = rng.randrange(len(data))
    data[at] = other(data[at])
    return {**log.files, name: bytes(data)}


def _in_a_file(rng: Random, log: Log, change: Callable[[list[Frame]], Any]) -> Files:
    name = rng.choice(sorted(log.files))
    frames = frames_of(log.files[name])
    change(frames)
    return {**log.files, name: file_of(frames)}


def _alter_one(rng: Random, records: list[bytes]) -> None:
    """Who asked, when, with which outcome, or what the answer was."""
    at = rng.randrange(len(records))

    def change(entry: list[Any]) -> None:
        match rng.randrange(4):
            case 0:
                entry[0]["who"]["name"] = "somebody"
            case 1:
                entry[0]["time"] += rng.randrange(1, 3)
            case 2:
                entry[0]["outcome"] = "other"
            case _:
                entry[1] = {"id": rng.randrange(1 << 30)}

    records[at] = _rewritten(records[at], change)


def _lower(entry: list[Any], above: int) -> None:
    if entry[0]["position"] > above:
        entry[0]["position"] -= 1
    for change in entry[0].get("changes", ()):
        change["previous"] -= change["previous"] > above


def _rewritten(record: bytes, change: Callable[[list[Any]], None]) -> bytes:
    entry = msgpack.unpackb(record[32:])
    change(entry)
    return stored(msgpack.packb(entry))


def _with_id(note: bytes, id: bytes, other: bytes) -> bytes:
    parsed = Note.parse(note)
    return parsed._replace(
        lines=tuple(line._replace(id=other if line.id == id else line.id) for line in parsed.lines)
    ).bytes()
