"""Runs of the command `refresh` with labels of users, as its plan prepares them."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from include.contracts import files
from include.contracts.label_photos import LocatedPhoto, row_lines
from include.contracts.records import LabelRecord
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import photo

ROOT = "s3://bucket/cars/"
UPLOADED = "2026-11-01T00:00:00+00:00"
GIVEN = "2026-11-02T08:00:00+00:00"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def label(**fields: Any) -> dict[str, Any]:
    """Return a label's line: by anna, at the time GIVEN, unless given."""
    content = {"who": "anna", "when": GIVEN, **fields}
    return LabelRecord.model_validate(content).as_json()


class LabelJob:
    """A source of two classes, photos in incoming/, and labels; refreshed version after version."""

    def __init__(self, job: RefreshJob) -> None:
        self.job = job
        self.incoming: dict[str, tuple[bytes, str]] = {}
        self.inputs = job.base / "processing" / "input"
        self.stored: dict[str, bytes] = {}
        for number, name in enumerate(("Audi", "BMW")):
            for index in range(6):
                self.put_source(f"{name}/{index}.jpg", photo(100 * number + index))

    def put_source(self, path: str, data: bytes) -> None:
        """Write a photo of the source."""
        file = self.job.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def upload(self, name: str, data: bytes, modified: str = UPLOADED) -> str:
        """Upload a photo to incoming/ and return its file in labels."""
        file = f"incoming/{name}"
        self.incoming[file] = (data, modified)
        return file

    def give(self, *lines: dict[str, Any] | bytes, name: str = "2026-11-02/anna.jsonl") -> None:
        """Write a label file."""
        file = self.inputs / "labels" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        encoded = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        file.write_bytes(b"".join(line + b"\n" for line in encoded))

    def run(self, *flags: str) -> dict[str, Any]:
        """Refresh, and continue from the result."""
        self._prepare()
        report = self.job.run("--labels-uri", f"{ROOT}labels/", *flags)
        for path in (self.job.output / "images").rglob("*.*"):
            self.stored[f"images/{path.parent.name}/{path.name}"] = path.read_bytes()
        self.job.follow(report)
        return report

    def images(self) -> dict[str, tuple[str, str]]:
        """Return the class and split of each image of the current version, by path."""
        rows = (self.job.previous / files.MANIFEST).read_text().splitlines()
        classes = json.loads((self.job.previous / files.CLASS_NAMES).read_text())
        found = map(json.loads, rows)
        return {row["path"]: (classes[row["label"]], row["split"]) for row in found}

    def class_of(self, path: str) -> str | None:
        """Return the class of an image of the current version, or None if it is not in it."""
        return self.images().get(path, (None, ""))[0]

    def source_of(self, path: str) -> dict[str, str] | None:
        """Return who gave the class of an image of the current version."""
        rows = map(json.loads, (self.job.previous / files.MANIFEST).read_text().splitlines())
        given: dict[str, str] | None
        given = next(row.get("label_source") for row in rows if row["path"] == path)
        return given

    def outcomes(self) -> list[dict[str, Any]]:
        """Return what became of the labels in the last refresh."""
        path = self.job.output / "result" / files.LABEL_OUTCOMES
        return [json.loads(line) for line in path.read_text().splitlines()]

    def kinds(self) -> dict[str, str]:
        """Return the kind of outcome of each photo in the last refresh."""
        return {row["photo"]: row["kind"] for row in self.outcomes()}

    def detail(self, photo: str) -> str:
        """Return the detail of a photo's outcome in the last refresh."""
        return next(str(row["detail"]) for row in self.outcomes() if row["photo"] == photo)

    def _prepare(self) -> None:
        """Prepare the inputs as the plan does: all photos that exist, with their ETags."""
        for name in ("label_plan", "labelled"):
            shutil.rmtree(self.inputs / name, ignore_errors=True)
        plan = self.inputs / "label_plan" / files.LABELLED_PHOTOS
        plan.parent.mkdir(parents=True)
        plan.write_bytes(b"".join(row_lines(map(self._located, self._named()))))
        contents = {file: data for file, (data, _) in self.incoming.items()}
        for name, data in (contents | self._joined()).items():
            path = self.inputs / "labelled" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _joined(self) -> dict[str, bytes]:
        return self.stored if (self.job.ledger / files.LABEL_LEDGER).exists() else {}

    def _named(self) -> list[str]:
        """Return the files in incoming/ that exist or that a label names."""
        named = set(self.incoming)
        for path in (self.inputs / "labels").rglob("*.jsonl"):
            for line in path.read_bytes().splitlines():
                try:
                    file = json.loads(line)["file"].removeprefix(ROOT)
                except (ValueError, KeyError, TypeError):
                    continue
                named |= {file} if file.startswith("incoming/") else set()
        return sorted(named)

    def _located(self, file: str) -> LocatedPhoto:
        if file not in self.incoming:
            return LocatedPhoto(file=file, etag=None, modified=None)
        data, modified = self.incoming[file]
        return LocatedPhoto(
            file=file,
            etag=etag(data),
            modified=modified,
            size=len(data),
            md5=hashlib.md5(data).hexdigest(),
        )


def etag(data: bytes) -> str:
    """Return the ETag that S3 gives these bytes."""
    return f'"{hashlib.md5(data).hexdigest()}"'


def folder(path: Path) -> dict[str, bytes]:
    """Return the files in a folder by their relative paths."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file()
    }
