"""What a start is given: folder, port, image registry, and SeaweedFS."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from include.local_aws.access.folder import foreign_files
from include.local_aws.cli.doctor.finding import Finding
from include.local_aws.errors import StartupError
from include.local_aws.image_registry import Image, ImageRegistry
from include.local_aws.processes.ports import is_free
from include.local_aws.settings import LOOPBACK
from include.local_aws.storage.seaweedfs import find_weed

_GB = 1000**3


def examine_place(root: Path, port: int, images: Path | None) -> Iterator[Finding]:
    """Whether a start with these would find all that it needs; nothing is changed."""
    yield _storage_program()
    yield _folder(root, images)
    yield _disk(root)
    yield _port(port)
    if images is not None:
        yield from _images(images)


def _storage_program() -> Finding:
    try:
        return Finding("SeaweedFS", "good", find_weed(), "S3 can be served")
    except StartupError as error:
        return Finding("SeaweedFS", "bad", "not found", str(error))


def _folder(root: Path, images: Path | None) -> Finding:
    there = _nearest(root)
    if not there.is_dir():
        return Finding("folder", "bad", f"{there} is a file", "choose another --root")
    if not os.access(there, os.W_OK | os.X_OK):
        meaning = "make it writable for this user, or choose another --root"
        return Finding("folder", "bad", f"{there} cannot be written", meaning)
    reason = foreign_files(root, images and images.absolute()) if root == there else None
    if reason is not None:
        return Finding("folder", "bad", str(root), reason)
    found = str(root) if root == there else f"{root} will be made in {there}"
    return Finding("folder", "good", found, "the state has a place")


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(_nearest(root)).free
    if free < _GB:
        meaning = "S3 takes no more objects below 256 MiB: free some, or choose another --root"
        return Finding("disk", "bad", f"{free / _GB:.1f} GB free", meaning)
    few = free < 10 * _GB
    meaning = (
        "enough for small jobs; a job's inputs and outputs lie here twice while it runs"
        if few
        else "room for data sets and models"
    )
    return Finding("disk", "fair" if few else "good", f"{free / _GB:.0f} GB free", meaning)


def _port(port: int) -> Finding:
    if is_free(port, LOOPBACK):
        return Finding("port", "good", f"{port} is free", "everything but S3 answers there")
    meaning = "a server runs there already; stop it, or choose another with --port"
    return Finding("port", "bad", f"{port} is taken on {LOOPBACK}", meaning)


def _images(file: Path) -> Iterator[Finding]:
    try:
        images = ImageRegistry(file).images()
    except StartupError as error:
        yield Finding("images", "bad", str(file), str(error))
        return
    for uri, image in images.items():
        yield _image(uri, image)


def _image(uri: str, image: Image) -> Finding:
    program = image.entrypoint[0] if image.entrypoint else ""
    path = image.environment.get("PATH", os.environ.get("PATH", os.defpath))
    if shutil.which(program, path=path) is None:
        meaning = f"its jobs fail at once: {program!r} is no program here"
        return Finding(f"image {uri}", "bad", " ".join(image.entrypoint), meaning)
    meaning = "`train`, `serve` or a request's arguments follow"
    return Finding(f"image {uri}", "good", " ".join(image.entrypoint), meaning)


def _nearest(path: Path) -> Path:
    """The path, or the nearest of its parents that is there."""
    return next(each for each in (path, *path.parents) if each.exists())
