"""Auth manager of a local run's Airflow: one user with a password, and a check of the Host header.

This module is not in `stack`, because each Airflow process imports it.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from starlette.middleware.trustedhost import TrustedHostMiddleware

HOSTS = ("127.0.0.1", "localhost")
"""Host names that requests to the API server may have."""


class LocalAuthManager(SimpleAuthManager):
    """SimpleAuthManager on an API server that rejects other host names than this computer's.

    This protects from DNS rebinding: a web page whose host name resolves to 127.0.0.1 could
    otherwise send requests to the API server. The browser sends the page's name as Host.
    """

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the middlewares of all routes: the UI, the REST API, login and task execution."""
        trusted = (TrustedHostMiddleware, {"allowed_hosts": list(HOSTS), "www_redirect": False})
        return [*super().get_fastapi_middlewares(), trusted]
