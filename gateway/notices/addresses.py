"""Where a webhook may be sent: to the outside, and inside the house only where the operator's configuration says so.

The name is looked up, every address it has is checked, and the connection is made to one of the addresses that were
checked: a name that answers differently a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final

import trio

from engine.actors.destination.places import Target, is_host
from gateway.notices.undelivered import Undelivered

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, as text."""

# What Python's tables call global, or what differs between its versions, and is none of a webhook's business.
_NEVER: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a cloud's wire server, in the middle of public addresses
        "::/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class BadAllowance(ValueError):
    """A word of ``notices.allow`` is neither a network nor a host."""


class Reach:
    """Which addresses may be connected to. ``allow``: networks and host names, separated by spaces or commas."""

    def __init__(self, allow: str = "", resolve: Resolve | None = None) -> None:
        self._networks: list[Network] = []
        self._hosts: set[str] = set()
        self._resolve = resolve or look_up
        for word in allow.replace(",", " ").split():
            try:
                self._networks.append(ipaddress.ip_network(word))
            except ValueError:
                if "/" in word or not is_host(word.lower()):
                    raise BadAllowance(f"{word!r} is no network such as 10.1.0.0/16 and no name of a host") from None
                self._hosts.add(word.lower())

    async def addresses(self, target: Target) -> list[str]:
        """Those of the target, checked; ``Undelivered`` when one of them is not for us to speak to."""
        try:
            found = [ipaddress.ip_address(text) for text in await self._resolve(target.host, target.port)]
        except OSError:
            raise Undelivered("unknown_host") from None
        except ValueError:  # an address with a zone, which only a link-local one has
            raise Undelivered("refused_address") from None
        if not found:
            raise Undelivered("unknown_host")
        for address in found:
            named = target.host in self._hosts or self._names(address)
            if not named and not is_outside(address):
                raise Undelivered("refused_address")
            if not named and target.scheme != "https":
                raise Undelivered("refused_plain_http")
        return [str(address) for address in dict.fromkeys(found)]

    def _names(self, address: Address) -> bool:
        plain = [address, *embedded(address)]
        return any(one in network for one in plain for network in self._networks if network.version == one.version)


def is_outside(address: Address) -> bool:
    """Whether an address is one of the public internet's, whatever it is wrapped in."""
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    inside = embedded(address)
    if inside:
        return all(map(is_outside, inside))
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded(address: Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 address that an IPv6 address leads to: mapped, translated (NAT64), 6to4."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    if address in _NAT64 or int(address) >> 32 == 0:  # and ::a.b.c.d, which nobody uses any more
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return found


async def look_up(host: str, port: int) -> list[str]:
    """The addresses that this machine's resolver gives for streams."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
