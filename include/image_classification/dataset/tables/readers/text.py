"""Text files that users wrote: UTF-8 with or without a byte order mark, or UTF-16."""

from include.image_classification.container import CommandError

LFS_POINTER = b"version https://git-lfs"
MAX_TEXT_BYTES = 1 << 30

_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def decode_text(data: bytes, name: str) -> str:
    """Return the text of a file.

    Args:
        data: The file's bytes.
        name: Its name in the source, for messages.

    Raises:
        CommandError: The file is a Git LFS pointer, or neither UTF-8 nor UTF-16.
    """
    if data.startswith(LFS_POINTER):
        raise lfs_error(name)
    encoding = next((found for mark, found in _MARKS if data.startswith(mark)), None)
    encoding = encoding or _unmarked(data[:1024])
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{name} is neither UTF-8 nor UTF-16 (byte {error.start} is"
            f" 0x{data[error.start]:02x}); save it as UTF-8"
        ) from error


def lfs_error(name: str) -> CommandError:
    """Return the error for a Git LFS pointer in place of a file."""
    return CommandError(
        f"{name} is a Git LFS pointer, not the file; run `git lfs pull` and upload the files again"
    )


def _unmarked(start: bytes) -> str:
    # Text has no NUL; in UTF-16, every second byte of ASCII text is one.
    if b"\0" not in start:
        return "utf-8"
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
