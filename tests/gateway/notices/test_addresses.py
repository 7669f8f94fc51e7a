"""Where a webhook may go: nothing inside the house, by whatever name, unless the operator says so."""

from __future__ import annotations

import ipaddress

import pytest

from engine.actors.destination.places import Target, target_of
from engine.errors import Invalid
from gateway.notices.addresses import BadAllowance, Reach, Resolve, is_outside
from gateway.notices.undelivered import Undelivered

INSIDE = """
127.0.0.1 127.8.9.1 0.0.0.0 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.1.1 169.254.169.254 169.254.0.1
100.64.0.1 100.100.100.200 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 168.63.129.16 192.88.99.1
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
2002:7f00:1:: 2002:c0a8:101:: fe80::1 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 2001::1 100::1 64:ff9b:1::1
""".split()
OUTSIDE = (
    "8.8.8.8 1.1.1.1 172.32.0.1 100.128.0.1 ::ffff:8.8.8.8 2606:4700::1111 64:ff9b::808:808 2002:808:808::".split()
)


def answers(*addresses: str) -> Resolve:
    """A resolver that gives these."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


async def refusal(reach: Reach, url: str = "https://hooks.example.org/x") -> str:
    """Why it may not be sent there."""
    with pytest.raises(Undelivered) as refused:
        await reach.addresses(target_of(url))
    return refused.value.reason


@pytest.mark.parametrize("address", INSIDE)
async def test_an_inside_address_is_refused_by_whatever_name(address: str):
    assert not is_outside(ipaddress.ip_address(address))
    assert await refusal(Reach(resolve=answers(address))) == "refused_address"


@pytest.mark.parametrize("address", OUTSIDE)
async def test_an_outside_address_is_connected_to(address: str):
    (used,) = await Reach(resolve=answers(address)).addresses(target_of("https://hooks.example.org/x"))
    assert ipaddress.ip_address(used) == ipaddress.ip_address(address)


async def test_one_inside_address_among_others_refuses_them_all():
    assert await refusal(Reach(resolve=answers("8.8.8.8", "10.0.0.1"))) == "refused_address"


async def test_a_name_is_looked_up_each_time_and_what_was_checked_is_what_is_used():
    turns = iter(["8.8.8.8", "127.0.0.1"])

    async def rebinding(host: str, port: int) -> list[str]:
        return [next(turns)]

    reach, target = Reach(resolve=rebinding), target_of("https://hooks.example.org/x")
    assert await reach.addresses(target) == ["8.8.8.8"]
    assert await refusal(reach) == "refused_address"


async def test_the_operator_names_networks_and_hosts():
    reach = Reach("10.1.0.0/16, sms.internal  fd00::/8", answers("10.1.2.3"))
    assert await reach.addresses(target_of("http://anything.example.org/")) == ["10.1.2.3"]
    assert await Reach("sms.internal", answers("10.9.9.9")).addresses(target_of("http://SMS.internal/")) == ["10.9.9.9"]
    assert await refusal(Reach("10.1.0.0/16", answers("10.2.0.1"))) == "refused_address"
    assert await refusal(Reach("10.1.0.0/16", answers("::1"))) == "refused_address"
    assert await Reach("10.1.0.0/16", answers("::ffff:10.1.0.1")).addresses(target_of("http://h.example/")) != []


async def test_outside_nothing_goes_over_plain_http():
    assert await refusal(Reach(resolve=answers("8.8.8.8")), "http://hooks.example.org/") == "refused_plain_http"


@pytest.mark.parametrize("found", [[], ["fe80::1%eth0"], ["nonsense"]])
async def test_what_is_no_address_is_refused(found: list[str]):
    assert await refusal(Reach(resolve=answers(*found))) in ("unknown_host", "refused_address")


async def test_a_name_that_nobody_knows_is_a_failed_try():
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    assert await refusal(Reach(resolve=nobody)) == "unknown_host"


async def test_the_real_resolver_is_asked_and_believed_only_after_the_check():
    assert await refusal(Reach(), "https://localhost/") == "refused_address"
    assert await refusal(Reach(), "https://[::1]/") == "refused_address"


@pytest.mark.parametrize("allow", ["10.0.0.0/33", "10.0.0.1/8", "a_b", "0x7f.1", "127.1", "http://x", "é.org", "x/y"])
def test_a_word_that_is_neither_network_nor_host_is_refused_at_the_start(allow: str):
    with pytest.raises(BadAllowance):
        Reach(allow)


@pytest.mark.parametrize(
    "url",
    """
    http: https:// ftp://example.org/ //example.org/ javascript:alert(1) https:///x http://user@example.org/
    http://user:pw@example.org/ http://example.org:80@127.0.0.1/ http://example.org\\@127.0.0.1/ https://example.org#x
    https://example.org/#x https://exa_mple.org/ https://-a.org/ https://a-.org/ https://a..b/ https://.org/
    https://example.org./ https://0x7f.1/ https://0x7f000001/ https://2130706433/ https://127.1/ https://0177.0.0.1/
    https://127.0.0.1.2/ https://1.2.3.256/ https://127.00.0.1/ https://x.0x7f/ https://bücher.example/
    https://１２７.0.0.1/ https://①②⑦.0.0.1/ https://example.org:0/ https://example.org:65536/ https://example.org:/
    https://example.org:8o/ https://[::1 https://::1/ https://[::g]/ https://[fe80::1%25eth0]/ https://[]/
    https://example.org/ä https://example.org/<x> https://example.org/"x" https://example.org/a\\b
    """.split(),
)
def test_a_url_that_two_readers_could_read_differently_is_invalid(url: str):
    with pytest.raises(Invalid) as refused:
        target_of(url)
    assert refused.value.facts["field"] == "url"


@pytest.mark.parametrize("inside", ["\r\nHost: x", "\n", " ", "\t", "\0", "\x7f", "\u2028", "\r\n\r\nGET / HTTP/1.1"])
@pytest.mark.parametrize(
    "url", ["https://example.org/{}", "https://exam{}ple.org/", "https://example.org{}", "{}https://x.org/"]
)
def test_no_line_end_and_no_blank_gets_into_a_url(url: str, inside: str):
    with pytest.raises(Invalid):
        target_of(url.format(inside))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://Example.ORG", Target("https", "example.org", 443, "/")),
        ("http://a.b-c.org:8080/x/y?q=1&r=[2]", Target("http", "a.b-c.org", 8080, "/x/y?q=1&r=[2]")),
        ("https://example.org?x=1", Target("https", "example.org", 443, "/?x=1")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("https://10.0.0.1/", Target("https", "10.0.0.1", 443, "/")),
        ("https://[2001:DB8::1]:1/", Target("https", "2001:db8::1", 1, "/")),
        ("http://sms/", Target("http", "sms", 80, "/")),
    ],
)
def test_a_plain_url_is_taken_apart(url: str, target: Target):
    assert target_of(url) == target
