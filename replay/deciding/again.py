"""An entry's decision taken again: the same command, instant, ids and random bytes, over the states that it met.

The rules are run by the engine's own code (``engine.stepping``) over a book that was folded up to the entry before.
Nothing evolves here: what is decided now is held against what the log says was decided then. A command is taken as
the log has it; of a refused one, what may identify a person was left out, and then only the same refusal proves much.

Under the entry's own rule-book version every difference is a fault, of the log or of the program. Under a newer one it
is what the new rules would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, get_args

import msgspec
from msgspec.msgpack import Ext

from engine.decider import At, Deciding, Done, Look, Members, NotInMemory, Private, Propose, Step
from engine.decisions import DECISIONS
from engine.errors import LogCorrupt, Rejected
from engine.eventlog.entry import RULEBOOK, Refusal
from engine.eventlog.keys import SEALED
from engine.stepping import Accepted, decided
from replay.deciding.comparing import differences
from replay.deciding.veiling import VEILED, VeilingKeys, sealed_subjects
from replay.walking import Unreadable, Walk

TOO_LARGE: Final = "decision_too_large"
"""The engine's refusal of what the rules agree to, but no entry can hold."""

_BY_NAME: Final = {decision.name: decision for decision in DECISIONS.values()}
_ABSENT: Final = Ext(SEALED, b"\x01" + bytes(44))


class Taken(msgspec.Struct, frozen=True):
    """One step of a decision. ``gave``: a state's stored bytes (``None``: no such actor), a key, keys, or events."""

    step: Step
    gave: Any = None
    refusal: Refusal | None = None
    """What the actor answered instead of events; the decision may have gone on with another."""
    facts: dict[str, Any] = {}


class Again(msgspec.Struct):
    """What a decision comes to when it is taken again.

    ``changes`` are the events by actor, ``refusal`` (with ``detail`` and ``facts``: what its rule compared) why there
    are none. ``unreadable`` says why it cannot be judged whether that is the ``same``; then ``differences`` is empty.
    """

    entry: Any
    steps: tuple[Taken, ...] = ()
    changes: dict[str, tuple[Any, ...]] = {}
    outcome: str = ""
    refusal: Refusal | None = None
    detail: str = ""
    facts: dict[str, Any] = {}
    refused_by: type[Rejected] | None = None
    same: bool = True
    differences: tuple[str, ...] = ()
    unreadable: str = ""
    command: Any = None
    """As the rules met it; ``None`` where it cannot be had from the log."""
    answer: Callable[[Callable[[str], Any]], Any] | None = None
    """Makes what is answered from the states as they are afterwards."""

    @property
    def of_version(self) -> bool:
        """Whether other rules than the present ones decided then."""
        return bool(self.entry.rulebook != RULEBOOK)


async def decide_again(walk: Walk, entry: Any) -> Again:
    """Take the decision of an entry again; ``walk.book`` is as of the position before it."""
    return await Redeciding(walk).again(entry, noting=True)


