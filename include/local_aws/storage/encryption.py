"""The key by which SeaweedFS encrypts objects for which a client asks for ServerSideEncryption."""

import re
import secrets
from pathlib import Path

from include.local_aws.access.private_files import write_private_file
from include.local_aws.errors import StartupError

_KEY = re.compile("[0-9a-f]{64}")


def kept_key(file: Path) -> str:
    """Return the key of this folder, 64 hexadecimal digits, made at the first start.

    Objects are lost with the key: the file appears whole or not at all, and is never replaced.

    Raises:
        StartupError: the file holds no key.
    """
    if not file.exists():
        write_private_file(file, secrets.token_hex(32).encode())
    key = file.read_text(errors="replace").strip()
    if not _KEY.fullmatch(key):
        raise StartupError(
            f"{file} holds no key of 64 hexadecimal digits: restore the file from a backup; if no "
            "object was uploaded with ServerSideEncryption, remove it, and the next start makes one"
        )
    return key
