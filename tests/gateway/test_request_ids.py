"""The ids of requests: the client's own where it is a plain word, else one that no other request has."""

from __future__ import annotations

import pytest

from gateway.headers import DRAWN, FreshIds, request_id


def test_no_two_requests_are_given_one_id():
    fresh, others = FreshIds(), FreshIds()
    given = [ids.next() for ids in (fresh, others) for _ in range(DRAWN * 3 + 1)]
    assert len(set(given)) == len(given)
    assert all(len(id) == 16 and int(id, 16) >= 0 for id in given)


@pytest.mark.parametrize("own", [b"r-1", b"a" * 64, b"A.b_c:d"])
def test_a_plain_word_of_the_client_s_is_kept(own):
    assert request_id({b"x-request-id": own}, FreshIds()) == own.decode()


@pytest.mark.parametrize("own", [b"", b"a" * 65, b"two words", b"\xff", b'"'])
def test_what_is_no_plain_word_is_replaced(own):
    assert len(request_id({b"x-request-id": own}, FreshIds())) == 16
