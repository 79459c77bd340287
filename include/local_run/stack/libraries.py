"""Whether the machine has the system libraries that MXNet's wheel links against."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from include.local_run.errors import usage

PACKAGES: Mapping[str, str] = {"libgomp.so.1": "libgomp1", "libquadmath.so.0": "libquadmath0"}
"""Each library with the Debian package that holds it."""


def require_libraries(packages: Mapping[str, str] = PACKAGES) -> None:
    """Checks that the libraries can be loaded, before a training job fails for one of them.

    Raises:
        RunError: Some are missing: names them and the fix.
    """
    missing = [library for library in packages if not _loads(library)]
    if missing:
        names = " ".join(packages[library] for library in missing)
        raise usage(
            f"MXNet needs {', '.join(missing)}, which this machine lacks: install it, on Debian "
            f"and Ubuntu with `apt-get install {names}`"
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
