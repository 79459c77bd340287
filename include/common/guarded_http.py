"""Fetch from public addresses only: no private address, no redirect to http, few redirects.

Otherwise a URL in a pipeline's settings, or a redirect, could make the fetching host read what only
that host can reach (server-side request forgery): a service in its network, or the credentials of a
cloud's metadata service (169.254.169.254).

The Airflow tasks that fetch sources and the container that fetches weights use this module.
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
"""The Airflow Variable with allowed private hosts."""

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
"""Networks that some versions of the standard library treat as global."""


class AddressRefused(ValueError):
    """A URL leads to an address that is not allowed; the text names it and how to allow it.

    Not an OSError, which callers retry as an outage of the server.
    """


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts and networks from which files may be fetched although their addresses are not public.

    Attributes:
        hosts: Host names in lower case, as written in URLs.
        networks: Networks, including single addresses.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowedHosts:
        """Parse names and networks separated by commas or spaces.

        Raises:
            ValueError: An entry is neither a host name nor a network; the text names it.
        """
        hosts, networks = set(), []
        for entry in re.split(r"[\s,]+", text.strip()):
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError as error:
                if not entry:
                    continue
                # An entry of digits and dots is an invalid address, not a name.
                if not HOST_NAME.fullmatch(entry) or re.fullmatch(r"[0-9.]+", entry):
                    raise ValueError(
                        f"{SETTING}: {entry!r} is neither a host's name nor a network such as "
                        f"10.20.0.0/16 ({error})"
                    ) from None
                hosts.add(entry.lower())
        return cls(frozenset(hosts), tuple(networks))

    def allow(self, host: str, address: Address) -> bool:
        """Return whether fetching from a host at an address is allowed."""
        named = host.lower().rstrip(".") in self.hosts
        return named or is_public(address) or any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Return whether an address is a unicast address of the public internet.

    An IPv6 address that embeds an IPv4 address is public if the IPv4 address is.
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

    A name is resolved once per connection, and the connection uses the address that was checked.
    With a proxy (http_proxy, https_proxy) the proxy connects: then all addresses to which this host
    resolves the name must be allowed, if it can resolve the name.

    Args:
        request: A request with an http or https URL.
        timeout: Seconds without data after which the request fails.
        allowed: Hosts and networks that are allowed in addition to public addresses.

    Raises:
        AddressRefused: The URL or a redirect leads to an address that is not public and not
            allowed, or from https to http, or to another scheme.
        OSError: As in urllib: URLError for an unreachable server, HTTPError for an error status.
        ValueError: The URL cannot be requested.
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
    """Follow at most MOST_REDIRECTS redirects, none from https to http."""

    max_redirections = MOST_REDIRECTS

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        """Return the next request, or reject the redirect."""
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl)
        if after.scheme not in {"https", *(["http"] if before == "http" else [])}:
            where = redact_url(newurl)
            raise AddressRefused(f"it redirects from {before} to {where}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _GuardedConnection(HTTPConnection):
    """A connection to a checked address."""

    allowed = AllowedHosts()
    to_proxy = False

    def connect(self) -> None:
        """Connect to the proxy, or to the first allowed address that accepts the connection."""
        if self.to_proxy:
            super().connect()
        else:
            self.sock = _connect(self.host, self.port, self.timeout, self.allowed)


class _GuardedTlsConnection(HTTPSConnection, _GuardedConnection):
    """The same with TLS: HTTPSConnection wraps the socket that `connect` above creates."""


class _Plain(HTTPHandler):
    def __init__(self, allowed: AllowedHosts) -> None:
        super().__init__()
        self._allowed = allowed

    def http_open(self, req: Request) -> Any:
        return self.do_open(_connection_factory(_GuardedConnection, req, self._allowed), req)


class _Tls(HTTPSHandler):
    def __init__(self, allowed: AllowedHosts) -> None:
        super().__init__()
        self._allowed = allowed

    def https_open(self, req: Request) -> Any:
        return self.do_open(_connection_factory(_GuardedTlsConnection, req, self._allowed), req)


def _connection_factory(
    kind: type[_GuardedConnection], request: Request, allowed: AllowedHosts
) -> Any:
    """Return the function that creates the request's connection."""
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
        return  # only the proxy can resolve the name
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
    """Yield a host's addresses with family and the argument of `socket.connect`."""
    for family, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield ipaddress.ip_address(place[0]), family, place


def _refusal(host: str, addresses: list[Address]) -> AddressRefused:
    where = ", ".join(map(str, dict.fromkeys(addresses)))
    return AddressRefused(
        f"{host} is at {where}, which is no public address: to fetch from it anyway, name "
        f"the host or its network in {SETTING}"
    )
