"""Many commands over one connection: measured on a real server, counted in its log, and nothing else believed."""

from __future__ import annotations

from pathlib import Path
from subprocess import CalledProcessError

import msgspec
import pytest

from engine.decisions.book_token import BookToken
from perf.bulk import Answered, Bulk, Link, send_bulk
from perf.figures import Incorrect
from perf.serving import server
from perf.size import QUICK
from perf.workloads import batches

TINY = msgspec.structs.replace(QUICK, rounds=1, requests=140, any_disk=True)
COMMANDS = [BookToken(slot_id="s", patient_id=f"p{n}", category="WALKIN") for n in range(35)]


async def test_each_way_of_sending_many_is_measured_and_its_bookings_are_in_the_log(tmp_path: Path):
    rows = await batches.measure(tmp_path, TINY, lambda what: None)
    judged = [row for row in rows if row.target is not None]
    assert [row.name for row in judged] == [way.name for way in batches.WAYS]
    assert all(row.values[0] > 0 for row in judged)


@pytest.mark.parametrize("way", batches.WAYS, ids=lambda way: way.name)
def test_messages_hold_the_commands_in_their_order(way: batches.Way):
    said = [msgspec.json.decode(text) for text, _ in batches.messages(COMMANDS, way)]
    items = [item for one in said for item in one.get("commands", [one])]
    assert sum(count for _, count in batches.messages(COMMANDS, way)) == len(COMMANDS)
    assert len(said) == -(-len(COMMANDS) // way.each)
    assert [item["body"]["patient_id"] for item in items] == [command.patient_id for command in COMMANDS]
    assert ["id" in item for item in items] == [bool(way.in_flight)] * len(items)


def test_a_result_that_is_not_created_spoils_a_run():
    answered = Answered(1.0, {201: 9, 409: 1}, 9, 1.0, 1.0, 0.1)
    with pytest.raises(Incorrect, match="409"):
        batches._check(batches.WAYS[0], answered, 10)


async def test_a_server_that_speaks_otherwise_spoils_a_run(capfd: pytest.CaptureFixture[str]):
    async with server("perf.bare", ["door"]) as served:
        for bulk in (Bulk(served.port, [("{}", 1)]), Bulk(served.port, [("{}", 1)], 64)):
            with pytest.raises(CalledProcessError):
                await send_bulk(bulk)
    said = capfd.readouterr().err
    assert "a batch was answered" in said
    assert "the stream was refused" in said


def test_texts_of_every_length_are_read_whole():
    link = Link.__new__(Link)
    texts = [b"x" * size for size in (0, 125, 126, 65_535, 65_536)]
    heads = [
        b"\x81\x00",
        b"\x81\x7d",
        b"\x81\x7e\x00\x7e",
        b"\x81\x7e\xff\xff",
        b"\x81\x7f" + (65_536).to_bytes(8, "big"),
    ]
    whole = b"".join(head + text for head, text in zip(heads, texts, strict=True))
    found: list[bytes] = []
    link._buffer = bytearray()
    for start in range(0, len(whole), 1_000):
        link._buffer += whole[start : start + 1_000]
        found += link.texts()
    assert found == texts
