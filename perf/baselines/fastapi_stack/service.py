"""Bookings by FastAPI and asyncpg: one statement, one transaction and one round trip for each.

The statement's UPDATE locks the slot's row until the commit, so its counts are true while the token is written.
Whoever comes when the slot is full, or when others wait already, goes to the waiting list. Numbers are given in the
order of asking.
"""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

POOL = 8

BOOK = """
WITH slot AS (
    UPDATE slots
       SET booked = booked + CASE WHEN booked < capacity AND waiting = 0 THEN 1 ELSE 0 END,
           waiting = waiting + CASE WHEN booked < capacity AND waiting = 0 THEN 0 ELSE 1 END
     WHERE id = $1 AND status = 'ACTIVE'
 RETURNING id, day, booked + waiting AS number, CASE WHEN waiting = 0 THEN 'CONFIRMED' ELSE 'WAITING' END AS status
)
INSERT INTO tokens (slot_id, patient_id, day, category, priority, status, number)
SELECT id, $2, day, $3, $4, status, number FROM slot
RETURNING id, number, status
"""


class Category(StrEnum):
    EMERGENCY = "EMERGENCY"
    PRIORITY_PAID = "PRIORITY_PAID"
    FOLLOWUP = "FOLLOWUP"
    ONLINE = "ONLINE"
    WALKIN = "WALKIN"


PRIORITY = {category: tier for tier, category in enumerate(Category, 1)}


class Booking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    patient_id: UUID
    category: Category


class Token(BaseModel):
    id: UUID
    number: Annotated[int, Field(ge=1)]
    status: str


class Connection(asyncpg.Connection):
    """Nothing here changes a session, so a connection goes back to the pool without the round trip that resets it."""

    def get_reset_query(self) -> str:
        return ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = {"host": os.environ["PGHOST"], "user": os.environ["PGUSER"], "database": os.environ["PGDATABASE"]}
    async with asyncpg.create_pool(min_size=POOL, max_size=POOL, connection_class=Connection, **database) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/v1/tokens/", status_code=201)
async def book(booking: Booking, request: Request) -> Token:
    try:
        row = await request.app.state.pool.fetchrow(
            BOOK, booking.slot_id, booking.patient_id, booking.category, PRIORITY[booking.category]
        )
    except asyncpg.UniqueViolationError:
        raise HTTPException(409, "this patient has a token on that day") from None
    except asyncpg.ForeignKeyViolationError:
        raise HTTPException(404, "no such patient") from None
    if row is None:
        raise HTTPException(404, "no such slot, or it is cancelled")
    return Token(id=row["id"], number=row["number"], status=row["status"])
