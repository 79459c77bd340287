"""MXNet's installed im2rec.py, as the reference for the command im2rec."""

import argparse
import importlib.util
import queue
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from include.image_classification.mxnet_import import mx


def load() -> ModuleType:
    """Import the tool; `mxnet_import` restores the numpy names that it needs."""
    path = Path(mx.__file__).parent / "tools" / "im2rec.py"
    spec = importlib.util.spec_from_file_location("mxnet_im2rec", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = load()


def arguments(prefix: Path, root: Path, flags: Sequence[str]) -> argparse.Namespace:
    """Return the tool's parsed arguments of a command line."""
    before, sys.argv = sys.argv, ["im2rec.py", str(prefix), str(root), *flags]
    try:
        parsed: argparse.Namespace = TOOL.parse_args()
    finally:
        sys.argv = before
    return parsed


def list_images(prefix: Path, root: Path, *flags: str) -> None:
    """Run `im2rec.py --list`."""
    TOOL.make_list(arguments(prefix, root, ["--list", *flags]))


def convert(prefix: Path, root: Path, *flags: str) -> None:
    """Run `im2rec.py` on <prefix>.lst, in one process."""
    flags_of_tool = arguments(prefix, root, flags)
    written: queue.Queue[Any] = queue.Queue()
    records = mx.recordio.MXIndexedRecordIO(f"{prefix}.idx", f"{prefix}.rec", "w")
    for number, item in enumerate(TOOL.read_list(f"{prefix}.lst")):
        TOOL.image_encode(flags_of_tool, number, item, written)
        _, record, _ = written.get()
        if record is not None:
            records.write_idx(item[0], record)
    records.close()
