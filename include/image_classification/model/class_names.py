"""The classes' names, which travel with the model so that the server can answer by name."""

import json
from pathlib import Path

from include.image_classification.channels import channel_folder
from include.image_classification.container import ProgramError
from include.image_classification.model.model_files import CLASS_NAMES

CHANNEL = "classes"


def channel_class_names(count: int) -> list[str] | None:
    """Return the names in label order that the channel `classes` holds; None without the channel.

    Raises:
        ProgramError: the channel holds no classes.json, or it does not name so many classes.
    """
    folder = channel_folder(CHANNEL)
    return None if folder is None else read_class_names(folder, count)


def read_class_names(folder: Path, count: int) -> list[str]:
    """Return the names in a folder's classes.json.

    Raises:
        ProgramError: it is missing, is no list of names, or does not name so many classes.
    """
    path = folder / CLASS_NAMES
    try:
        names = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ProgramError(f"{folder} holds no {CLASS_NAMES}") from None
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProgramError(f"{path} is no JSON list of class names")
    if len(names) != count:
        raise ProgramError(f"{path} names {len(names)} classes, but there are {count}")
    return names


def write_class_names(folder: Path, names: list[str]) -> None:
    """Lay the names beside a model."""
    (folder / CLASS_NAMES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
