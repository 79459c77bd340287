"""A list of photos to convert, and the converted files."""

import os
import time
from pathlib import Path

SIZES = [(60, 40), (41, 90), (30, 30), (200, 131), (17, 25)]


def listing(prefix: Path, root: Path, lines: list[str] | None = None) -> Path:
    prefix.parent.mkdir(exist_ok=True)
    names = sorted(os.listdir(root))
    rows = lines or [f"{10 + i}\t{i % 3}.000000\t{name}" for i, name in enumerate(names)]
    prefix.with_suffix(".lst").write_text("".join(f"{row}\n" for row in rows))
    return prefix


def outputs(prefix: Path) -> tuple[bytes, bytes]:
    return prefix.with_suffix(".rec").read_bytes(), prefix.with_suffix(".idx").read_bytes()


def settle(root: Path) -> None:
    """Wait until the files are old enough for their stamps to be trusted."""
    while any(time.time() - file.stat().st_ctime < 2.1 for file in root.iterdir()):
        time.sleep(0.1)
