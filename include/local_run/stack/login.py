"""The one user of a local run's Airflow: its name and password, and Airflow's own secrets."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field

from include.local_run.errors import RunError
from include.local_run.project_paths import Places
from include.local_run.stack.private import kept_secret

USER = "admin"
LENGTH = 20
"""Characters of a password; with the alphabet below, about 98 bits."""

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without characters that look alike."""

SECRETS = ("api_secret", "jwt_secret", "fernet_key")
"""Airflow's secrets, one file each: signing of log requests, tokens, and encryption at rest."""


@dataclass(frozen=True)
class Login:
    """A user name and password of Airflow's UI and REST API."""

    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"user {self.user}, password {self.password}"


def ui_login(places: Places) -> Login:
    """Return the login, the same at every start; the first call draws the password.

    The file is that of Airflow's SimpleAuthManager: a JSON object of passwords by user.

    Raises:
        RunError: The file is not as this function writes it.
    """
    content = kept_secret(places.passwords, lambda: json.dumps({USER: _password()}))
    try:
        password = json.loads(content)[USER]
    except (ValueError, KeyError, TypeError):
        password = None
    if not isinstance(password, str) or not password:
        raise RunError(
            f'{places.passwords} must be {{"{USER}": "<password>"}}: correct it, or remove it and '
            "a new password is made"
        )
    return Login(USER, password)


def airflow_secrets(places: Places) -> dict[str, str]:
    """Return Airflow's secrets by name (`SECRETS`), kept so that a restart honours old tokens."""
    return {name: kept_secret(places.airflow / name, _key) for name in SECRETS}


def _password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _key() -> str:
    """Return 32 random bytes in URL-safe base64, the form of a Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
