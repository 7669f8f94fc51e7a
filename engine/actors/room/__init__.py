"""A room: what it is, how it is shown, when it is closed, and a calendar in which no two stretches overlap."""

from __future__ import annotations

from engine.actors.room.calendar import conflicts, free_gaps, neighbours, objection

__all__ = ["conflicts", "free_gaps", "neighbours", "objection"]
