"""Where messages may be sent to: nowhere inside our own network, unless the channel allows it, and never to a cloud's
metadata service.

A name is looked up once, every address that it has is judged, and the connection is made to what was judged
(outgoing.py): a name that points elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlsplit

from monitor.alerts.dispatch.errors import AddressError, DeliveryError

Address = IPv4Address | IPv6Address
LookUp = Callable[..., list[Any]]

_METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"))
)
_NAT64 = ip_network("64:ff9b::/96")
_KEPT = "%/:=&?~+!$,;'@()*[]"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """An address that may be asked: its parts, and where its name led when it was looked up."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query."""
    ips: tuple[str, ...]


def place_of(url: str, *, allow_private: bool = False, look_up: LookUp = socket.getaddrinfo) -> Place:
    """Raises AddressError for what must not be asked, DeliveryError when the name leads nowhere just now.

    The messages name the host and nothing else: an address may hold a secret in its path.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError("The address cannot be read.") from error
    if parts.scheme not in _PORTS:
        raise AddressError(
            f"Only http and https are spoken, not {parts.scheme[:20] or 'an address without'!r}."
        )
    if not parts.hostname:
        raise AddressError("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise AddressError("A name and password in the address are not used; take them out.")
    try:
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    except UnicodeError as error:
        raise AddressError("The address names no host that there could be.") from error
    port = port or _PORTS[parts.scheme]
    ips = _judged(host, port, allow_private=allow_private, look_up=look_up)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port, quote(target, safe=_KEPT), ips)


def why_refused(ip: Address, *, allow_private: bool = False) -> str:
    """Blank when it may be asked. What is wrapped in another address is judged as what it is."""
    inner = _unwrapped(ip)
    if inner in _METADATA or inner.is_link_local:
        return "a link-local address or a cloud's metadata service"
    if inner.is_multicast or inner.is_unspecified or inner == ip_address("255.255.255.255"):
        return "no address of one machine"
    if (inner.is_loopback or not inner.is_global) and not allow_private:
        return "an address inside a network (set allow_private_addresses for the channel, if that is meant)"
    return ""


def _judged(host: str, port: int, *, allow_private: bool, look_up: LookUp) -> tuple[str, ...]:
    try:
        found = look_up(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"{host} is not known: {error}") from error
    # A zone (fe80::1%eth0) says which cable; the address itself is judged.
    ips = dict.fromkeys(str(entry[4][0]) for entry in found)
    if not ips:
        raise DeliveryError(f"{host} has no address.")
    for ip in ips:
        if reason := why_refused(ip_address(ip.partition("%")[0]), allow_private=allow_private):
            raise AddressError(f"{host} is {reason}.")
    return tuple(ips)


def _unwrapped(ip: Address) -> Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if int(ip) >> 32 == 0 and int(ip) > 1:
        # ::a.b.c.d, which some systems still connect to.
        return IPv4Address(int(ip))
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None) or ip
