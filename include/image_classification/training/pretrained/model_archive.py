"""The model of an earlier training job: a model.tar.gz, or its unpacked files."""

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import DAMAGE
from include.image_classification.dataset.archives.tar_members import checked_headers, open_tar
from include.image_classification.model.model_files import (
    BEST_EPOCH,
    SHAPES,
    parameters_file,
)

MODEL_FILES = re.compile(rf"image-classification-\d{{4,}}\.params|{re.escape(SHAPES)}|{BEST_EPOCH}")
"""The only files that are extracted from an archive."""


@dataclass(frozen=True)
class UnpackedModel:
    """The files of a model in a folder."""

    parameters: Path
    shape: tuple[int, int, int]
    """Channels, height and width of the network's input."""


@contextlib.contextmanager
def unpacked_model(path: Path) -> Iterator[UnpackedModel]:
    """Yield the model in a folder or an archive; an archive's files are deleted at the end.

    Raises:
        CommandError: The archive is damaged, or a file of the model is missing or damaged.
    """
    if path.is_dir():
        yield _read_model(path, str(path))
        return
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        _unpack(path, Path(folder))
        yield _read_model(Path(folder), path.name)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with open_tar(archive) as (file, opened):
            for member in checked_headers(archive, file, opened):
                name = PurePosixPath(member.name).name
                content = opened.extractfile(member) if member.isreg() else None
                if content is not None and MODEL_FILES.fullmatch(name):
                    with (folder / name).open("wb") as unpacked:
                        shutil.copyfileobj(content, unpacked)
    except DAMAGE as error:
        raise CommandError(f"{archive.name} is cut off or not a model.tar.gz: {error}") from error


def _read_model(folder: Path, name: str) -> UnpackedModel:
    parameters = parameters_file(folder)
    if parameters is None:
        raise CommandError(
            f"{name} holds no image-classification-NNNN.params, so it is not a model of this "
            "algorithm"
        )
    try:
        shapes = json.loads((folder / SHAPES).read_text("utf-8"))
        (shape,) = [entry["shape"] for entry in shapes if entry["name"] == "data"]
        _, channels, height, width = map(int, shape)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{name}: {SHAPES} lacks the shape of `data`: {error}") from None
    return UnpackedModel(parameters, (channels, height, width))
