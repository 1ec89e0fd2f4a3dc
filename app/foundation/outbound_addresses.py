"""Which network addresses the server may reach on behalf of someone who typed a URL.

Closed by default: only global unicast addresses. A host or a network that an operator names is allowed besides
(`DOORSTEP_OUTBOUND_ALLOW`): `feeds.local`, `feeds.local:8080`, `10.1.2.0/24`, `[::1]:9000`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # RFC 4291 § 2.4: all that is assigned for global use
# Teredo is not in the library's list: an address of it carries an IPv4 address of the sender's choice (RFC 4380).
BLOCKED_NETWORKS: tuple[IpNetwork, ...] = (*EXTRA_BLOCKED_NET_RANGES, ipaddress.IPv6Network("2001::/32"))


def plain_address(text: str) -> IpAddress:
    """The address that packets would really go to: an IPv4-mapped IPv6 address is its IPv4 address.

    Raises ValueError for text that is no address.
    """
    address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: IpAddress) -> bool:
    """Whether an address is global unicast: not private, loopback, link-local (cloud metadata), shared (CGNAT),
    multicast, reserved, documentation, or a wrapper around an IPv4 address (6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address) and address not in GLOBAL_UNICAST_V6:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in BLOCKED_NETWORKS if network.version == address.version)


def plain_host(host: str) -> str:
    """A host name for comparison: lower case, no brackets, no trailing dot."""
    return host.strip("[]").rstrip(".").lower()


@dataclass(frozen=True)
class AddressPolicy:
    """The public internet, and what an operator allowed by name besides."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[IpNetwork, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AddressPolicy:
        """Read the entries of DOORSTEP_OUTBOUND_ALLOW: `host`, `host:port` or CIDR.

        A bare address is a host, allowed only where the URL names it. Raises ValueError naming a bad entry.
        """
        hosts: set[tuple[str, int | None]] = set()
        networks: list[IpNetwork] = []
        for entry in filter(None, (text.strip() for text in entries)):
            if "/" in entry:
                networks.append(ipaddress.ip_network(entry, strict=False))
            else:
                hosts.add(_host_and_port(entry))
        return cls(frozenset(hosts), tuple(networks))

    def permits(self, host: str, port: int, address: IpAddress) -> bool:
        """Whether a connection to `address` for the URL's `host` and `port` may be made."""
        if is_public(address):
            return True
        name = plain_host(host)
        if (name, port) in self.hosts or (name, None) in self.hosts:
            return True
        return any(address in network for network in self.networks if network.version == address.version)


def _host_and_port(entry: str) -> tuple[str, int | None]:
    if entry.count(":") > 1 and not entry.startswith("["):
        return str(ipaddress.IPv6Address(entry)), None
    host, separator, port = entry.rpartition(":")
    if not separator or entry.endswith("]"):
        host, port = entry, ""
    if not plain_host(host) or (separator and port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise ValueError(f"{entry!r} is not a host, host:port or network")
    return plain_host(host), int(port) if port else None
