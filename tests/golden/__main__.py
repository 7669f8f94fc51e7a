"""Write the corpora of the present version that are missing: ``python -m tests.golden``. None is ever written over."""

from __future__ import annotations

import sys

import msgspec

from tests.golden import audit, paper, queues, referrals, rooms, story, wards

if __name__ == "__main__":
    missing = [told for told in (story, queues, rooms, wards, referrals, audit, paper) if not told.CORPUS.exists()]
    for told in missing:
        told.CORPUS.write_bytes(msgspec.msgpack.encode(told.written()))
    if not missing:
        sys.exit("All are there: what was once written must stay readable as it is.")
