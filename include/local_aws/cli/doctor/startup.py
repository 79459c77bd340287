"""Checks of what a start needs: SeaweedFS, the folder, the port and the image registry."""

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


def examine_startup(root: Path, port: int, images: Path | None) -> Iterator[Finding]:
    """Yield the findings for a start with these options; nothing is changed."""
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
    existing = _nearest(root)
    if not existing.is_dir():
        return Finding("folder", "bad", f"{existing} is a file", "choose another --root")
    if not os.access(existing, os.W_OK | os.X_OK):
        meaning = "make it writable for this user, or choose another --root"
        return Finding("folder", "bad", f"{existing} is not writable", meaning)
    reason = foreign_files(root, images and images.absolute()) if root == existing else None
    if reason is not None:
        return Finding("folder", "bad", str(root), reason)
    found = str(root) if root == existing else f"{root} will be created in {existing}"
    return Finding("folder", "good", found, "the state can be stored there")


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(_nearest(root)).free
    if free < _GB:
        meaning = "S3 rejects uploads below 256 MiB: free space, or choose another --root"
        return Finding("disk", "bad", f"{free / _GB:.1f} GB free", meaning)
    low = free < 10 * _GB
    meaning = (
        "enough for small jobs; inputs and outputs of running jobs are stored twice"
        if low
        else "enough for data sets and models"
    )
    return Finding("disk", "fair" if low else "good", f"{free / _GB:.0f} GB free", meaning)


def _port(port: int) -> Finding:
    if is_free(port, LOOPBACK):
        return Finding("port", "good", f"{port} is free", "it is the port of all services but S3")
    meaning = "stop the program that uses it, or choose another port with --port"
    return Finding("port", "bad", f"{port} is in use on {LOOPBACK}", meaning)


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
        meaning = f"its jobs fail at once: {program!r} is not a program on this computer"
        return Finding(f"image {uri}", "bad", " ".join(image.entrypoint), meaning)
    meaning = "`train`, `serve` or the request's arguments are added"
    return Finding(f"image {uri}", "good", " ".join(image.entrypoint), meaning)


def _nearest(path: Path) -> Path:
    """Return the path if it exists, else its nearest existing parent."""
    return next(existing for existing in (path, *path.parents) if existing.exists())
