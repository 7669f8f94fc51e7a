"""Five thousand hostile connections: the front door answers on, and of none of them anything is left."""

from __future__ import annotations

import gc
import random
import socket
import struct
from contextlib import suppress

import msgspec
import pytest
import trio
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from gateway.door.connection import Connection
from tests.gateway.front_door import GET, POST, QUICK, Running, read_all, running, upgrade
from tests.gateway.test_front_door_attacks import ATTACKS
from tests.gateway.test_front_door_websocket import masked

SEED = 20_260_721
CONNECTIONS = 5_000
AT_ONCE = 40

VALID = (
    GET % b"/ignore",
    GET % b"/scope?a=%20b",
    GET % b"/none",
    GET % b"/departure",
    GET % b"/endless",
    b"HEAD /ignore HTTP/1.1\r\nhost: h\r\n\r\n",
    POST % (5, b"hello"),
    (POST % (1, b"1")) * 3,
    b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi",
    upgrade() + masked(TextMessage(data="hello"), Ping(payload=b"p"), CloseConnection(code=1000)),
    upgrade() + masked(BytesMessage(data=bytes(300)), TextMessage(data="é" * 70), TextMessage(data="bye")),
    upgrade("/refuse"),
    upgrade("/feed"),
)
CORPUS = VALID + tuple(data[:4000] for data, _ in ATTACKS.values())
WORDS = (b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"\xff", b":", b" ", b"%", b"-1", b"HTTP/1.0", b"upgrade")


def mutated(chance: random.Random) -> bytes:
    """One of the corpus, as it is or with a few cuts, flips, repeats and strange words; at times pure noise."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(1, 200))
    data = bytearray(chance.choice(CORPUS))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.choice(WORDS)
            case 2:
                del data[at : at + chance.randrange(1, 20)]
            case 3:
                data[at:at] = data[at : at + chance.randrange(1, 60)]
            case 4:
                data[at:] = chance.choice(CORPUS)
            case _:
                data[at:at] = chance.randbytes(3)
    return bytes(data) or b"\r"


async def attack(door: Running, chance: random.Random) -> None:
    """Send in one to three pieces, then leave in one of the ways in which clients leave."""
    data = mutated(chance)
    manner = chance.choice(("leave", "reset", "half close", "read"))
    pieces = chance.randrange(1, 4)
    async with await door.connect() as stream:
        with suppress(trio.BrokenResourceError), trio.move_on_after(0.03):
            for piece in range(pieces):
                await stream.send_all(data[piece * len(data) // pieces : (piece + 1) * len(data) // pieces])
                await trio.lowlevel.checkpoint()
            if manner == "half close":
                await stream.send_eof()
            if manner in ("half close", "read"):
                await read_all(stream)
        if manner == "reset":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.usefixtures("each_way_through_the_door")
async def test_five_thousand_hostile_connections_leave_nothing_behind():
    chance = random.Random(SEED)
    settings = msgspec.structs.replace(QUICK, max_connections=10_000)
    async with running(settings) as door:
        await door.still_serves()
        tasks = trio.lowlevel.current_statistics().tasks_living

        async def attack_in_turn(share: int) -> None:
            for _ in range(share):
                await attack(door, chance)

        for _ in range(2):
            with trio.fail_after(60):  # a bound on hanging: they take two seconds on a quiet machine
                async with trio.open_nursery() as nursery:
                    for _ in range(AT_ONCE):
                        nursery.start_soon(attack_in_turn, CONNECTIONS // 2 // AT_ONCE)
            await door.still_serves()
            assert trio.lowlevel.current_statistics().tasks_living == tasks
        # One of the corpus asks for the path whose app fails; a failure of the door's own would be another.
        assert [failure for failure in door.failures if str(failure) != "boom"] == []
        assert door.door.refused == 0
        door.failures.clear()  # a traceback keeps its frames
    gc.collect()
    assert [thing for thing in gc.get_objects() if isinstance(thing, Connection)] == []
