"""Proxies: requests to the stack never go through one."""

from __future__ import annotations

from collections.abc import Mapping

LOOPBACK = "127.0.0.1,localhost"


def proxy_exceptions(environment: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY in both spellings, with this machine added to the hosts of either."""
    hosts = [environment.get("NO_PROXY"), environment.get("no_proxy"), LOOPBACK]
    exceptions = ",".join(dict.fromkeys(filter(None, hosts)))
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
