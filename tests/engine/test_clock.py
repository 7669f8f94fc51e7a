"""The seams to the world: random bytes are drawn ahead, and none of them is ever given out twice."""

from __future__ import annotations

import subprocess
import sys

from engine.clock import SystemClock

SPLIT = """
import os
from engine.clock import SystemClock
clock = SystemClock()
clock.entropy(12)
ends = os.pipe()
if os.fork() == 0:
    os.write(ends[1], clock.entropy(12))
    os._exit(0)
os.wait()
print(os.read(ends[0], 12) != clock.entropy(12))
"""


def test_random_bytes_are_given_out_once():
    clock = SystemClock()
    drawn = [clock.entropy(12) for _ in range(2_000)]
    assert {len(one) for one in drawn} == {12}
    assert len(set(drawn)) == 2_000


def test_portions_of_another_length_have_bytes_of_their_own():
    clock = SystemClock()
    assert clock.entropy(16)[:12] != clock.entropy(12)


def test_two_processes_that_were_one_draw_different_bytes():
    made = subprocess.run([sys.executable, "-c", SPLIT], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "True"
