"""Open a URL on the public internet: no private address, no way back to http, few redirects.

A URL in a pipeline's settings, or the redirect of a foreign server, could else make the machine
that fetches read what only it can reach: another service of the network, or the credentials that a
cloud's metadata service gives to the machine (169.254.169.254).

The Airflow tasks that fetch sources and the container image that fetches weights both use it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from include.common.addresses import redact_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SETTING = "fetch_allowed_hosts"
"""The Airflow Variable that allows private hosts."""

VARIABLE = "FETCH_ALLOWED_HOSTS"
"""The environment variable of a training's container with the same content."""

MOST_REDIRECTS = 5

HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.\-]*[A-Za-z0-9_])?")

IPV6_PUBLIC = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""An IPv4 address is in the last 32 bits (RFC 6052)."""

NEVER_PUBLIC = (
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's metadata and agents
    ipaddress.ip_network("192.0.0.0/24"),  # special uses (RFC 6890); Oracle's metadata
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays, withdrawn (RFC 7526)
    ipaddress.ip_network("2001::/23"),  # Teredo and other special uses (RFC 2928)
    ipaddress.ip_network("2001:db8::/32"),
    ipaddress.ip_network("3fff::/20"),
)
"""What the standard library takes for global, in some of its versions."""


class AddressRefused(ValueError):
    """A URL leads where this machine must not fetch from; the text says where and what allows it.

    No OSError, which urllib would take for a server that is away at the moment.
    """


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts and networks that may be fetched from though their addresses are not public.

    Attributes:
        hosts: Names in lower case, as they are written in URLs.
        networks: Networks of addresses, also single ones.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowedHosts:
        """Read names and networks that are separated by commas or spaces.

        Raises:
            ValueError: An entry is neither; the text names it.
        """
        hosts, networks = set(), []
        for entry in re.split(r"[\s,]+", text.strip()):
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError as error:
                if not entry:
                    continue
                # What looks like an address or a network is a mistake, and not a name.
                if not HOST_NAME.fullmatch(entry) or re.fullmatch(r"[0-9.]+", entry):
                    raise ValueError(
                        f"{SETTING}: {entry!r} is neither a host's name nor a network such as "
                        f"10.20.0.0/16 ({error})"
                    ) from None
                hosts.add(entry.lower())
        return cls(frozenset(hosts), tuple(networks))

    def allow(self, host: str, address: Address) -> bool:
        """Return whether a host may be fetched from at an address."""
        named = host.lower().rstrip(".") in self.hosts
        return named or is_public(address) or any(address in each for each in self.networks)


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, for one host.

    An IPv6 address that stands for an IPv4 address is public if that one is.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address not in IPV6_PUBLIC:
            return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    never = any(address in network for network in NEVER_PUBLIC)
    return address.is_global and not special and not never


def open_url(request: Request, timeout: float, allowed: AllowedHosts) -> Any:
    """Send a request, follow redirects, and return the response as urllib does.

    A name is resolved once for each connection, and the connection is made to the address that was
    checked. Behind a proxy (http_proxy, https_proxy) the proxy connects: then all addresses that
    the name has on this machine must be allowed, if it has any.

    Args:
        request: With an http or https URL.
        timeout: Seconds that a server may stay silent.
        allowed: What is allowed beside public addresses.

    Raises:
        AddressRefused: The URL or a redirect leads to an address that is not public and not
            allowed, or from https to http, or to another scheme.
        OSError: As urllib: URLError where the server is away, HTTPError where it refuses.
        ValueError: The URL cannot be sent.
    """
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        _Redirects(),
        _Plain(allowed),
        _Tls(allowed),
    ):
        opener.add_handler(handler)
    return opener.open(request, timeout=timeout)


class _Redirects(HTTPRedirectHandler):
    """Follows a few redirects, but never from https to http."""

    max_redirections = MOST_REDIRECTS

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        """Return the request that follows, or refuse the redirect."""
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl)
        if after.scheme not in {"https", *(["http"] if before == "http" else [])}:
            where = redact_url(newurl)
            raise AddressRefused(f"it redirects from {before} to {where}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _GuardedConnection(HTTPConnection):
    """A connection to an address that was checked."""

    allowed = AllowedHosts()
    to_proxy = False

    def connect(self) -> None:
        """Connect, to a proxy as usual, else to the first allowed address that answers."""
        if self.to_proxy:
            super().connect()
        else:
            self.sock = _connect(self.host, self.port, self.timeout, self.allowed)


class _GuardedTlsConnection(HTTPSConnection, _GuardedConnection):
    """The same under TLS: HTTPSConnection wraps the socket that `connect` above makes."""


class _Plain(HTTPHandler):
    def __init__(self, allowed: AllowedHosts) -> None:
        super().__init__()
        self._allowed = allowed

    def http_open(self, req: Request) -> Any:
        return self.do_open(_maker(_GuardedConnection, req, self._allowed), req)


class _Tls(HTTPSHandler):
    def __init__(self, allowed: AllowedHosts) -> None:
        super().__init__()
        self._allowed = allowed

    def https_open(self, req: Request) -> Any:
        return self.do_open(_maker(_GuardedTlsConnection, req, self._allowed), req)


def _maker(kind: type[_GuardedConnection], request: Request, allowed: AllowedHosts) -> Any:
    """Return what makes the request's connection."""
    target = urlsplit(request.full_url)
    to_proxy = request.host != unquote(target.netloc)
    if to_proxy:
        _check_proxied(target.hostname or "", allowed)

    def make(host: str, **options: Any) -> _GuardedConnection:
        connection = kind(host, **options)
        connection.allowed, connection.to_proxy = allowed, to_proxy
        return connection

    return make


def _check_proxied(host: str, allowed: AllowedHosts) -> None:
    try:
        found = list(_addresses(host, None))
    except OSError:
        return  # only the proxy knows the name
    # The proxy may connect to any of the addresses.
    refused = [address for address, *_ in found if not allowed.allow(host, address)]
    if refused:
        raise _refusal(host, refused)


def _connect(host: str, port: int, timeout: float | None, allowed: AllowedHosts) -> socket.socket:
    failure: OSError | None = None
    refused = []
    for address, family, place in _addresses(host, port):
        if not allowed.allow(host, address):
            refused.append(address)
            continue
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.settimeout(timeout)
            found.connect(place)
        except OSError as error:
            found.close()
            failure = error
        else:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return found
    raise failure or _refusal(host, refused)


def _addresses(host: str, port: int | None) -> Iterator[tuple[Address, int, Any]]:
    """Yield a host's addresses, each with its family and what `socket.connect` takes."""
    for family, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield ipaddress.ip_address(place[0]), family, place


def _refusal(host: str, addresses: list[Address]) -> AddressRefused:
    where = ", ".join(map(str, dict.fromkeys(addresses)))
    return AddressRefused(
        f"{host} is at {where}, which is no public address: to fetch from it all the same, name "
        f"the host or its network in {SETTING}"
    )
