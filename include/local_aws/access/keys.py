"""The pair of keys with which clients sign: random, created once for each state folder."""

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
_WELL_KNOWN_SECRET = "local-secret"  # the fixed secret of earlier versions
# Key ids of AWS: AKIA for long-term keys, ASIA for temporary keys.
_AWS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}")


def keys_from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Return the keys in the environment, or None if it has none.

    Raises:
        StartupError: One of the two keys is missing, the secret is that of earlier versions, or
            the keys look like keys of AWS. Keys are written into the state folder and given to
            the programs of jobs.
    """
    key, secret = environment.get(KEY, ""), environment.get(SECRET, "")
    if not key and not secret:
        return None
    if not key or not secret:
        raise StartupError(
            f"{KEY if key else SECRET} is set and {SECRET if key else KEY} is not: set both, or "
            "unset both, and the server creates a pair"
        )
    if _AWS_KEY.fullmatch(key) or environment.get(TOKEN):
        evidence = f"{TOKEN} is set" if environment.get(TOKEN) else f"{KEY} begins with {key[:4]}"
        raise StartupError(
            f"the keys of the environment look like keys of AWS ({evidence}), and this server "
            f"would give them to every job: unset {KEY}, {SECRET} and {TOKEN}, and the server "
            "creates a pair, or set the first two to keys created for this server"
        )
    if secret == _WELL_KNOWN_SECRET:
        raise StartupError(
            f"{SECRET}={_WELL_KNOWN_SECRET} is known to everyone: set {KEY} and {SECRET} to "
            "other keys, or unset both, and the server creates a pair"
        )
    return Credentials(key, secret)


def load_or_create_keys(root: Path) -> Credentials:
    """Return the keys of a state folder; create them at the first start.

    The file has the format of AWS's shared credentials file, and only its owner can read it.

    Raises:
        StartupError: The file cannot be written or read, its permissions cannot be changed, or it
            has no keys.
    """
    file = root / FILE
    try:
        if not file.exists():
            create_private_file(file, _new_keys().encode())
    except OSError as error:
        raise StartupError(
            f"the keys cannot be written to {file} ({error.strerror}): {write_remedy(error)}, or "
            "choose another --root, on a file system that supports hard links"
        ) from error
    try:
        file.chmod(0o600)
    except OSError as error:
        raise StartupError(
            f"cannot remove the permissions of other users from the keys in {file} "
            f"({error.strerror}): change its owner with chown, or delete it, and the next start "
            "creates new keys"
        ) from error
    return read_keys(file)


def read_keys(file: Path) -> Credentials:
    """Return the keys of a shared credentials file's default profile.

    Raises:
        StartupError: The file cannot be read or has no keys.
    """
    profiles = configparser.RawConfigParser()
    try:
        profiles.read_string(file.read_text(encoding="utf-8"))
        profile = profiles[_PROFILE]
        return Credentials(profile[KEY.lower()], profile[SECRET.lower()])
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        raise StartupError(
            f"the keys cannot be read from {file} ({type(error).__name__}): "
            "delete the file, and the next start creates new keys"
        ) from error


def _new_keys() -> str:
    """Return a shared credentials file with random keys."""
    key = "LOCAL" + base64.b32encode(secrets.token_bytes(10)).decode()[:15]
    return f"[{_PROFILE}]\n{KEY.lower()} = {key}\n{SECRET.lower()} = {secrets.token_hex(20)}\n"
