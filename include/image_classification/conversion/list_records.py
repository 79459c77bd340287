"""MXNet's way: a folder to lists, and lists to record files beside them."""

import argparse
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.conversion.convert import Converter, Entry, Lost
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.conversion.listing import (
    Shares,
    find_images,
    shuffled,
    write_lists,
)
from include.image_classification.conversion.record_files import RecordFiles, record_files
from include.image_classification.progress import with_progress
from include.image_classification.recordio.image_list import ListedImage, read_list, write_list

NAMED_IN_ERROR = 3

_log = logging.getLogger(__name__)


def list_images(flags: argparse.Namespace) -> None:
    """Write the lists of a folder's images."""
    images, labels = find_images(Path(flags.root), flags.exts, flags.recursive)
    if flags.recursive:
        for folder, label in labels.items():
            _log.info("label %d: %s", label, folder)
    shares = Shares(flags.chunks, flags.train_ratio, flags.test_ratio)
    ordered = shuffled(images) if flags.shuffle else images
    for path in write_lists(Path(flags.prefix), ordered, shares):
        _log.info("wrote %s", path)


def convert_lists(flags: argparse.Namespace, encoding: Encoding) -> None:
    """Convert each list whose name starts with the prefix; if that is a folder, each in it.

    Raises:
        ProgramError: There is no list, one is damaged, or images cannot be read, in which case the
            record files stay as they were.
    """
    prefix: str = flags.prefix
    folder = Path(prefix if os.path.isdir(prefix) else os.path.dirname(prefix))
    lists = [path for path in sorted(folder.glob("*.lst")) if str(path).startswith(prefix)]
    lists = [path for path in lists if not path.name.endswith(".skipped.lst")]
    if not lists:
        raise ProgramError(f"there is no list {prefix}*.lst; write one with --list")
    for path in lists:
        _convert(path, flags, encoding)


def _convert(path: Path, flags: argparse.Namespace, encoding: Encoding) -> None:
    files = RecordFiles.of(path.with_suffix(""))
    earlier = files.earlier(encoding) if flags.reuse else None
    converter = Converter(encoding, [earlier] if earlier else [], noting=flags.reuse)
    made = converter.convert(_entries(path, flags), flags.num_thread)
    lost: list[Lost] = []
    with record_files(files, encoding, notes=flags.reuse) as writer:
        for record in with_progress(made, f"{path.name}: images converted", _lines(path)):
            if isinstance(record, Lost):
                _log.warning("%s: %s", record.entry.name, record.reason)
                lost.append(record)
            else:
                writer.add(record)
        _report(path, lost, flags.skip_unreadable)
    _log.info(
        "%s: %d records, %d of them reused, %d bytes",
        files.records.name, writer.count, writer.reused, writer.bytes,
    )  # fmt: skip


def _entries(path: Path, flags: argparse.Namespace) -> Iterator[Entry]:
    for _, image in read_list(path):
        labels = image.labels if flags.pack_label else image.labels[:1]
        yield Entry(image.index, labels, image.path, os.path.join(flags.root, image.path))


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _report(path: Path, lost: list[Lost], skip: bool) -> None:
    """Say which images are left out, in a list of their own, or refuse to leave any out."""
    skipped = path.with_name(f"{path.stem}.skipped.lst")
    skipped.unlink(missing_ok=True)
    if not lost:
        return
    if not skip:
        named = "; ".join(f"{each.entry.name}: {each.reason}" for each in lost[:NAMED_IN_ERROR])
        raise ProgramError(
            f"{len(lost)} images of {path.name} cannot be read ({named}); mend them, take them off"
            " the list, or leave them out with --skip-unreadable"
        )
    entries = (each.entry for each in lost)
    write_list(skipped, [ListedImage(entry.index, entry.labels, entry.name) for entry in entries])
    _log.warning("%d images are left out; %s names them", len(lost), skipped.name)
