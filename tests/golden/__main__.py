"""Write the corpora of the present version that are missing: ``python -m tests.golden``. None is ever written over."""

from __future__ import annotations

import sys

import msgspec

from tests.golden import audit, broken_glass, paper, queues, referrals, rooms, story, wards

if __name__ == "__main__":
    stories = (story, queues, rooms, wards, referrals, audit, paper, broken_glass)
    missing = [told for told in stories if not told.CORPUS.exists()]
    for told in missing:
        told.CORPUS.write_bytes(msgspec.msgpack.encode(told.written()))
    if not missing:
        sys.exit("All are there: what was once written must stay readable as it is.")
