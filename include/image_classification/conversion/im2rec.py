"""`im2rec`: convert a data set version into RecordIO files for training and validation."""

import hashlib
import json
import logging
import os
import time
from dataclasses import asdict
from datetime import UTC, datetime

from include.image_classification.container import (
    ProgramError,
    processing_input,
    processing_output,
)
from include.image_classification.conversion.record_files import RecordFiles, write_record_files
from include.image_classification.conversion.resizing import FITS, Encoding
from include.image_classification.dataset.manifest import (
    Split,
    Version,
    read_version,
    write_json,
)
from include.image_classification.flags import FlagParser, positive_integer

# Tests are judged by the photos themselves, through the served model, not by records.
CONVERTED: tuple[Split, ...] = ("train", "validation")

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> None:
    """Run the program with its flags; see `im2rec --help`.

    Raises:
        ProgramError: The version or an image of it is missing or damaged, or a split is empty.
    """
    flags = _parser().parse_args(arguments)
    encoding = Encoding(flags.resize, flags.fit, flags.quality)
    started = time.monotonic()
    version = read_version(processing_input("version"))
    sizes = {split: _convert(version, split, encoding, flags.processes) for split in CONVERTED}
    counts: dict[str, int] = {split: len(version.split(split)) for split in CONVERTED}
    report = {
        "stage": "im2rec",
        "version": flags.recordio_version or recordio_version(version, encoding),
        "dataset_version": version.name,
        "settings": asdict(encoding),
        "counts": counts | {"classes": len(version.classes)},
        "bytes": sum(sizes.values()),
        "seconds": round(time.monotonic() - started, 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(processing_output("result") / "recordio.json", report)
    _log.info("RecordIO version %s of data set version %s", report["version"], version.name)


def recordio_version(version: Version, encoding: Encoding) -> str:
    """Name a RecordIO version by the hash of what it is made from."""
    made_from = json.dumps([version.name, asdict(encoding)], sort_keys=True)
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _convert(version: Version, split: Split, encoding: Encoding, processes: int) -> int:
    images = version.split(split)
    if not images:
        raise ProgramError(
            f"data set version {version.name} has no {split} images; add images to the source"
        )
    index = processing_output("index")
    files = RecordFiles(
        records=processing_output(split) / f"{split}.rec",
        index=index / f"{split}.idx",
        listing=index / f"{split}.lst",
    )
    return write_record_files(images, processing_input("images"), files, encoding, processes)


def _parser() -> FlagParser:
    parser = FlagParser("im2rec", "Convert a data set version into RecordIO files.")
    add = parser.add_argument
    add("--resize", type=positive_integer, required=True, help="side of the square, in pixels")
    add("--fit", choices=FITS, default="squash", help="squash to the square, or crop its centre")
    add("--quality", type=positive_integer, default=95, choices=range(1, 101), metavar="1-100")
    add("--processes", type=positive_integer, default=os.cpu_count() or 1)
    add("--recordio-version", default="", help="the version's name, if the caller has named it")
    return parser
