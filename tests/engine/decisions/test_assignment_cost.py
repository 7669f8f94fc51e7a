"""What an assignment looks at: as much with a thousand who wait as with one."""

from __future__ import annotations

from typing import Any

from engine.decider import At, Look
from tests.engine.house import House


class Counted(House):
    """A hospital that remembers which actors the last decision looked at."""

    looked: list[str]

    def ask(self, command: Any) -> Any:
        self.looked = []
        return super().ask(command)

    def _take(self, step: Any, at: At, accepted: dict[str, tuple[Any, ...]]) -> Any:
        if isinstance(step, Look):
            self.looked.append(step.key)
        return super()._take(step, at, accepted)

    def kinds(self) -> set[str]:
        """Of what it looked at."""
        return {key.partition(":")[0] for key in self.looked}


def test_who_comes_while_others_wait_for_the_same_costs_no_look_at_staff_or_beds() -> None:
    house = Counted()
    for _ in range(5):
        house.ward(beds=1)
    people = [house.person("f", "1980-01-01") for _ in range(3)]
    house.admit(people[0])
    assert house.looked.count("roster:self") > 0

    house.admit(people[1])

    assert house.kinds() == {"hospital", "patient", "intake"}
    house.sound()


def test_a_discharge_costs_the_same_whether_a_few_wait_for_a_bed_or_many() -> None:
    costs = []
    for many in (3, 60):
        house = Counted()
        house.ward(beds=2)
        house.doctor(max_load=100), house.nurse(max_load=100)
        first, _ = house.admit(), house.admit()
        for number in range(many):
            house.admit(house.person("f" if number % 2 else "m", f"{1930 + number}-01-01"))
        house.discharge(first.id)
        costs.append(len(house.looked))
        house.sound()
    assert costs[0] == costs[1]


def test_a_bed_that_is_cleaned_looks_at_no_admission_but_the_one_that_gets_it() -> None:
    house = Counted()
    house.ward(beds=1)
    house.doctor(max_load=100), house.nurse(max_load=100)
    first = house.admit()
    waiting = [house.admit(house.person("", f"{1930 + number}-01-01")).id for number in range(30)]
    bed = house.admission(first.id).carers.bed_id
    house.discharge(first.id)

    house.clean(bed)

    assert {key for key in house.looked if key.startswith("admission:")} == {f"admission:{waiting[0]}"}
    house.sound()
