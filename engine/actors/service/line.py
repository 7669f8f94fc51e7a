"""Places in the line, as arithmetic of orders: where a ticket stands that joins, comes back, or is moved up.

An order is (rank, instant, sequence, place behind the one with the same first three). Tickets that wait are never
renumbered: who is put between two others gets an order between theirs.
"""

from __future__ import annotations

from typing import Final

from engine.actors.service.state import LIFTED, RANK, Line, Order, Priority, Service, Ticket

GAP: Final = 1 << 40
"""Left behind the last of an order: eight million in a row fit into the 63 bits that the log has for a number."""
STEP: Final = 1 << 20
"""Left in front of the next one: a million may go, one after the other, to the very same place."""


def rank_of(priority: Priority, *, lifted: bool) -> int:
    """R4, R13: the rank in line."""
    return min(RANK[priority], LIFTED) if lifted else RANK[priority]


def own_order(ticket: Ticket, rank: int) -> Order:
    """R4: where a ticket of this rank stands by its arrival."""
    return (rank, ticket.arrived_at, ticket.seq, 0)


def order_at(line: Line, index: int, own: Order) -> Order:
    """An order that stands at this index; one place later where no order is left there. In an empty line: ``own``."""
    while True:
        behind = line[index].order if index < len(line) else None
        if not index:
            return own if behind is None else _before(behind)
        ahead = line[index - 1].order
        if behind is None or ahead[:3] != behind[:3]:
            return (*ahead[:3], ahead[3] + GAP)
        room = behind[3] - ahead[3]
        if room > 1:
            return (*ahead[:3], behind[3] - STEP if room > STEP else ahead[3] + room // 2)
        index += 1


def in_front(line: Line, rank: int, own: Order) -> Order:
    """R10: an order in front of all of this rank."""
    index = line.bisect_key_left((rank, 0, 0, 0))
    first = line[index].order if index < len(line) else None
    return own if first is None or first[0] != rank else _before(first)


def settle(line: Line, order: Order) -> Order:
    """This order, or one just in front of whoever has taken it meanwhile."""
    index = line.bisect_key_left(order)
    if index == len(line) or line[index].order != order:
        return order
    return order_at(line, index, order)


def place_of(service: Service, ticket: Ticket, order: Order) -> int:
    """The place 1..n that a ticket will have under this order; it may be in line already."""
    ahead = service.line.bisect_key_left(order)
    return ahead + 1 - (ticket.status == "waiting" and ticket.order < order)


def _before(order: Order) -> Order:
    return (*order[:3], order[3] - GAP)
