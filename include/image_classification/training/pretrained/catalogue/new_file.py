"""Write files into the weights folder, where each appears complete or not at all."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_log = logging.getLogger(__name__)

UNFINISHED = ".part"
LEFTOVER_SECONDS = 3600.0
"""Age at which an unfinished file is a leftover: a download writes to it every few seconds."""

READABLE = 0o644


@contextmanager
def new_file(folder: Path, name: str) -> Iterator[IO[bytes]]:
    """Yield a file that appears in the folder under its name when the block has ended.

    Several processes may write the same file at once: each writes one of its own, and the last to
    finish replaces the others'. After an error or an interruption nothing is left.

    Raises:
        OSError: The folder does not exist or cannot be written to.
    """
    _delete_leftovers(folder, name)
    with tempfile.NamedTemporaryFile(
        dir=folder, prefix=f".{name}.", suffix=UNFINISHED, delete=False
    ) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, READABLE)
            os.replace(file.name, folder / name)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def writable_folder(folder: Path, other: Path) -> Path:
    """Return a folder if files can be created in it, which also creates it; else another one.

    A warning names the reason for the other folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        _log.warning(
            "The weights folder %s cannot be written to (%s): the download is not kept", folder,
            error.strerror,
        )  # fmt: skip
        return other


def _delete_leftovers(folder: Path, name: str) -> None:
    """Delete the unfinished files of processes that were killed."""
    for path in folder.glob(f".{name}.*{UNFINISHED}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
