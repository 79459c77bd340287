"""Kinds of files in a source, by their suffixes: photos, and files that are no photos."""

import posixpath

from include.image_classification.dataset.archives.member import Member, MemberError

PHOTO_SUFFIXES = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".png", ".apng", ".bmp", ".dib",
        ".gif", ".webp", ".tif", ".tiff", ".heic", ".heif", ".hif", ".avif", ".jp2", ".j2k",
        ".jpx", ".jpf", ".jxl", ".jxr", ".mpo", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico",
        ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".psd", ".svg", ".exr",
        ".hdr", ".dcm",
    }
)  # fmt: skip
"""Photos by name: those that cannot be read are quarantined with what they are."""

OTHER_SUFFIXES = frozenset(
    {
        ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".manifest", ".xml",
        ".yaml", ".yml", ".toml", ".cfg", ".html", ".htm", ".css", ".js", ".py", ".ipynb", ".m",
        ".sh", ".bat", ".mat", ".lst", ".idx", ".rec", ".npy", ".npz", ".h5", ".hdf5", ".pkl",
        ".parquet", ".arrow", ".feather", ".tfrecord", ".tfrecords", ".lmdb", ".mdb", ".db",
        ".sqlite", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods",
        ".mp3", ".wav", ".mp4", ".mov", ".avi", ".mkv", ".webm", ".7z", ".rar", ".gz", ".bz2",
        ".xz", ".zst", ".lnk", ".url", ".exe", ".dll", ".jar", ".log", ".bak", ".tmp", ".part",
        ".crdownload", ".aae", ".xmp", ".ini", ".params", ".onnx", ".pt", ".pth",
    }
)  # fmt: skip
"""Files that are no photos. With neither kind of suffix, the first bytes of a file decide."""

_PHOTO_STARTS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ",
)  # fmt: skip


def is_photo_name(path: str) -> bool:
    """Return whether a file's suffix is that of a photo."""
    return posixpath.splitext(path)[1].lower() in PHOTO_SUFFIXES


def is_other_name(path: str) -> bool:
    """Return whether a file's suffix is that of a file that is no photo."""
    return posixpath.splitext(path)[1].lower() in OTHER_SUFFIXES


def is_photo_start(start: bytes) -> bool:
    """Return whether a file starts like a photo in any format."""
    return (
        start.startswith(_PHOTO_STARTS)
        or (start.startswith(b"RIFF") and start[8:12] == b"WEBP")
        or (start[4:8] == b"ftyp" and start[8:12] in {b"avif", b"heic", b"heix", b"mif1", b"msf1"})
    )


def is_photo(member: Member) -> bool:
    """Return whether a member is a photo: by its suffix, or by its content if that is unknown."""
    if is_photo_name(member.path):
        return True
    if member.problem or is_other_name(member.path):
        return False
    try:
        return is_photo_start(member.read()[:16])
    except MemberError:
        return False
