"""Login of a local run's Airflow user, and Airflow's own secrets."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from include.local_aws.access.private_files import write_private_file
from include.local_run.errors import RunError
from include.local_run.project_paths import ProjectPaths

USER = "admin"
LENGTH = 20
"""Characters of a password: about 98 bits with the alphabet below."""

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits without those that look alike."""

SECRETS = ("api_secret", "jwt_secret", "fernet_key")
"""Airflow's secrets, a file for each: for log requests, for tokens, for encryption at rest."""


@dataclass(frozen=True)
class Login:
    """A user name and password of Airflow's UI and REST API."""

    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"user {self.user}, password {self.password}"


def ui_login(paths: ProjectPaths) -> Login:
    """Return the login, which stays the same; the first call creates the password.

    The password is stored in the file of Airflow's SimpleAuthManager: a JSON object that maps
    users to passwords.

    Raises:
        RunError: The file does not contain such an object.
    """
    content = _read_or_create(paths.passwords, lambda: json.dumps({USER: _password()}))
    try:
        password = json.loads(content)[USER]
    except (ValueError, KeyError, TypeError):
        password = None
    if not isinstance(password, str) or not password:
        raise RunError(
            f'{paths.passwords} must be {{"{USER}": "<password>"}}: correct it, or delete it to '
            "get a new password"
        )
    return Login(USER, password)


def airflow_secrets(paths: ProjectPaths) -> dict[str, str]:
    """Return Airflow's secrets by name (`SECRETS`). They are stored so that tokens stay valid."""
    return {name: _read_or_create(paths.airflow / name, _key) for name in SECRETS}


def _read_or_create(file: Path, create: Callable[[], str]) -> str:
    """Return the content of a file that only its owner can read; create it if it is missing."""
    if file.exists() and (content := file.read_text()):
        file.chmod(0o600)
        return content
    content = create()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private_file(file, content.encode())
    return content


def _password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _key() -> str:
    """Return 32 random bytes in URL-safe base64, the form of a Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
