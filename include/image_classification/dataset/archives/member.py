"""One file of a raw source, in a folder or an archive, and the limits within which it is read."""

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

from include.image_classification.container import ProgramError

# A member is held in memory whole. Larger files are no photos.
MAX_MEMBER_BYTES = 256 << 20

# Photos hardly shrink when they are packed. What grows a hundredfold and more is a bomb.
MAX_RATIO = 200
ALWAYS_UNPACKED = 1 << 30
ALWAYS_READ = 16 << 20

# Whatever a damaged archive makes the standard library raise.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error,
          lzma.LZMAError, OSError, NotImplementedError, ValueError, OverflowError, struct.error,
          RecursionError)  # fmt: skip

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class MemberRefused(Exception):
    """A member's bytes are not what its header says; the text says how."""


@dataclass(frozen=True)
class Member:
    """One file in a folder or an archive.

    Attributes:
        path: Relative, in the form of `normal`.
        size: In bytes, as the header says.
        problem: Why it must not be read, or nothing.
        read: Returns its bytes, never more than `size`; in an archive, only until the next member
            is asked for. Raises MemberRefused, and ProgramError for a damaged archive.
    """

    path: str
    size: int
    problem: str | None
    read: Callable[[], bytes]


def refuse_bomb(archive: Path, unpacked: int) -> None:
    """Check what an archive inflates to, before it is inflated.

    Raises:
        ProgramError: It is more than any photos would.
    """
    if unpacked <= ALWAYS_UNPACKED:
        return
    limit = max(ALWAYS_UNPACKED, MAX_RATIO * archive.stat().st_size)
    if unpacked > limit:
        raise ProgramError(
            f"{archive.name} inflates to {unpacked} bytes or more, over the limit of {limit}"
            f" ({MAX_RATIO} times its own size): a decompression bomb; leave it out of the source"
        )


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn whatever a damaged archive raises into one line with the fix.

    Raises:
        ProgramError: The archive is cut off or damaged.
    """
    try:
        yield
    except DAMAGE as error:
        # tarfile tells on several lines how it tried every compression.
        reason = str(error).partition(":\n")[0]
        message = f"{path.name} is cut off or damaged ({reason}); fetch or pack it again"
        raise ProgramError(message) from error


def path_problem(name: str) -> str | None:
    """Why a path must not be followed, or nothing."""
    path = name.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or "\0" in name:
        return "a path out of the archive"
    return None


def normal(name: str) -> str:
    """A name as members carry it: forward slashes, no leading `./`, composed Unicode.

    Control characters, and bytes that are no text, are written as escapes with a backslash, which
    no other name can hold: every name is kept, told apart, and can be written to any file.
    """
    # By hand: pathlib costs more than all else that is done for a member.
    slashed = name.replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    path = ("/" if slashed.startswith("/") else "") + ("/".join(parts) or ".")
    return _UNPRINTABLE.sub(_escaped, unicodedata.normalize("NFC", path))


def _escaped(character: re.Match[str]) -> str:
    code = ord(character[0])
    # A byte that is no UTF-8 comes as a surrogate from U+DC80 on.
    byte = code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
    return f"\\x{byte:02x}" if byte <= 0xFF else f"\\u{code:04x}"
