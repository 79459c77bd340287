"""Class names: stored with the model, so that the server can return them."""

import json
from pathlib import Path

from include.image_classification.channels import channel_folder
from include.image_classification.container import CommandError
from include.image_classification.model.model_files import CLASS_NAMES

CHANNEL = "classes"


def channel_class_names(count: int) -> list[str] | None:
    """Return the class names of the channel `classes` in label order; None without the channel.

    Raises:
        CommandError: The channel's classes.json is missing, or has another number of classes.
    """
    folder = channel_folder(CHANNEL)
    return None if folder is None else read_class_names(folder, count)


def read_class_names(folder: Path, count: int) -> list[str]:
    """Return the class names of a folder's classes.json in label order.

    Raises:
        CommandError: The file is missing or invalid, or has another number of classes.
    """
    path = folder / CLASS_NAMES
    try:
        names = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CommandError(f"{folder} holds no {CLASS_NAMES}") from None
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CommandError(f"{path} is not a JSON list of class names")
    if len(names) != count:
        raise CommandError(f"{path} has {len(names)} class names, but there are {count} classes")
    return names


def write_class_names(folder: Path, names: list[str]) -> None:
    """Write the class names into a model's folder."""
    (folder / CLASS_NAMES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
