"""A model of an earlier training job: model.tar.gz, or what was in it."""

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.member import DAMAGE
from include.image_classification.dataset.archives.tar_members import open_tar, tar_headers
from include.image_classification.model.model_files import (
    BEST_EPOCH,
    SHAPES,
    parameters_file,
)

WANTED = re.compile(rf"image-classification-\d{{4,}}\.params|{re.escape(SHAPES)}|{BEST_EPOCH}")
"""Nothing else of an archive is ever written."""


@dataclass(frozen=True)
class EarlierModel:
    """Where its parameters are, and what images it takes (C, H, W)."""

    parameters: Path
    shape: tuple[int, int, int]


@contextlib.contextmanager
def unpacked_model(path: Path) -> Iterator[EarlierModel]:
    """Give the model in a folder or an archive, for as long as the context lasts.

    Raises:
        ProgramError: The archive is damaged, or a file of the model is missing or damaged.
    """
    if path.is_dir():
        yield _model(path, str(path))
        return
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        _unpack(path, Path(folder))
        yield _model(Path(folder), path.name)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with open_tar(archive) as (_, opened):
            for member in tar_headers(opened):
                name = PurePosixPath(member.name).name
                content = opened.extractfile(member) if member.isreg() else None
                if content is not None and WANTED.fullmatch(name):
                    with (folder / name).open("wb") as file:
                        shutil.copyfileobj(content, file)
    except DAMAGE as error:
        raise ProgramError(f"{archive.name} is cut off or no model.tar.gz: {error}") from error


def _model(folder: Path, name: str) -> EarlierModel:
    parameters = parameters_file(folder)
    if parameters is None:
        raise ProgramError(f"{name} holds no image-classification-NNNN.params: is it a model?")
    try:
        shapes = json.loads((folder / SHAPES).read_text("utf-8"))
        (shape,) = [each["shape"] for each in shapes if each["name"] == "data"]
        _, channels, height, width = map(int, shape)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProgramError(f"{name}: {SHAPES} does not say the shape of data: {error}") from None
    return EarlierModel(parameters, (channels, height, width))
