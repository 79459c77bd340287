"""The key by which SeaweedFS encrypts objects for which a client asks for ServerSideEncryption."""

import os
import secrets
from pathlib import Path


def kept_key(file: Path) -> str:
    """Return the key of this folder, made at the first start.

    Objects are lost with the key: the file appears whole or not at all, and is never replaced.
    """
    if not file.exists():
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            target.write(secrets.token_hex(32))
            target.flush()
            os.fsync(target.fileno())
        draft.replace(file)
    return file.read_text()
