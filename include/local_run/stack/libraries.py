"""Check for the system libraries that MXNet's wheel needs."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from include.local_run.errors import usage_error

PACKAGES: Mapping[str, str] = {"libgomp.so.1": "libgomp1", "libquadmath.so.0": "libquadmath0"}
"""Debian packages by library."""


def require_libraries(packages: Mapping[str, str] = PACKAGES) -> None:
    """Check that the libraries can be loaded, before a training job fails without them.

    Raises:
        RunError: Libraries are missing. The message names them and the packages to install.
    """
    missing = [library for library in packages if not _loads(library)]
    if missing:
        names = " ".join(packages[library] for library in missing)
        raise usage_error(
            f"MXNet needs {', '.join(missing)}, which is not installed: on Debian and "
            f"Ubuntu run `apt-get install {names}`"
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
