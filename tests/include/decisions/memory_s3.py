"""S3 in memory."""

import hashlib
import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from botocore.response import StreamingBody


class MemoryS3:
    """The S3 calls that batches use."""

    class exceptions:
        """Exception classes, as attributes of boto3's clients."""

        class NoSuchKey(Exception):
            """There is no such object."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_paginator(self, operation: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_objects_v2(
        self, Bucket: str, Prefix: str, Delimiter: str | None = None
    ) -> Iterator[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        if Delimiter is None:
            yield {"Contents": [self._entry(key) for key in keys]}
            return
        below = [key[len(Prefix) :] for key in keys]
        folders = {f"{Prefix}{k.split(Delimiter)[0]}{Delimiter}" for k in below if Delimiter in k}
        yield {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}

    def _entry(self, key: str) -> dict[str, Any]:
        content = self.objects[key]
        return {"Key": key, "ETag": hashlib.md5(content).hexdigest(), "Size": len(content)}

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:
        found = sum(key.startswith(Prefix) for key in self.objects)
        return {"KeyCount": min(found, MaxKeys)}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **more: Any) -> None:
        self.objects[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey
        content = self.objects[Key]
        body = StreamingBody(io.BytesIO(content), len(content))
        return {"Body": body, "ETag": self._entry(Key)["ETag"]}

    def record(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.objects[key])
        return found
