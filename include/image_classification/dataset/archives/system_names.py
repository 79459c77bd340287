"""Files and folders that systems and tools add: they are no data, and are left alone by name."""

SYSTEM_NAMES = frozenset(
    {
        "__macosx", "__pycache__", "$recycle.bin", "recycler", "system volume information",
        "lost+found", "@eadir", "@tmp", "#recycle", "#snapshot", "found.000", "thumbs.db",
        "ehthumbs.db", "desktop.ini",
    }
)  # fmt: skip
"""In lower case. Names that start with a dot (`.git`, `.ipynb_checkpoints`) belong to them, too."""


def is_system_path(path: str) -> bool:
    """Return whether a file, or a folder above it, is a system's: it is never read."""
    return any(is_system_name(part) for part in path.split("/"))


def is_system_name(name: str) -> bool:
    """Return whether the name of a file or folder is one that a system or a tool uses."""
    return (name.startswith(".") and name not in (".", "..")) or name.lower() in SYSTEM_NAMES
