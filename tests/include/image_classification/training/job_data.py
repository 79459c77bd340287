"""Test data: record files, job folders, and processes of the container's commands."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from include.image_classification.recordio.framing import RecordWriter
from include.image_classification.recordio.image_records import pack_image

ROOT = Path(__file__).parents[4]
SETTINGS = {
    "num_classes": "3",
    "num_training_samples": "24",
    "num_layers": "20",
    "image_shape": "3,32,32",
    "mini_batch_size": "8",
    "epochs": "2",
    "learning_rate": "0.05",
    "top_k": "2",
    "augmentation_type": "crop",
    "int8": "never",
}
EFFICIENTNET: dict[str, str | None] = {"network": "efficientnet_lite0", "num_layers": None}
"""Changes of SETTINGS for the network that is no ResNet; None leaves a hyperparameter out."""


def settings_with(**changes: str | None) -> dict[str, str]:
    """Return SETTINGS with these changes; None leaves a hyperparameter out."""
    return {name: text for name, text in (SETTINGS | changes).items() if text is not None}


def make_png(label: int, seed: int, side: int = 36) -> bytes:
    """Return a random PNG in which the channel of the label is the strongest."""
    pixels = np.random.default_rng(seed).integers(0, 120, (side, side, 3), np.uint8)
    pixels[..., 2 - label % 3] += 120
    return cv2.imencode(".png", pixels)[1].tobytes()


def write_records(path: Path, labels: Sequence[float], *, first: int = 0, side: int = 36) -> Path:
    """Write a record for each label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for number, label in enumerate(labels):
            content = make_png(int(label), first + number, side)
            writer.write(pack_image([label], number, content))
    return path


def make_job(base: Path, validation: int = 10, /, **changes: str | None) -> Path:
    """Create a training job's folder with 24 training images and some validation images.

    Args:
        base: The folder.
        validation: The number of validation images.
        changes: Hyperparameters that differ from SETTINGS; None leaves one out.
    """
    data = base / "input" / "data"
    write_records(data / "train" / "train.rec", [i % 3 for i in range(24)])
    labels = [i % 3 for i in range(validation)]
    write_records(data / "validation" / "validation.rec", labels, first=100)
    config = base / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(settings_with(**changes)))
    return base


def start_program(base: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a command of the container in a job's folder, with stderr in its output."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.image_classification", *arguments],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(base), **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
