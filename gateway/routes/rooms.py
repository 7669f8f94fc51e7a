"""Rows of rooms, of when they are closed, and of calendar feeds."""

from __future__ import annotations

from gateway.routes.row import ADMINS, READERS, Row

OK = (200,)
MADE = (200, 201)  # 200: it was only tried

ROWS = (
    Row("GET", "/rooms", "ListRooms", "List rooms", READERS),
    Row("POST", "/rooms", "AddRoom", "Add a room to a clinic", ADMINS, "/rooms/{id}/"),
    Row("GET", "/rooms/available", "AvailableRooms", "Which rooms can be had, for a time or at times of a length",
        READERS),
    Row("POST", "/rooms/conflicts", "CheckConflicts", "What is in the way of up to a hundred times", READERS,
        asks=True, statuses=OK),
    Row("GET", "/rooms/{room_id}", "GetRoom", "One room", READERS),
    Row("PUT", "/rooms/{room_id}", "ChangeRoom", "Replace what a room is", ADMINS),
    Row("DELETE", "/rooms/{room_id}", "RemoveRoom", "Retire a room in which nothing is booked", ADMINS),
    Row("PUT", "/rooms/{room_id}/display", "SetRoomDisplay", "Set a room's colour, label and place on boards", ADMINS),
    Row("GET", "/rooms/{room_id}/schedule", "GetRoomSchedule", "What a room is held for on a day", READERS),
    Row("GET", "/rooms/{room_id}/calendar.ics", "RoomCalendar", "A room's appointments as iCalendar", READERS,
        calendar=True),
    Row("GET", "/doctors/{doctor_id}/calendar.ics", "DoctorCalendar", "A doctor's appointments as iCalendar", READERS,
        calendar=True),
    Row("GET", "/doctors/{doctor_id}/calendar-link", "DoctorCalendarLink", "The address of a doctor's calendar feed",
        READERS),
    Row("GET", "/closures", "ListClosures", "List the closures of rooms", READERS),
    Row("POST", "/closures", "AddClosure", "Close a room, once or again and again", ADMINS, "/closures/{id}/",
        statuses=MADE),
    Row("GET", "/closures/{closure_id}", "GetClosure", "One closure", READERS),
    Row("PUT", "/closures/{closure_id}", "ChangeClosure", "Change a closure from now on", ADMINS),
    Row("DELETE", "/closures/{closure_id}", "RemoveClosure", "Take a closure back from now on", ADMINS, statuses=OK),
)  # fmt: skip
