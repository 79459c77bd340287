"""Pin base images by digest: `python -m include.pin_images` looks the digests up and writes them.

A tag can move to another image, a digest cannot. The images are the base images of the Dockerfiles,
and the images that docker-compose.yaml runs without building them. `docker buildx imagetools`
queries the registry; no image is pulled. With `--check` nothing is looked up or written: images
without a digest are listed, and the exit status is 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FILES = {
    "Dockerfile": r"^FROM (?P<image>\S+)",
    "compose/local-aws.Dockerfile": r"^FROM (?P<image>\S+)",
    "include/image_classification/Dockerfile": r"^FROM (?P<image>\S+)",
    "docker-compose.yaml": r"^ +image: (?P<image>\S+)",
}
"""Files that name images, with the regular expression of their lines."""

BUILT = "fresh-image-classifier-"
"""Prefix of the images that docker-compose.yaml builds itself."""

INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
"""Media types of an image index, which lists images for several processor architectures."""


class PinError(Exception):
    """An image cannot be pinned; the text says which and why."""


@dataclass(frozen=True)
class BaseImage:
    """An image in a file: `name:tag`, or `name:tag@sha256:...` if it is pinned."""

    file: Path
    reference: str

    @property
    def tagged(self) -> str:
        """The reference without its digest."""
        return self.reference.partition("@")[0]

    @property
    def is_pinned(self) -> bool:
        """Whether the reference has a tag, for readers, and a digest, for the engine."""
        return re.fullmatch(r"[^@]+:[^@/]+@sha256:[0-9a-f]{64}", self.reference) is not None

    def pin(self, digest: str) -> None:
        """Write a digest into the file, replacing the present digest if there is one."""
        text = self.file.read_text(encoding="utf-8")
        pinned = f"{self.tagged}@{digest}"
        self.file.write_text(text.replace(self.reference, pinned), encoding="utf-8")


def base_images(root: Path = ROOT) -> Iterator[BaseImage]:
    """Yield each image that the project does not build itself."""
    for name, pattern in FILES.items():
        text = (root / name).read_text(encoding="utf-8")
        for match in re.finditer(pattern, text, re.MULTILINE):
            if not match["image"].startswith(BUILT):
                yield BaseImage(root / name, match["image"])


def digest_of(image: str) -> str:
    """Return the present digest of a tag's image index in its registry.

    Raises:
        PinError: The registry did not answer, or the tag is of one architecture only.
    """
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest}}"]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PinError(f"{image}: Docker with its buildx plugin is needed: {error}") from error
    except subprocess.CalledProcessError as error:
        raise PinError(f"{image}: {' '.join(command)}: {error.stderr.strip()}") from error
    manifest = json.loads(done.stdout)
    if manifest["mediaType"] not in INDEXES:
        raise PinError(
            f"{image}: its tag names a {manifest['mediaType']}, which is of one processor "
            "architecture: name an image that is published for several"
        )
    return str(manifest["digest"])


def main(arguments: list[str] | None = None) -> int:
    """Pin or check all images; return 1 if an image remains unpinned, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m include.pin_images",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="only list images without a digest")
    if parser.parse_args(arguments).check:
        return _check()
    status = 0
    for image in list(base_images()):
        try:
            digest = digest_of(image.tagged)
        except PinError as error:
            print(f"ERROR: {error}", file=sys.stderr)
            status = 1
        else:
            image.pin(digest)
            print(f"{image.file.relative_to(ROOT)}: {image.tagged}@{digest}")
    return status


def _check() -> int:
    unpinned = [image for image in base_images() if not image.is_pinned]
    for image in unpinned:
        print(f"{image.file.relative_to(ROOT)}: {image.reference} has no digest: make pin-images")
    return int(bool(unpinned))


if __name__ == "__main__":
    sys.exit(main())
