"""``matron-replay ship`` killed again and again: ``python killed_shipping.py DATA FOLDER ROTATE SEED``.

Each time a process of its own goes on with what the last one left. At one of its calls to the system, chosen by the
seed, it writes half of what it was to write, or nothing, and is gone: SIGKILL leaves no time for anything else. It
ends when one process has got through, and prints how many were killed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import trio

from engine.eventlog.lmdb_reader import LmdbReader
from replay.segments.shipping import Shipment


async def ship(data: Path, folder: Path, rotate: int) -> None:
    """All that there is."""
    async with LmdbReader(data) as reader:
        shipment = Shipment(reader, folder, limit=rotate)
        await shipment.turn()
        shipment.close()


def die_at(call: int) -> None:
    """Be killed at that call, one of those that change a file or make it durable."""
    left = [call]

    def dying(real: Callable[..., Any], half: bool) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                if half:
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)

        return called

    os.write, os.fsync, os.ftruncate = dying(os.write, True), dying(os.fsync, False), dying(os.ftruncate, False)


def main(data: Path, folder: Path, rotate: int, seed: int) -> None:
    """Until one gets through."""
    rng, killed = Random(seed), 0
    while True:
        call = rng.randrange(1, 12)
        child = os.fork()
        if not child:
            die_at(call)
            trio.run(ship, data, folder, rotate)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{killed}\n")
            sys.exit(os.WEXITSTATUS(status))
        killed += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
