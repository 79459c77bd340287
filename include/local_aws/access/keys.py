"""The one pair of keys that clients sign with: random, made once for each root folder."""

import base64
import configparser
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from include.local_aws.access.private_files import create_private_file
from include.local_aws.errors import StartupError, write_remedy
from include.local_aws.settings import Credentials

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
TOKEN = "AWS_SESSION_TOKEN"
FILE = "credentials"
_PROFILE = "default"
_PUBLIC = "local-secret"  # the fixed secret of earlier versions, which were open on loopback
# The ids of AWS's own keys: long-term keys of a user, and temporary keys.
_AWS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}")


def given_keys(environment: Mapping[str, str]) -> Credentials | None:
    """Return the keys that the environment has, or None if it has none.

    Raises:
        StartupError: one of the two is missing, the secret is the one of earlier versions, or
            the keys look like AWS's: they would be written into the server's folder, and every
            program of a job would get them.
    """
    key, secret = environment.get(KEY, ""), environment.get(SECRET, "")
    if not key and not secret:
        return None
    if not key or not secret:
        raise StartupError(
            f"{KEY if key else SECRET} is set and {SECRET if key else KEY} is not: set both to "
            "keys of your own, or neither, so that the server makes a pair"
        )
    if _AWS_KEY.fullmatch(key) or environment.get(TOKEN):
        sign = f"{TOKEN} is set" if environment.get(TOKEN) else f"{KEY} begins with {key[:4]}"
        raise StartupError(
            f"the keys of the environment look like keys of AWS ({sign}), and this server would "
            f"give them to every job: unset {KEY}, {SECRET} and {TOKEN}, and the server makes a "
            "pair, or set the first two to keys that were made for this server"
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
        StartupError: the file cannot be written, read or closed to others, or has no keys.
    """
    file = root / FILE
    try:
        if not file.exists():
            create_private_file(file, _new_keys().encode())
    except OSError as error:
        raise StartupError(
            f"the keys cannot be written to {file} ({error.strerror}): {write_remedy(error)}, or "
            "choose another --root, on a file system that has hard links"
        ) from error
    try:
        file.chmod(0o600)
    except OSError as error:
        raise StartupError(
            f"the keys in {file} cannot be closed to other users ({error.strerror}): make the file "
            "this user's with chown, or remove it, and the next start makes new keys"
        ) from error
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


def _new_keys() -> str:
    """Return a shared credentials file with random keys."""
    key = "LOCAL" + base64.b32encode(secrets.token_bytes(10)).decode()[:15]
    return f"[{_PROFILE}]\n{KEY.lower()} = {key}\n{SECRET.lower()} = {secrets.token_hex(20)}\n"
