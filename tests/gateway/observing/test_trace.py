"""A request's place in a trace: continued where a caller says one that is right, begun where none does."""

from __future__ import annotations

import pytest

from gateway.headers import FreshIds
from gateway.observing.trace import parent_of, trace_of
from tests.gateway.surface import ScriptedEngine, client_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RIGHT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        (RIGHT, 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-ff", 1),  # flags that nobody knows yet are left out
        (f"cc-{TRACE}-{SPAN}-01", 1),  # a version that nobody knows yet, as far as this one goes
        (f"cc-{TRACE}-{SPAN}-01-what-will-be", 1),
    ],
)
def test_a_caller_s_trace_is_gone_on_with(given: str, flags: int):
    assert parent_of({b"traceparent": given.encode()}) == (TRACE, SPAN, flags)


@pytest.mark.parametrize(
    "given",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}g-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.more",
        f" {RIGHT}",
        f"{RIGHT}\n",
        f"{RIGHT},{RIGHT}",
    ],
)
def test_what_is_no_place_in_a_trace_begins_another(given: str):
    headers = {b"traceparent": given.encode()}
    assert parent_of(headers) is None
    begun = trace_of(headers, FreshIds())
    assert (len(begun.trace_id), len(begun.span_id), begun.parent_id) == (32, 16, "")
    assert begun.trace_id != TRACE


def test_each_request_has_a_span_of_its_own():
    fresh = FreshIds()
    made = [trace_of({b"traceparent": RIGHT.encode()}, fresh) for _ in range(3)]
    assert {one.trace_id for one in made} == {TRACE}
    assert {one.parent_id for one in made} == {SPAN}
    assert len({one.span_id for one in made} | {SPAN}) == 4
    assert made[0].header == f"00-{TRACE}-{made[0].span_id}-01".encode()


async def test_whoever_says_a_trace_is_told_which_span_of_it_this_was():
    async with client_of(ScriptedEngine()) as client:
        answer = await client.get("/health/live", headers={"traceparent": RIGHT})
        version, trace, span, flags = answer.headers["traceparent"].split("-")
        assert (version, trace, flags) == ("00", TRACE, "01")
        assert span != SPAN
        assert "traceparent" not in (await client.get("/health/live")).headers
