"""Write the corpus of the present version: ``python -m tests.golden``. An existing one is never written over."""

from __future__ import annotations

import sys

import msgspec

from tests.golden.story import CORPUS, written

if __name__ == "__main__":
    if CORPUS.exists():
        sys.exit(f"{CORPUS.name} is there: what was once written must stay readable as it is.")
    CORPUS.write_bytes(msgspec.msgpack.encode(written()))
