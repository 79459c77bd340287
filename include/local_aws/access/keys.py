"""The one pair of keys that clients sign with: random, made once for each root folder."""

import base64
import configparser
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from include.local_aws.errors import StartupError
from include.local_aws.settings import Credentials

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
FILE = "credentials"
_PROFILE = "default"
_PUBLIC = "local-secret"  # the fixed secret of earlier versions, which were open on loopback


def given_keys(environment: Mapping[str, str]) -> Credentials | None:
    """Return the keys that the environment has, or None if it has none.

    Raises:
        StartupError: one of the two is missing, or the secret is the one of earlier versions.
    """
    key, secret = environment.get(KEY, ""), environment.get(SECRET, "")
    if not key and not secret:
        return None
    if not key or not secret:
        raise StartupError(
            f"{KEY if key else SECRET} is set and {SECRET if key else KEY} is not: set both to "
            "keys of your own, or neither, so that the server makes a pair"
        )
    if secret == _PUBLIC:
        raise StartupError(
            f"{SECRET}={_PUBLIC} is known to everyone: set {KEY} and {SECRET} to keys of your "
            "own, or unset both, so that the server makes a pair"
        )
    return Credentials(key, secret)


def kept_keys(root: Path) -> Credentials:
    """Return the keys of a root folder, which are made when a server first asks.

    The file is in the format of AWS's shared credentials file, and only its owner can read it.

    Raises:
        StartupError: the file cannot be read, or has no keys.
    """
    file = root / FILE
    if not file.exists():
        _make(file)
    file.chmod(0o600)
    return read_keys(file)


def read_keys(file: Path) -> Credentials:
    """Return the keys of a shared credentials file's default profile; StartupError if none."""
    profiles = configparser.RawConfigParser()
    try:
        profiles.read_string(file.read_text(encoding="utf-8"))
        profile = profiles[_PROFILE]
        return Credentials(profile[KEY.lower()], profile[SECRET.lower()])
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        raise StartupError(
            f"the keys cannot be read from {file} ({type(error).__name__}): "
            "remove the file, and the next start makes new keys"
        ) from error


def _make(file: Path) -> None:
    """Write random keys to a file that appears whole; the first of several servers wins."""
    key = "LOCAL" + base64.b32encode(secrets.token_bytes(10)).decode()[:15]
    text = f"[{_PROFILE}]\n{KEY.lower()} = {key}\n{SECRET.lower()} = {secrets.token_hex(20)}\n"
    descriptor, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=file.parent)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as unfinished:
        unfinished.write(text)
        unfinished.flush()
        os.fsync(unfinished.fileno())
    try:
        os.link(name, file)
    except FileExistsError:
        return
    finally:
        os.unlink(name)
