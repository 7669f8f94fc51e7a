"""Sheets as files: a page to print and a table to fill for each, an index, all in a folder of the day.

A page stands for itself: it loads nothing, and can be opened from a disk. A folder is made beside and put in the place
of the one before, so that whoever prints never sees half of one. Only its owner may read it: there are patients on it.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gateway.bulk.cells import cell
from gateway.downtime.sheets import COLUMNS, Line, Sheet, rows

BLANK: Final = 12
"""Empty lines of a sheet, for who was not expected."""

HEADS: Final = ("time", "ticket, place", "patient", "about")
BY_HAND: Final = {
    "doctor": ("arrived", "called", "started", "ended", "outcome"),
    "queue": ("arrived", "called", "started", "ended", "outcome"),
    "clinic": ("arrived", "started", "ended", "outcome"),
    "ward": ("moved", "note"),
}
KINDS: Final = {"doctor": "Doctors", "queue": "Queues", "clinic": "Clinics", "ward": "Wards"}
MARK: Final = ".matron-downtime"
"""A file in each folder that this program made: no other is ever taken away."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_UNSAFE: Final = re.compile(r"[^\w.-]+")


def write_day(folder: Path, day: str, sheets: Sequence[Sheet], hospital: str, made: str) -> Path:
    """The folder of a day, made anew; gives its index."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside, place, before = folder / f".{day}.part", folder / day, folder / f".{day}.old"
    for left in (beside, before):
        _take_away(left)
    beside.mkdir(mode=0o700)
    _write(beside / MARK, "")
    page = _environment().get_template("downtime.html")
    links: dict[str, list[dict[str, Any]]] = {}
    for number, sheet in enumerate(sheets, 1):
        name = f"{sheet.kind}-{number:03}-{_UNSAFE.sub('-', sheet.name).strip('-')[:60]}"
        common = {"title": sheet.title, "hospital": hospital, "day": day, "made": made, "count": len(sheet.lines)}
        by_hand = BY_HAND[sheet.kind]
        lines = [_shown(line, by_hand) for line in sheet.lines]
        lines += [_shown(Line("", ""), by_hand) for _ in range(BLANK if sheet.enters else 0)]
        _write(beside / f"{name}.html", page.render(**common, heads=HEADS, by_hand=by_hand, lines=lines))
        _write(beside / f"{name}.csv", _table(sheet))
        link = {"page": f"{name}.html", "table": f"{name}.csv", "title": sheet.title, "count": len(sheet.lines)}
        links.setdefault(KINDS[sheet.kind], []).append(link)
    index = {"title": f"Lists of {day}", "hospital": hospital, "day": day, "made": made, "pages": list(links.items())}
    _write(beside / "index.html", page.render(**index))
    if place.exists():
        place.rename(before)
    beside.rename(place)
    _take_away(before)
    return place / "index.html"


def forget_before(folder: Path, day: str) -> list[str]:
    """Take away the folders of days before this one that this program made; gives their names."""
    gone = []
    for place in sorted(folder.iterdir() if folder.is_dir() else ()):
        if _DAY.fullmatch(place.name) and place.name < day and (place / MARK).is_file():
            _take_away(place)
            gone.append(place.name)
    return gone


def _take_away(place: Path) -> None:
    if place.is_dir() and (place / MARK).is_file():
        shutil.rmtree(place)
    elif place.is_dir():
        place.rmdir()  # an empty one that was broken off; anything else is not ours


def _shown(line: Line, by_hand: Sequence[str]) -> dict[str, Any]:
    """A line with what is known already in the columns that are filled by hand."""
    known = {"arrived": line.arrived, "called": line.called, "started": line.started}
    told = {name: getattr(line, name) for name in ("time", "code", "place", "name", "dob", "phone", "note")}
    return {**told, "written": [known.get(name, "") for name in by_hand]}


def _table(sheet: Sheet) -> str:
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in row] for row in rows(sheet, BLANK))
    return made.getvalue()


def _write(place: Path, text: str) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("gateway"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
