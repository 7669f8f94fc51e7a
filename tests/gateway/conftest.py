"""Tests that speak to a real engine through a gateway run twice: with both in one process, and with a link between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.front_door import FAST_PATH
from tests.gateway.ways import WAYS, choose

REACH = {"hospital", "living_gateway"}
"""Who makes such a gateway; a module that knows one of them runs both ways."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both ways, where there are two."""
    if REACH & vars(metafunc.module).keys():
        metafunc.fixturenames.append("way")
        metafunc.parametrize("way", WAYS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """The way from the gateway to its engine."""
    choose(request.param)
    yield
    choose(WAYS[0])


@pytest.fixture(params=(True, False), ids=("short", "long"))
def each_way_through_the_door(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the front door holds to, it holds to on both of its ways."""
    before = FAST_PATH.set(request.param)
    yield
    FAST_PATH.reset(before)
