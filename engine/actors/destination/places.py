"""Where a notice can be sent: URLs and mail addresses, taken apart in one place only, so that nobody reads them twice.

It knows how an address is spelled, and nothing of what lies behind it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from engine.decider import Private
from engine.errors import Invalid


class Url(Private):
    """Where a webhook is sent: it may carry a token of the receiver's, so it is sealed like a secret."""

    __slots__ = ()
    max_length = 2_000
    min_length = 1


class MailAddress(Private):
    """One recipient: a person's, maybe."""

    __slots__ = ()
    max_length = 200
    min_length = 3


class Target(NamedTuple):
    """A URL taken apart; ``host`` in small letters and without brackets."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """R1: the parts of a URL; ``Invalid`` for what two readers might read differently. The only parser of URLs here."""
    found = _URL.fullmatch(url)
    if found is None:
        raise Invalid("must be http(s)://host[:port]/path in ASCII, without user, password or fragment", field="url")
    scheme, host, port, path = found.groups()
    host = host.lower()
    number = int(port) if port else {"http": 80, "https": 443}[scheme]
    if not 0 < number < 65_536 or not (_is_v6(host[1:-1]) if host.startswith("[") else is_host(host)):
        raise Invalid("names no host that can be meant", field="url")
    return Target(scheme, host.strip("[]"), number, path if path.startswith("/") else f"/{path}")


def is_host(name: str) -> bool:
    """Whether this is the name of a host, or an IPv4 address with four plain numbers.

    A name whose last part begins with a digit would be a number to some resolvers: 127.1, 0x7f000001, 2130706433.
    """
    labels = name.split(".")
    if not 0 < len(name) <= 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if not labels[-1][0].isdigit():
        return True
    try:
        return str(ipaddress.IPv4Address(name)) == name
    except ValueError:
        return False


_URL = re.compile(
    r"(https?)://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?"
    r"((?:[/?][A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?)"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_mail(text: str) -> bool:
    """Whether this is ``local@host`` in plain ASCII, without quotes, comments and display names."""
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and _LOCAL.fullmatch(local) is not None and is_host(domain.lower())
