"""Whatever principals of one hospital send, no answer has anything of the other hospital in it."""

from __future__ import annotations

from functools import partial

import pytest

from gateway.app import create_app
from gateway.health import Vitals
from gateway.routes import TABLE
from tests.gateway.security.calls import Answer, Headers, ask
from tests.gateway.security.houses import OURS, THEIRS, engine_of_two, furnished
from tests.gateway.security.principals import of, opened
from tests.gateway.security.shots import Shot, Shots
from tests.gateway.security.two_houses import Held, fire

ROUND = 2_500
"""Calls after which both hospitals are furnished anew: what was removed cannot be found any more by anybody."""


@pytest.mark.parametrize(
    ("calls", "seed"), [(1_200, 1), *[pytest.param(ROUND, seed, marks=pytest.mark.long) for seed in range(2, 14)]]
)
async def test_no_generated_call_is_answered_with_anything_of_the_other_hospital(tmp_path, calls, seed):
    async with engine_of_two() as engine, opened(tmp_path) as (access, principals):
        app = create_app(engine, access.guard(engine), Vitals(engine).page, access=access)
        whole = list(of(principals, "network", "*"))
        theirs = await furnished(partial(ask, app), THEIRS, whole, marks=True)
        mine = await furnished(partial(ask, app), OURS, whole, marks=False)
        held = Held(theirs)

        async def send(shot: Shot, caller: Headers) -> Answer:
            return await ask(app, shot.method, shot.target, headers=[*caller, *shot.headers], json_body=shot.body)

        callers = [one for one in principals if one.hospital == OURS]
        await fire(Shots(seed, mine, theirs), calls, callers, send, held)
        assert held.aimed > calls / 4
        assert held.twins > calls / 50
        assert len(held.rows) > 0.9 * len(TABLE)
        print(held.statuses, held.aimed, held.twins)  # noqa: T201
