"""A comparison as rows of text for terminals and pages, and as plain values for JSON. It makes differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine import calendar
from replay.whatif.comparing import Comparison, Tried, difference, groups
from replay.whatif.figures import Figures, Waits
from replay.whatif.rooming import RoomsTried

_COUNTS: Final = (
    ("tokens", "tokens"),
    ("completed", "completed"),
    ("no_shows", "no-shows"),
    ("no_shows_by_clock", "of them by the clock"),
    ("cancelled", "cancelled"),
    ("turned_away", "waiting lists in vain"),
    ("promotions", "promoted"),
    ("overbooked", "overbooked"),
    ("overrides", "above the capacity"),
    ("lifted", "lifted after a long wait"),
    ("left", "still waiting at the end"),
    ("refused", "refused"),
    ("seats", "seats used"),
    ("at_work", "time at work used"),
    ("overtime", "overtime (min)"),
)


def headline(found: Comparison) -> list[tuple[str, ...]]:
    """The figures by name: log, model, and each variant with its difference from the model."""
    base = found.baseline.figures
    rows = []
    for field, name in _COUNTS:
        values = [_value(figures, field) for figures in (found.log, base)]
        row = [name, *(_shown(value, field) for value in values)]
        for one in found.variants:
            value = _value(one.figures, field)
            row.append(_beside(_shown(value, field), difference(values[1], value), field))
        rows.append(tuple(row))
    for field, name in (("mean", "mean wait (min)"), ("p50", "median"), ("p90", "p90"), ("p95", "p95")):
        rows.append(_waited(found, "everybody", field, name))
    return rows


def wait_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Mean and p95 wait of each group."""
    rows = []
    for group in groups(found)[1:]:
        rows.append(_waited(found, group, "mean", f"{group}: mean"))
        rows.append(_waited(found, group, "p95", f"{group}: p95"))
    return rows


def notes(found: Comparison) -> Iterator[str]:
    """What the figures rest on, in sentences."""
    first, last = found.positions
    until = calendar.local_time(found.until, found.zone).strftime("%H:%M:%S")
    whole = "the whole day" if found.whole else f"up to {until}, where the log ends"
    yield f"Hospital {found.hospital}, {found.day} ({found.zone}), positions {first:,} to {last:,}: {whole}."
    error, model = found.error, found.model
    if error.exact:
        yield f"The model gives the log's own day exactly ({error.visits:,} visits)."
    else:
        yield (
            f"The model's own error: {error.mean} min a visit, {error.largest} at most, of {error.visits:,} visits; "
            f"{error.only_in_log} only in the log, {error.only_in_model} only in the model, "
            f"{error.ended_otherwise} ended otherwise, {error.decided_otherwise} commands decided otherwise. "
            "A smaller difference says nothing."
        )
    yield (
        f"{model.arrivals:,} commands from outside, {model.calls:,} calls at {model.counters} counters with "
        f"{model.absences} absences; {model.unusual_calls} calls out of the queue stay as they were."
    )
    if model.unusable:
        yield f"{model.unusable:,} refused arrivals could not be used: the log has only their ids."
    for one in found.variants:
        yield from _assumptions(one)
    yield from _rooms("the rules in force", found.rooms)
    for one in found.variants:
        yield from _rooms(one.name, one.rooms)


def plain(found: Comparison) -> dict[str, Any]:
    """For JSON: everything, with differences from the model, without the single visits."""
    whole = msgspec.to_builtins(found)
    whole.pop("log_visits")
    for one in (whole["baseline"], *whole["variants"]):
        one.pop("visits")
    base = whole["baseline"]["figures"]
    for one in whole["variants"]:
        one["differences"] = _differences(base, one["figures"])
    whole["error"]["exact"] = found.error.exact
    for field in ("since", "until"):
        whole[field] = calendar.moment(whole[field]).isoformat().replace("+00:00", "Z")
    return dict(whole)


def _assumptions(one: Tried) -> Iterator[str]:
    made = []
    if one.assumed.check_ins:
        made.append(f"{one.assumed.check_ins} get a place that they had not, and come when it begins")
    if one.assumed.acceptances:
        made.append(f"{one.assumed.acceptances} are offered a seat and accept")
    if one.assumed.services:
        made.append(f"{one.assumed.services} who were never served take the median time of their queue")
    if one.without_effect:
        made.append(f"{one.without_effect} commands of the log have no place here")
    if made:
        yield f"Assumed under {one.name}: {'; '.join(made)}."


def _rooms(name: str, rooms: Iterable[RoomsTried]) -> Iterator[str]:
    for one in rooms:
        yield (
            f"Clinic {one.clinic_id} under {name}: of {one.appointments} appointments chosen again {len(one.changed)} "
            f"would be elsewhere than in the log, {one.without_room} without a room."
        )


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, there in after.items():
        here = before.get(name)
        if isinstance(there, dict):
            found[name] = _differences(here if isinstance(here, dict) else {}, there)
        elif (by := difference(here, there)) is not None:
            found[name] = by
    return found


def _waited(found: Comparison, group: str, field: str, name: str) -> tuple[str, ...]:
    values = [getattr(_of(figures, group), field) for figures in (found.log, found.baseline.figures)]
    row = [name, *(_shown(value, field) for value in values)]
    for one in found.variants:
        value = getattr(_of(one.figures, group), field)
        row.append(_beside(_shown(value, field), difference(values[1], value), field))
    return tuple(row)


def _of(figures: Figures, group: str) -> Waits:
    return figures.waits.get(group, Waits())


def _value(figures: Figures, field: str) -> Any:
    value = getattr(figures, field)
    return sum(value.values()) if isinstance(value, dict) else value


def _shown(value: Any, field: str) -> str:
    if value is None:
        return "–"
    if field in ("seats", "at_work"):
        return f"{value:.1%}"
    return f"{value:,}"


def _beside(shown: str, by: Any, field: str) -> str:
    if not by:
        return shown
    return f"{shown} ({by:+.1%})" if field in ("seats", "at_work") else f"{shown} ({round(by, 1):+,})"
