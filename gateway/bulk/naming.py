"""What a line calls another thing: its id here, its id where the file comes from, or its name where only one has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.bulk.kinds import KINDS, Kind
from gateway.problems import Fault
from gateway.shapes import clip

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Names:
    """The things of one kind by what they may be called. Names are compared without regard to capitals."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._ids: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}
        self._labels: dict[str, str] = {}

    def add(self, id: str, item: Mapping[str, Any], was: str = "") -> None:
        """A thing that is there, or will be; ``was``: its id in the file."""
        self._ids[id] = id
        if was:
            self._ids[was] = id
        label = item.get(self._kind.label) if self._kind.label else None
        if isinstance(label, str) and id not in self._labels:
            self._labels[id] = label
            self._named.setdefault(_folded(label), []).append(id)

    def id_of(self, called: str) -> str | None:
        """The id of what is called so; ``ValueError`` when several are, ``None`` when nothing is."""
        if _ID.fullmatch(called):
            return self._ids.get(called.lower())
        found = self._named.get(_folded(called), [])
        if len(found) > 1:
            raise ValueError(f"{len(found)} of the {self._kind.name} are called so: give the id")
        return found[0] if found else None

    def name_of(self, id: str) -> str:
        """The name of a thing where it is its only one, else the id."""
        label = self._labels.get(id)
        if label is None or _ID.fullmatch(label) or len(self._named[_folded(label)]) > 1 or label != label.strip():
            return id
        return label


def resolved(kind: Kind, values: Mapping[str, Any], names: Mapping[str, Names]) -> tuple[dict[str, Any], list[Fault]]:
    """A line's values with ids where it called things by name, and what could not be found."""
    made, faults = dict(values), []
    for field, other in kind.refers.items():
        said = made.get(field)
        several = isinstance(said, list)
        found = []
        for called in said if isinstance(said, list) else [said]:
            if not isinstance(called, str):
                found.append(called)  # nothing, or what the type will refuse
                continue
            try:
                id = names[other].id_of(called)
            except ValueError as error:
                faults.append(Fault(field, str(error)))
                continue
            if id is None:
                faults.append(Fault(field, f"none of the {other} is called {clip(called)!r}: import {other} first"))
                continue
            found.append(id)
        if said is not None and found:
            made[field] = found if several else found[0]
    return made, faults


def named(kind: Kind, values: Mapping[str, Any], names: Mapping[str, Names]) -> dict[str, Any]:
    """The other way about: values with names where they have ids."""
    made = dict(values)
    for field, other in kind.refers.items():
        match made.get(field):
            case str() as id:
                made[field] = names[other].name_of(id)
            case list() as ids:
                made[field] = [names[other].name_of(id) for id in ids]
            case _:
                pass
    return made


def needed(kinds: list[Kind]) -> list[Kind]:
    """The kinds that these refer to, in the order of ``KINDS``."""
    wanted = {other for kind in kinds for other in kind.refers.values()}
    return [kind for kind in KINDS.values() if kind.name in wanted]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
