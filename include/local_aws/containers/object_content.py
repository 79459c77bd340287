"""Contents of S3 objects as a channel in Pipe mode sends them."""

from collections.abc import Iterator
from dataclasses import dataclass

from include.local_aws.containers.gzipped import decompress
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import Objects, S3Object

_LARGEST_RECORD = 100 * 1024 * 1024


@dataclass(frozen=True)
class ObjectContent:
    """Reads objects, and decompresses them if the channel's CompressionType is `Gzip`."""

    objects: Objects
    compression: str = "None"

    def pieces(self, item: S3Object) -> Iterator[bytes]:
        """Yield an object's content in pieces."""
        pieces = self.objects.pieces(item)
        return decompress(pieces, item.uri) if self.compression == "Gzip" else pieces

    def record(self, item: S3Object) -> bytes:
        """Return an object's content, which becomes one record.

        Raises:
            JobFailure: The object cannot be read, or is larger than 100 MB.
        """
        content = bytearray()
        for piece in self.pieces(item):
            content += piece
            if len(content) > _LARGEST_RECORD:
                raise JobFailure(
                    f"ClientError: {item.uri} is larger than 100 MB, the limit of local_aws for an "
                    "object that becomes one record"
                )
        return bytes(content)