class Redeciding:
    """Takes decisions of one walk again, entry by entry."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._readers: dict[type[Any], msgspec.msgpack.Decoder[Any]] = {}
        self._known: set[str] = set()

    async def fetch(self, records: Iterable[bytes]) -> None:
        """Bring the keys of these entries' texts into memory, all at once."""
        wanted = sealed_subjects(records) - self._known
        if wanted:
            keys = self._walk.book.keys
            self._known |= wanted
            keys.adopt(await self._walk.source.read_keys([keys.store_name(subject) for subject in sorted(wanted)]))

    async def again(
        self, entry: Any, *, noting: bool = False, watch: AbstractContextManager[Any] | None = None
    ) -> Again:
        """What this entry's decision comes to now; with ``noting`` the steps that led there are kept.

        The rules run inside ``watch``, which is entered anew each time a key must be fetched first.
        """
        assert self._walk.book.head == entry.position - 1, "a decision meets the states as of the entry before it"
        keys = self._walk.keys
        keys.met, keys.veiling = False, True
        try:
            found = await self._opened(entry, noting, watch or nullcontext())
        finally:
            keys.veiling = False
        if found.same or found.unreadable:
            return found
        return self._judged(entry, found, keys)

    async def answered(self, again: Again, data: bytes) -> None:
        """Hold what was answered against what is answered now; the book is as of the entry itself (its bytes)."""
        keys = self._walk.keys
        keys.met, keys.veiling = False, True
        try:
            then, now = await self._walk.opened(partial(self._answers, again, data))
        except Unreadable:
            return
        except LogCorrupt:
            raise
        except Exception as fault:  # what is veiled is not what an answer is made of
            then, now = "made", f"not made: {type(fault).__name__}"
        finally:
            keys.veiling = False
        if then != now and not (keys.met or "" in keys.nowhere or _mentions(again.entry, keys.closed)):
            again.same = False
            # Where, but not what: an answer is in the clear.
            again.differences = tuple(one.partition(":")[0] for one in differences(then, now, "the answer, at "))

    def _answers(self, again: Again, data: bytes) -> tuple[Any, Any]:
        codec = self._walk.book.codec
        then = codec.kept_answer(data)
        now = b"" if again.answer is None else codec.plain(again.answer(self._state))
        if then == now:
            return then, now
        answered, answer = _plain(then), _plain(now)
        return answered, _as_far_as(answered, answer)

    def _state(self, key: str) -> Any:
        cell = self._walk.book.cell(key)
        return None if cell is None else cell.state

    async def _opened(self, entry: Any, noting: bool, watch: AbstractContextManager[Any]) -> Again:
        while True:
            try:
                return await self._walk.opened(partial(self._again, entry, noting, watch))
            except Unreadable as closed:
                self._walk.keys.nowhere.add(str(closed))
            except LogCorrupt as damage:
                return Again(entry, same=False, unreadable=f"a text of it cannot be opened: {damage}")

    def _judged(self, entry: Any, found: Again, keys: VeilingKeys) -> Again:
        """A difference that may come of what is not in the log any more proves nothing."""
        refusal = entry.refusal
        why = ""
        if keys.met or "" in keys.nowhere or _mentions(entry, keys.closed):
            why = "it rests on text whose key is not here"
        elif refusal is not None and not refusal.whole:
            why = "of the refused command only the ids were kept"
        elif refusal is not None and refusal.left_out:
            why = f"of the refused command was left out: {', '.join(refusal.left_out)}"
        if why:
            found.unreadable, found.differences = why, ()
        return found

    def _again(self, entry: Any, noting: bool, watch: AbstractContextManager[Any]) -> Again:
        decision = _BY_NAME.get(entry.name)
        if decision is None:
            return Again(entry, same=False, unreadable=f"this program knows no command {entry.name}")
        try:
            command = self._command(decision.command, entry)
        except (msgspec.ValidationError, LookupError) as error:
            return Again(entry, same=False, unreadable=f"the command cannot be had from its entry: {error}")
        at = At(entry.time, entry.command_id, partial(_drawn, entry), _asker(entry))
        accepted: Accepted = {}
        noted: list[Taken] = []
        again = Again(entry, command=command)
        steps = decision.run(command, at)
        try:
            with watch:
                done = decided(self._walk.book, self._noted(steps, noted) if noting else steps, at, accepted)
        except Rejected as refusal:
            again.refusal = Refusal(type(refusal).code, type(refusal).rule)
            again.detail, again.facts, again.refused_by = refusal.detail, refusal.facts, type(refusal)
        except (NotInMemory, LogCorrupt):
            raise
        except Exception as fault:  # a rule book that fails now decided once: that is a difference, whatever it is
            again.same, again.differences = False, (f"deciding fails: {type(fault).__name__}: {fault}",)
            return again
        else:
            again.outcome, again.answer = done.outcome, done.answer
            again.changes = {key: events for key, (_, events) in accepted.items()}
        again.steps = tuple(noted)
        again.differences = tuple(self._differences(entry, again))
        again.same = not again.differences
        return again

    def _differences(self, entry: Any, now: Again) -> Iterable[str]:
        then = entry.refusal
        if then is not None and then.code == TOO_LARGE and now.refusal is None:
            return
        if then is not None or now.refusal is not None:
            if then is None or now.refusal is None or (then.code, then.rule) != (now.refusal.code, now.refusal.rule):
                yield f"{_came(then, entry.outcome)} then, {_came(now.refusal, now.outcome)} now"
            return
        if entry.outcome != now.outcome:
            yield f"outcome {entry.outcome} then, {now.outcome} now"
        before = {change.actor: change.events for change in entry.changes}
        for key, events in before.items():
            if key not in now.changes:
                yield f"{key} changed then, and does not now"
            elif events != now.changes[key]:
                yield from differences(events, now.changes[key], key)
        for key in now.changes:
            if key not in before:
                yield f"{key} changes now, and did not then"
        if list(before) != list(now.changes) and set(before) == set(now.changes):
            yield "the actors come in another order"

    def _noted(self, steps: Deciding, noted: list[Taken]) -> Deciding:
        """The same decision, with a note of each step."""
        step = next_step = None
        try:
            step = steps.send(None)
            while True:
                try:
                    gave = yield step
                except Rejected as refusal:
                    why = Refusal(type(refusal).code, type(refusal).rule)
                    noted.append(Taken(step, None, why, refusal.facts))
                    next_step = steps.throw(refusal)
                else:
                    noted.append(Taken(step, self._kept(step, gave)))
                    next_step = steps.send(gave)
                step = next_step
        except StopIteration as stop:
            done: Done = stop.value
            return done

    def _kept(self, step: Step, gave: Any) -> Any:
        if type(step) is not Look or gave is None:
            return tuple(gave) if type(step) is Members else gave
        cell = self._walk.book.cell(step.key)
        assert cell is not None, "a state was given"
        return self._walk.book.codec.freeze(cell.decider.freeze(gave))

    def _command(self, kind: type[Any], entry: Any) -> Any:
        reader = self._readers.get(kind)
        if reader is None:
            reader = self._readers[kind] = self._walk.book.codec.decoder((kind,))
        if entry.refusal is None or not entry.refusal.left_out:
            return reader.decode(b"\x91" + bytes(entry.command))[0]
        raw = msgspec.msgpack.decode(entry.command)
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        absent = {name: _text_type(types[name]) for name in entry.refusal.left_out}
        for name, text in absent.items():
            raw[name] = VEILED if text is None else _ABSENT
        command = reader.decode(msgspec.msgpack.encode([raw]))[0]
        blanks = {name: text(VEILED, "") for name, text in absent.items() if text is not None}
        return msgspec.structs.replace(command, **blanks)


