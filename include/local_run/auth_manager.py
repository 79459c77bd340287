"""The auth manager of a local run's Airflow: one user with a password, and a check of the host.

Not below `stack`: Airflow imports this module in each of its processes.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from starlette.middleware.trustedhost import TrustedHostMiddleware

HOSTS = ("127.0.0.1", "localhost")
"""The names under which this machine's browser may reach the api-server."""


class LocalAuthManager(SimpleAuthManager):
    """Airflow's SimpleAuthManager, on an api-server that answers to this machine's names only.

    A web page may let its own name resolve to 127.0.0.1 (DNS rebinding); the browser then takes
    the api-server for that page's own server, but sends the page's name as Host.
    """

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the middlewares of all routes: the UI, the REST API, login and task execution."""
        trusted = (TrustedHostMiddleware, {"allowed_hosts": list(HOSTS), "www_redirect": False})
        return [*super().get_fastapi_middlewares(), trusted]
