"""Which addresses may be reached."""

import ipaddress

import pytest

from app.foundation.outbound_addresses import AddressPolicy, is_public, plain_address

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.7",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_global_unicast_is_refused(address):
    assert not is_public(plain_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_global_unicast_address_is_public(address):
    assert is_public(plain_address(address))


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "permitted"),
    [
        ("feeds.local", "feeds.local", 80, "10.0.0.1", True),
        ("feeds.local", "FEEDS.local.", 8080, "10.0.0.1", True),
        ("feeds.local", "other.local", 80, "10.0.0.1", False),
        ("feeds.local", "evil.feeds.local", 80, "10.0.0.1", False),
        ("feeds.local:8080", "feeds.local", 8080, "10.0.0.1", True),
        ("feeds.local:8080", "feeds.local", 80, "10.0.0.1", False),
        ("10.1.0.0/16", "any.name", 80, "10.1.2.3", True),
        ("10.1.0.0/16", "any.name", 80, "10.2.2.3", False),
        ("127.0.0.1", "127.0.0.1", 9000, "127.0.0.1", True),
        ("127.0.0.1", "a.name.that.resolves.there", 9000, "127.0.0.1", False),
        ("[::1]:9000", "::1", 9000, "::1", True),
        ("[::1]:9000", "::1", 9001, "::1", False),
        ("::1", "[::1]", 80, "::1", True),
        ("fd00::/8", "any.name", 80, "fd12::1", True),
        ("", "any.name", 80, "10.0.0.1", False),
    ],
)
def test_only_what_is_named_is_allowed_besides_the_public_internet(entry, host, port, address, permitted):
    policy = AddressPolicy.parse([entry])
    assert policy.permits(host, port, ipaddress.ip_address(address)) is permitted


@pytest.mark.parametrize("entry", ["host:port", "host:0", "host:99999", "10.0.0.0/99", ":80", "1:2:3"])
def test_an_entry_that_means_nothing_is_refused_by_name(entry):
    with pytest.raises(ValueError):
        AddressPolicy.parse([entry])
