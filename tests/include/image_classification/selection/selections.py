"""`select` jobs on a bucket of moto, whose outputs are uploaded like SageMaker's."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from include.image_classification.selection.select import main

BUCKET = "some-bucket"
INCOMING, BATCHES = "cars/incoming/", "cars/batches/"


def photo(side: int = 8) -> bytes:
    """Return a JPEG; each side gives another content."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, 8)).save(buffer, "JPEG")
    return buffer.getvalue()


class Selections:
    """Nightly runs on one bucket.

    Args:
        s3: A boto3 S3 client.
        base: The folder in place of /opt/ml.
    """

    def __init__(self, s3: Any, base: Path) -> None:
        self.s3, self.base, self.day = s3, base, 0

    def upload(self, *keys: str, content: bytes | None = None) -> None:
        for number, key in enumerate(keys):
            self.put(f"{INCOMING}{key}", photo(8 + number) if content is None else content)

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def record(self, name: str) -> Any:
        """Return a JSON object below `batches/`."""
        return json.loads(self.get(f"{BATCHES}{name}"))

    def keys(self, prefix: str = BATCHES) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [key.removeprefix(prefix) for key in found]

    def delete(self, prefix: str) -> None:
        """Delete everything below a folder of `batches/`."""
        for key in self.keys():
            if key.startswith(prefix):
                self.s3.delete_object(Bucket=BUCKET, Key=f"{BATCHES}{key}")

    def select(
        self, images: str = "new", screening: str = "names", most: int = 2, limit: int = 10_000
    ) -> dict[str, Any]:
        """Run the job of the next day, upload its outputs, and return select.json."""
        self.day += 1
        folder = self.base / "processing" / "output"
        shutil.rmtree(folder, ignore_errors=True)
        flags = {
            "--incoming": f"s3://{BUCKET}/{INCOMING}",
            "--batches": f"s3://{BUCKET}/{BATCHES}",
            "--run-time": f"202601{self.day:02}T000000",
            "--max-images": str(most),
            "--max-bytes": str(limit),
            "--images": images,
            "--screening": screening,
        }
        main([word for flag in flags.items() for word in flag])
        for file in sorted((folder / "batches").rglob("*")):
            if file.is_file():
                name = file.relative_to(folder / "batches").as_posix()
                self.put(f"{BATCHES}{name}", file.read_bytes())
        result: dict[str, Any] = json.loads((folder / "result" / "select.json").read_bytes())
        assert result == self.record("select.json")
        return result

    def publish(self, batch: str) -> None:
        """Write the record of a batch whose transform and report have succeeded."""
        self.put(f"{BATCHES}{batch}/batch.json", self.get(f"{BATCHES}{batch}/plan.json"))

    def predict(self, **options: Any) -> list[str]:
        """Do a whole run, and return the images that it predicts."""
        selected = self.select(**options)
        if selected["batch"] is None:
            return []
        plan = self.record(f"{selected['batch']}/plan.json")
        manifest = self.record(f"{selected['batch']}/images.manifest")
        assert manifest == [{"prefix": f"s3://{BUCKET}/{INCOMING}"}, *plan["images"]]
        if plan["images"]:
            self.publish(selected["batch"])
        return list(plan["images"])
