"""Conversion in a processing job: a dataset version to record files for training and validation."""

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

from include.contracts import files
from include.contracts.commands import Input, Output
from include.contracts.dataset import CONVERTED, Split
from include.contracts.records import RecordioCounts, RecordioReport, ShardReport
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.conversion.convert import Converter, FailedImage
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.conversion.record_files import RecordFiles, write_record_files
from include.image_classification.conversion.reuse import SUFFIX, EarlierRecords
from include.image_classification.conversion.split_images import SplitImages, read_splits
from include.image_classification.dataset.version.manifest import VersionFiles, write_json
from include.image_classification.job_hosts import JobHosts, read_processing_hosts
from include.image_classification.progress import with_progress
from include.image_classification.recordio.image_list import ListedImage, write_list

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConvertedSplit:
    """The images of a split that one host converted, by their rank in the split."""

    ranks: Sequence[int]
    expected: int
    reused: int
    bytes: int


def convert_version(flags: argparse.Namespace, encoding: Encoding) -> None:
    """Convert the version in input/version, whose images are in input/images.

    Records of an earlier conversion, in input/previous, are reused if image and settings are
    the same. On several hosts, each host converts the images that it received.

    Raises:
        CommandError: The version or one of its images is missing or damaged, or a split is empty.
    """
    if not encoding.resize:
        raise CommandError("im2rec: argument --resize: give the side of the square in pixels")
    started = time.monotonic()
    version = VersionFiles(processing_input(Input.VERSION))
    images = read_splits(version, CONVERTED, processing_input(Input.IMAGES))
    hosts = read_processing_hosts()
    earlier = _open_earlier(processing_input(Input.PREVIOUS), encoding) if flags.reuse else []
    job = _Job(version, encoding, hosts, Converter(encoding, earlier), flags.num_thread)
    converted = {split: job.convert(split, images[split]) for split in CONVERTED}
    report = RecordioReport(
        stage="im2rec",
        version=flags.recordio_version or recordio_version(version.name, encoding),
        dataset_version=version.name,
        settings=settings(encoding),
        counts=RecordioCounts(
            classes=len(version.classes),
            **{split: len(converted[split].ranks) for split in CONVERTED},
        ),
        reused=sum(split.reused for split in converted.values()),
        bytes=sum(split.bytes for split in converted.values()),
        seconds=round(time.monotonic() - started, 3),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _write_report(report, converted, hosts)
    _log.info("RecordIO version %s of dataset version %s", report.version, version.name)


def settings(encoding: Encoding) -> dict[str, Any]:
    """Return the settings that are part of a RecordIO version's name."""
    return {"resize": encoding.resize, "fit": encoding.fit, "quality": encoding.quality}


def recordio_version(dataset_version: str, encoding: Encoding) -> str:
    """Return a RecordIO version's name, the hash of its dataset version and settings."""
    identity = json.dumps([dataset_version, settings(encoding)], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _write_report(
    report: RecordioReport, converted: dict[Split, ConvertedSplit], hosts: JobHosts
) -> None:
    folder = processing_output(Output.RESULT)
    if hosts.size == 1:
        write_json(folder / files.RECORDIO, report.as_json())
        return
    shard = ShardReport.model_validate(
        {
            **report.as_json(),
            "host": hosts.current,
            "hosts": hosts.size,
            "expected": {split: part.expected for split, part in converted.items()},
            "identifiers": {split: list(part.ranks) for split, part in converted.items()},
        }
    )
    (folder / files.SHARDS).mkdir(exist_ok=True)
    write_json(folder / files.SHARDS / f"{hosts.current}.json", shard.as_json())


def _open_earlier(folder: Path, encoding: Encoding) -> list[EarlierRecords]:
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
    hosts: JobHosts
    converter: Converter
    threads: int

    def convert(self, split: Split, images: SplitImages) -> ConvertedSplit:
        """Convert the images of a split; the number of threads does not change the files."""
        if not len(images):
            raise CommandError(
                f"dataset version {self.version.name} has no {split} images; add images to the"
                " source"
            )
        ranks = self._local_ranks(images)
        if not ranks:
            return ConvertedSplit(ranks, len(images), 0, 0)
        prefix = processing_output(split) / f"{split}{self._suffix}"
        files = RecordFiles.of(prefix, index=processing_output(Output.INDEX))
        entries = images.entries(ranks)
        rows = (ListedImage(entry.index, entry.labels, entry.name) for entry in entries)
        write_list(files.index.with_suffix(".lst"), rows)
        with write_record_files(files, self.encoding) as writer:
            results = self.converter.convert(images.entries(ranks), self.threads)
            title = f"{prefix.name}.rec: images converted"
            for result in with_progress(results, title, len(ranks)):
                if isinstance(result, FailedImage):
                    raise self._failure(result)
                writer.add(result)
        return ConvertedSplit(ranks, len(images), writer.reused, writer.bytes)

    @property
    def _suffix(self) -> str:
        """The part of a record file's name that differs between the hosts."""
        return "" if self.hosts.size == 1 else f"-{self.hosts.rank:05d}"

    def _local_ranks(self, images: SplitImages) -> Sequence[int]:
        if self.hosts.size == 1:
            return range(len(images))
        # Missing images are on other hosts; `publish` compares the reports of all hosts.
        return array("Q", (entry.index for entry in images.entries() if os.path.exists(entry.path)))

    def _failure(self, failed: FailedImage) -> CommandError:
        key = failed.entry.name
        path = next((image.path for image in self.version.images() if image.key == key), "")
        fix = "; refresh the dataset" if failed.is_missing else ""
        return CommandError(f"image {key} ({path}): {failed.reason}{fix}")
