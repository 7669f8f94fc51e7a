"""Rooms by FastAPI and asyncpg: one statement, one transaction and one round trip for each booking that finds its room.

The statement takes the free room with the least equipment; exclusion constraints see to it that no room, doctor or
patient is held twice. Where somebody else was faster nothing is written, a second question says who was in the way,
and if it was only the room, the next free one is asked for.
"""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

POOL = 8

TRIES = 100
"""Rooms that are lost to somebody faster before a booking gives up."""

# OFFSET 0: each room is looked up in the constraint's own index; without it all appointments are joined with the rooms.
BOOK = """
INSERT INTO appointments (room_id, doctor_id, patient_id, during, held)
SELECT rooms.id, $2, $3, tstzrange($4, $5), tstzrange($4, $5 + cleaning)
  FROM rooms
 WHERE clinic_id = $1 AND is_available AND type = $6 AND equipment @> $7::text[] AND capacity >= $8
   AND NOT EXISTS (SELECT FROM appointments
                    WHERE room_id = rooms.id AND status = 'booked' AND held && tstzrange($4, $5 + cleaning) OFFSET 0)
 ORDER BY cardinality(equipment), rooms.id
 LIMIT 1
    ON CONFLICT DO NOTHING
RETURNING id, room_id
"""

IN_THE_WAY = """
SELECT EXISTS (SELECT FROM appointments
                WHERE doctor_id = $2 AND status = 'booked' AND during && tstzrange($4, $5)) AS doctor,
       EXISTS (SELECT FROM appointments
                WHERE patient_id = $3 AND status = 'booked' AND during && tstzrange($4, $5)) AS patient,
       NOT EXISTS (SELECT FROM rooms
                    WHERE clinic_id = $1 AND is_available AND type = $6 AND equipment @> $7::text[] AND capacity >= $8
                      AND NOT EXISTS (SELECT FROM appointments
                                       WHERE room_id = rooms.id AND status = 'booked'
                                         AND held && tstzrange($4, $5 + cleaning) OFFSET 0)) AS rooms
"""


class Booking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clinic_id: UUID
    doctor_id: UUID
    patient_id: UUID
    start_time: AwareDatetime
    end_time: AwareDatetime
    room_type: str
    required_equipment: list[str] = []
    capacity: Annotated[int, Field(ge=1)] = 1


class Appointment(BaseModel):
    id: UUID
    room_id: UUID
    start_time: datetime
    end_time: datetime
    status: str = "booked"


class Connection(asyncpg.Connection):
    """Nothing here changes a session, so a connection goes back to the pool without the round trip that resets it."""

    def get_reset_query(self) -> str:
        return ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = {"host": os.environ["PGHOST"], "user": os.environ["PGUSER"], "database": os.environ["PGDATABASE"]}
    # One plan serves all values, and making one takes longer than running it.
    settings = {"plan_cache_mode": "force_generic_plan"}
    async with asyncpg.create_pool(
        min_size=POOL, max_size=POOL, connection_class=Connection, server_settings=settings, **database
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/v1/appointments/", status_code=201)
async def book(booking: Booking, request: Request) -> Appointment:
    if booking.start_time >= booking.end_time:
        raise HTTPException(422, "it must end after it begins")
    asked = (
        booking.clinic_id, booking.doctor_id, booking.patient_id, booking.start_time, booking.end_time,
        booking.room_type, booking.required_equipment, booking.capacity,
    )  # fmt: skip
    pool = request.app.state.pool
    for _ in range(TRIES):
        try:
            row = await pool.fetchrow(BOOK, *asked)
        except asyncpg.DeadlockDetectedError:
            continue
        except asyncpg.ForeignKeyViolationError:
            raise HTTPException(404, "no such doctor or patient") from None
        if row is not None:
            return Appointment(
                id=row["id"], room_id=row["room_id"], start_time=booking.start_time, end_time=booking.end_time
            )
        found = await pool.fetchrow(IN_THE_WAY, *asked)
        for who in ("doctor", "patient", "rooms"):
            if found[who]:
                raise HTTPException(409, "no room is free" if who == "rooms" else f"the {who} is elsewhere then")
    raise HTTPException(503, "others were faster every time")
