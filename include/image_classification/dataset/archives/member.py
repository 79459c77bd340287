"""Members of folders and archives, and limits for reading them."""

import gzip
import lzma
import re
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError

# A member is held in memory completely. Larger files are not photos.
MAX_MEMBER_BYTES = 256 << 20

# Photos are hardly compressible. A member that grows by this factor is a decompression bomb.
MAX_RATIO = 200
ALWAYS_UNPACKED = 1 << 30
ALWAYS_READ = 16 << 20

# The exceptions of the standard library for damaged archives.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error,
          lzma.LZMAError, OSError, NotImplementedError, ValueError, OverflowError, struct.error,
          RecursionError)  # fmt: skip

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class MemberError(Exception):
    """A member cannot be read; the message is the reason."""


@dataclass(frozen=True)
class Member:
    """One file in a folder or an archive.

    Attributes:
        path: The relative path, normalized by `normalize`.
        size: The number of bytes according to the header.
        problem: Why the member must not be read, or None.
        read: Returns the bytes, at most `size`. In an archive, call it before the next member is
            taken. Raises MemberError, and CommandError for a damaged archive.
    """

    path: str
    size: int
    problem: str | None
    read: Callable[[], bytes]


def refuse_bomb(archive: Path, unpacked: int) -> None:
    """Check the decompressed size of an archive before decompression.

    Raises:
        CommandError: The archive is a decompression bomb.
    """
    if unpacked <= ALWAYS_UNPACKED:
        return
    limit = max(ALWAYS_UNPACKED, MAX_RATIO * archive.stat().st_size)
    if unpacked > limit:
        raise CommandError(
            f"{archive.name} decompresses to {unpacked} bytes or more, over the limit of {limit}"
            f" ({MAX_RATIO} times its size): a decompression bomb; remove it from the source"
        )


@contextmanager
def name_damage(path: Path) -> Iterator[None]:
    """Turn the exceptions of a damaged archive into a CommandError.

    Raises:
        CommandError: The archive is cut off or damaged.
    """
    try:
        yield
    except DAMAGE as error:
        # The message of tarfile has several lines, one for each compression that it tried.
        reason = str(error).partition(":\n")[0]
        message = f"{path.name} is cut off or damaged ({reason}); download or create it again"
        raise CommandError(message) from error


def path_problem(name: str) -> str | None:
    """Return why a path must not be followed, or None."""
    path = name.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or "\0" in name:
        return "a path outside the archive"
    return None


def normalize(name: str) -> str:
    """Return a path with forward slashes, without leading `./`, in composed Unicode (NFC).

    Control characters and bytes that are not UTF-8 become escapes with a backslash. Backslashes
    cannot occur otherwise, so names stay distinct, and every name can be written to a file.
    """
    # Not with pathlib, which takes longer than everything else that is done for a member.
    slashed = name.replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    path = ("/" if slashed.startswith("/") else "") + ("/".join(parts) or ".")
    return _UNPRINTABLE.sub(_escape, unicodedata.normalize("NFC", path))


def _escape(character: re.Match[str]) -> str:
    code = ord(character[0])
    # Python decodes a byte that is not UTF-8 to a surrogate from U+DC80 on.
    byte = code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
    return f"\\x{byte:02x}" if byte <= 0xFF else f"\\u{code:04x}"