def _plain(answer: bytes) -> Any:
    plain = msgspec.msgpack.decode(answer) if answer else None
    if isinstance(plain, dict):
        plain.pop("policy_cache", None)  # figures of a process, not of the house
    return plain


def _as_far_as(then: Any, now: Any) -> Any:
    """What is answered now without the fields that answers have got since: no rule decides about them."""
    if isinstance(then, dict) and isinstance(now, dict):
        return {name: _as_far_as(value, now[name]) for name, value in then.items() if name in now}
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [_as_far_as(one, other) for one, other in zip(then, now, strict=True)]
    return now


def proposals(steps: Sequence[Taken]) -> list[Taken]:
    """What was asked of actors, in order, refused proposals among them."""
    return [one for one in steps if type(one.step) is Propose]


def keys_met(steps: Sequence[Taken]) -> list[str]:
    """The actors whose states a decision met, in order, each once."""
    return list(dict.fromkeys(one.step.key for one in steps if isinstance(one.step, Look | Propose)))


def _text_type(kind: Any) -> type[Private] | None:
    """The kind of text that a field may hold; ``None`` for plain text."""
    if isinstance(kind, type) and issubclass(kind, Private):
        return kind
    return next((found for part in get_args(kind) if (found := _text_type(part)) is not None), None)


def _mentions(entry: Any, subjects: set[str]) -> bool:
    raw = bytes(entry.command) + "".join(change.actor for change in entry.changes).encode()
    return any(subject.encode() in raw for subject in subjects)


def _asker(entry: Any) -> str:
    name: str = _WHO.decode(entry.who).name
    return name


def _drawn(entry: Any) -> bytes:
    """The random bytes of then. Where none were drawn, or nobody can open them, the ids that follow are others."""
    text = "" if entry.entropy is None else entry.entropy.text
    return bytes(16) if text in ("", VEILED) else bytes.fromhex(text)


def _came(refusal: Refusal | None, outcome: str) -> str:
    return f"refused ({refusal.code} {refusal.rule}".rstrip() + ")" if refusal else f"accepted ({outcome})"


class _Asker(msgspec.Struct):
    name: str


_WHO: Final = msgspec.msgpack.Decoder(_Asker)
