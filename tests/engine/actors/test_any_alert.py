"""Any alerts in any order: what is open is what was raised and not cleared, and timers come to an end."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.alerts import ALERTS_DECIDER
from engine.actors.alerts.commands import Acknowledge, Clear, Close, Observe, Raise, Together
from engine.actors.alerts.figures import FIGURES
from engine.actors.alerts.state import BREAK_GLASS, Slice
from engine.decider import SECOND, FreeText
from tests.engine.actors.asked import Actor

PASSING = 400 * SECOND
KINDS = st.sampled_from(("shift_over", "result_critical", "timeout_rate"))
SUBJECTS = st.sampled_from(("", "a", "b"))
SEVERITIES = st.sampled_from(("info", "warning", "critical"))
OTHERS = st.one_of(
    st.builds(lambda kind, subject, severity: ("raise", kind, subject, severity), KINDS, SUBJECTS, SEVERITIES),
    st.builds(lambda kind, subject: ("clear", kind, subject), KINDS, SUBJECTS),
)
STEPS = st.one_of(
    OTHERS,
    st.builds(lambda steps: ("together", steps), st.lists(OTHERS, min_size=1, max_size=6)),
    st.builds(lambda place: ("seen", place), st.integers(0, 9)),
    st.builds(lambda place: ("closed", place), st.integers(0, 9)),
    st.builds(lambda who: ("broke", who), st.sampled_from(("asha", "bela"))),
    st.builds(lambda seconds: ("later", seconds), st.sampled_from((1, 30, 299, 300, 301))),
    st.builds(
        lambda requests, errors, slowest: ("measured", requests, errors, slowest),
        st.integers(0, 100),
        st.integers(0, 3),
        st.sampled_from((0, 6, 11)),
    ),
)


class Model(Actor):
    """The alerts, and beside them what must be open."""

    def __init__(self) -> None:
        super().__init__(ALERTS_DECIDER, "self")
        self.open: set[tuple[str, str]] = set()

    def take(self, step: Any) -> None:
        name, *rest = step
        listed = list(self.state.open.values())
        match name:
            case "raise" | "clear":
                self.ask(self._one(step))
            case "together":
                self.ask(Together(tuple([self._one(one) for one in rest[0]])))
            case "seen":
                if rest[0] < len(listed):
                    self.ask(Acknowledge(listed[rest[0]].id))
            case "closed":
                if rest[0] < len(listed):
                    self.open.discard((listed[rest[0]].kind, listed[rest[0]].subject))
                    self.ask(Close(listed[rest[0]].id))
            case "broke":
                reason = FreeText("nobody else is here")
                self.ask(Raise(kind=BREAK_GLASS, severity="warning", subject=rest[0], reason=reason, lasting=PASSING))
            case "later":
                self.later(rest[0])
            case "measured":
                requests, errors, slowest = rest
                one = Slice(at=self.time, requests=requests + errors, errors=errors, assigning_slowest=slowest * SECOND)
                self.ask(Observe((one,)))
        mine = {key for key in self.state.by_subject if not self._by_figures(key) and key[0] != BREAK_GLASS}
        assert mine == {key for key in self.open if not self._by_figures(key)}

    def _one(self, step: Any) -> Raise | Clear:
        name, kind, subject, *severity = step
        if name == "raise":
            self.open.add((kind, subject))
            return Raise(kind=kind, subject=subject, severity=severity[0])
        self.open.discard((kind, subject))
        return Clear(kind=kind, subject=subject)

    def _by_figures(self, key: tuple[str, str]) -> bool:
        return key[0] in FIGURES and not key[1]

    def later(self, seconds: int) -> None:
        """Time passes; what is due on the way happens, and each timer gets on."""
        until = self.time + seconds * SECOND
        while (due := self.decider.due(self.state)) is not None and due <= until:
            self.time = max(self.time, due)
            assert self.ask(Observe()) != [], "a timer changed nothing and would fire for ever"
        self.time = until


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=40))
def test_any_alerts_in_any_order(steps: list[Any]) -> None:
    model = Model()
    for step in steps:
        model.take(step)
    model.later(700)
    assert not [key for key in model.state.by_subject if model._by_figures(key)], "what was measured is long over"
    assert not [key for key in model.state.by_subject if key[0] == BREAK_GLASS], "and so is broken glass"
    assert ALERTS_DECIDER.due(model.state) is None
