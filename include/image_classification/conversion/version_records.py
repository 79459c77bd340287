"""The processing job's way: a data set version to record files for training and validation."""

import argparse
import hashlib
import json
import logging
import os
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.contracts.dataset import CONVERTED, Split
from include.image_classification.container import (
    ProgramError,
    processing_input,
    processing_output,
)
from include.image_classification.conversion.convert import Converter, Lost
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.conversion.hosts import Hosts, read_hosts
from include.image_classification.conversion.record_files import RecordFiles, record_files
from include.image_classification.conversion.reuse import SUFFIX, EarlierRecords
from include.image_classification.conversion.split_images import SplitImages, read_splits
from include.image_classification.dataset.version.manifest import VersionFiles, write_json
from include.image_classification.progress import with_progress
from include.image_classification.recordio.image_list import ListedImage, write_list

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Converted:
    """What one host made of one split: which of its images, by their rank in the split."""

    ranks: Sequence[int]
    expected: int
    reused: int
    bytes: int


def convert_version(flags: argparse.Namespace, encoding: Encoding) -> None:
    """Convert the version in input/version, the images in input/images.

    Records made earlier, in input/previous if that is there, are taken over where their images
    and the settings are the same. On several hosts each converts the images that it was given.

    Raises:
        ProgramError: The version or an image of it is missing or damaged, or a split is empty.
    """
    if not encoding.resize:
        raise ProgramError("im2rec: argument --resize: the side of the square is needed, in pixels")
    started = time.monotonic()
    version = VersionFiles(processing_input("version"))
    images = read_splits(version, CONVERTED, processing_input("images"))
    hosts = read_hosts()
    earlier = _earlier(processing_input("previous"), encoding) if flags.reuse else []
    job = _Job(version, encoding, hosts, Converter(encoding, earlier), flags.num_thread)
    done = {split: job.convert(split, images[split]) for split in CONVERTED}
    report = {
        "stage": "im2rec",
        "version": flags.recordio_version or recordio_version(version.name, encoding),
        "dataset_version": version.name,
        "settings": settings(encoding),
        "counts": {split: len(done[split].ranks) for split in CONVERTED}
        | {"classes": len(version.classes)},
        "reused": sum(split.reused for split in done.values()),
        "bytes": sum(split.bytes for split in done.values()),
        "seconds": round(time.monotonic() - started, 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write_report(report, done, hosts)
    _log.info("RecordIO version %s of data set version %s", report["version"], version.name)


def settings(encoding: Encoding) -> dict[str, Any]:
    """The settings that a RecordIO version is named by."""
    return {"resize": encoding.resize, "fit": encoding.fit, "quality": encoding.quality}


def recordio_version(dataset_version: str, encoding: Encoding) -> str:
    """Name a RecordIO version by the hash of what it is made from."""
    made_from = json.dumps([dataset_version, settings(encoding)], sort_keys=True)
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _write_report(report: dict[str, Any], done: dict[Split, Converted], hosts: Hosts) -> None:
    folder = processing_output("result")
    if hosts.alone:
        write_json(folder / "recordio.json", report)
        return
    shard = {
        "host": hosts.current,
        "hosts": len(hosts.all),
        "expected": {split: each.expected for split, each in done.items()},
        "identifiers": {split: list(each.ranks) for split, each in done.items()},
    }
    (folder / "shards").mkdir(exist_ok=True)
    write_json(folder / "shards" / f"{hosts.current}.json", report | shard)


def _earlier(folder: Path, encoding: Encoding) -> list[EarlierRecords]:
    found = []
    for notes in sorted((folder / "index").glob(f"*{SUFFIX}")):
        name = notes.name.removesuffix(SUFFIX)
        records = next(folder.glob(f"*/{name}.rec"), None)
        if records and (earlier := EarlierRecords.open(records, notes, encoding)):
            _log.info("%s: %d records of an earlier conversion", records.name, len(earlier))
            found.append(earlier)
    return found


@dataclass(frozen=True)
class _Job:
    version: VersionFiles
    encoding: Encoding
    hosts: Hosts
    converter: Converter
    threads: int

    def convert(self, split: Split, images: SplitImages) -> Converted:
        """Convert the images of a split; the files do not depend on the number of threads."""
        if not len(images):
            raise ProgramError(
                f"data set version {self.version.name} has no {split} images; add images to the"
                " source"
            )
        ranks = self._here(images)
        if not ranks:
            return Converted(ranks, len(images), 0, 0)
        prefix = processing_output(split) / f"{split}{self.hosts.suffix}"
        files = RecordFiles.of(prefix, index=processing_output("index"))
        rows = (ListedImage(each.index, each.labels, each.name) for each in images.entries(ranks))
        write_list(files.index.with_suffix(".lst"), rows)
        with record_files(files, self.encoding) as writer:
            made = self.converter.convert(images.entries(ranks), self.threads)
            for record in with_progress(made, f"{prefix.name}.rec: images converted", len(ranks)):
                if isinstance(record, Lost):
                    raise self._lost(record)
                writer.add(record)
        return Converted(ranks, len(images), writer.reused, writer.bytes)

    def _here(self, images: SplitImages) -> Sequence[int]:
        if self.hosts.alone:
            return range(len(images))
        # The others are on other hosts; whether on one is seen when all have reported.
        return array("Q", (each.index for each in images.entries() if os.path.exists(each.path)))

    def _lost(self, lost: Lost) -> ProgramError:
        key = lost.entry.name
        path = next((image.path for image in self.version.images() if image.key == key), "")
        fix = "; refresh the data set" if "no such file" in lost.reason else ""
        return ProgramError(f"image {key} ({path}): {lost.reason}{fix}")
