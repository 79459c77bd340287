"""Find the photos that labels name, as the refresh job's input.

The job gets the labelled photos of `incoming/` only, by an S3 manifest: the new ones from
`incoming/`, those that joined the dataset earlier from `images/`. Their labels are read line by
line, so the memory depends on the number of labelled photos, not on that of incoming ones.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import error_code
from include.contracts.label_lines import read_label_lines
from include.contracts.label_photos import LocatedPhoto, label_number, row_lines
from include.contracts.records.label import INCOMING
from include.decisions.dataset.labels.ledger import KnownLabels
from include.decisions.dataset.labels.listing import label_files
from include.sagemaker_requests import LabelInputs, manifest
from include.storage.layout import Layout
from include.storage.records import write_record

LOOKUPS = 16
"""Requests to S3 at a time."""

CHUNK = 1 << 20

_MD5 = re.compile("[0-9a-f]{32}")

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True)
class LabelPlanner:
    """Prepares the inputs of a refresh job for the labels in labels/.

    Attributes:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        fingerprint: The state of labels/; see `labels_fingerprint`.
    """

    s3: Any
    layout: Layout
    fingerprint: str

    def prepare(self, known: KnownLabels, check_stored: bool = False) -> LabelInputs | None:
        """Write what the refresh job needs, and return the job's inputs; None without labels.

        Args:
            known: The labels and photos that earlier refreshes know. Their incoming photos are not
                looked up again.
            check_stored: Look up the stored photos, because images of the version are missing.
        """
        if not self.fingerprint:
            return None
        located = self._located(_incoming_names(self._label_bodies(), self.layout, known))
        stored = sorted(known.stored)
        if check_stored:
            stored = [key for key, found in self._look_up(stored) if found]
        present = [photo["file"] for photo in located if photo["etag"]]
        self._write_rows(located)
        return LabelInputs(
            labels=self.layout.labels,
            plan=self.layout.label_plan(self.fingerprint),
            manifest=self._write_manifest([*present, *stored]),
        )

    def _label_bodies(self) -> Iterator[Any]:
        for entry in label_files(self.s3, self.layout):
            try:
                found = self.s3.get_object(Bucket=self.layout.bucket, Key=entry["Key"])
            except self.s3.exceptions.NoSuchKey:
                continue
            yield found["Body"]

    def _located(self, files: Iterable[str]) -> list[LocatedPhoto]:
        return [
            LocatedPhoto(
                file=file,
                etag=found["ETag"] if found else None,
                modified=found["LastModified"].isoformat() if found else None,
                size=found["ContentLength"] if found else None,
                md5=content_md5(found) if found else None,
            )
            for file, found in self._look_up(sorted(files))
        ]

    def _look_up(self, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield keys relative to the pipeline's folder, each with its object's head or None."""

        def head(key: str) -> tuple[str, dict[str, Any] | None]:
            return key, self._head(f"{self.layout.root}{key}")

        with ThreadPoolExecutor(LOOKUPS) as pool:
            yield from pool.map(head, keys)

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            head: dict[str, Any] = self.s3.head_object(Bucket=self.layout.bucket, Key=key)
        except self.s3.exceptions.ClientError as error:
            if error_code(error) not in MISSING:
                raise
            return None
        return head

    def _write_rows(self, located: Iterable[LocatedPhoto]) -> None:
        with tempfile.TemporaryFile() as file:
            file.writelines(row_lines(located))
            file.seek(0)
            key = self.layout.labelled_photos(self.fingerprint)
            self.s3.put_object(Bucket=self.layout.bucket, Key=key, Body=file)

    def _write_manifest(self, keys: list[str]) -> str | None:
        """Write the S3 manifest and return its key; None without photos, as a job rejects it."""
        if not keys:
            return None
        key = self.layout.labelled_manifest(self.fingerprint)
        listing = manifest(self.layout.uri(self.layout.root), keys)
        write_record(self.s3, self.layout.bucket, key, listing)
        return key


def content_md5(head: Mapping[str, Any]) -> str | None:
    """Return the MD5 of an object's content, or None if its ETag is something else.

    Source: "Checking object integrity" in the S3 user guide. An ETag with a part number, or of an
    object that is encrypted with a key of KMS or of the user, is no MD5.
    """
    etag = str(head["ETag"]).strip('"')
    plain = head.get("ServerSideEncryption", "AES256") == "AES256"
    known = plain and "SSECustomerAlgorithm" not in head and _MD5.fullmatch(etag)
    return etag if known else None


def _incoming_names(bodies: Iterable[Any], layout: Layout, known: KnownLabels) -> set[str]:
    """Return the incoming photos that labels name whose photo is not known yet."""
    root, names = layout.uri(layout.root), set()
    for body in bodies:
        for line in read_label_lines(body.iter_chunks(CHUNK)):
            file = line.record and line.record.file and line.record.file.removeprefix(root)
            if line.record is None or not file or not file.startswith(INCOMING):
                continue
            if label_number(file, line.record.who, line.record.when) not in known.bound:
                names.add(file)
    return names
