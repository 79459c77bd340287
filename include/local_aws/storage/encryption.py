"""The key with which SeaweedFS encrypts objects for ServerSideEncryption."""

import re
import secrets
from pathlib import Path

from include.local_aws.access.private_files import write_private_file
from include.local_aws.errors import StartupError

_KEY = re.compile("[0-9a-f]{64}")


def load_or_create_key(file: Path) -> str:
    """Return the key in the file, 64 hexadecimal digits; create it at the first start.

    Without the key, encrypted objects are lost: the file is written in one step and never replaced.

    Raises:
        StartupError: The file does not contain a key.
    """
    if not file.exists():
        write_private_file(file, secrets.token_hex(32).encode())
    key = file.read_text(errors="replace").strip()
    if not _KEY.fullmatch(key):
        raise StartupError(
            f"{file} does not contain a key of 64 hexadecimal digits: restore it from a backup; "
            "if no object was uploaded with ServerSideEncryption, delete it to get a new key"
        )
    return key
