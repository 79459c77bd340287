"""The image registry: the program that runs in place of each container image."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from include.local_aws.errors import JobFailure, StartupError


@dataclass(frozen=True)
class Image:
    """An image: the command in place of its entry point, and its environment variables."""

    entrypoint: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class ImageRegistry:
    """The JSON file that maps image URIs to `{"entrypoint": [...], "environment": {...}}`.

    Each look-up reads the file again, so that an image can be added while the server runs.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read()

    def find(self, uri: str) -> Image:
        """Return the image of this URI.

        Raises:
            JobFailure: The file has no such image, or is not a registry.
        """
        try:
            image = self._read().get(uri)
        except StartupError as error:
            raise JobFailure(f"ClientError: {error}") from error
        if image is None:
            raise JobFailure(
                f"ClientError: Cannot find the requested image {uri}: add it to {self._file}"
            )
        return image

    def images(self) -> dict[str, Image]:
        """Return all images by URI; StartupError if the file is not a registry."""
        return self._read()

    def _read(self) -> dict[str, Image]:
        try:
            entries = json.loads(self._file.read_text())
            return {
                uri: Image(list(entry["entrypoint"]), dict(entry.get("environment", {})))
                for uri, entry in entries.items()
            }
        except OSError as error:
            raise StartupError(
                f"cannot read the image registry {self._file}: {error.strerror}"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StartupError(
                f'the image registry {self._file} must be JSON: {{"<image URI>": '
                f'{{"entrypoint": ["<program>", ...], "environment": {{}}}}}} ({error!r})'
            ) from error
