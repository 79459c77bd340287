"""The image registry of the tests: a fake image, and the project's custom image."""

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[4]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/fake:1"
CUSTOM_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
_FAKE = Path(__file__).parents[1] / "fake_image.py"


def write_images(file: Path) -> None:
    """Write an image registry with the fake image and the project's custom image."""
    custom = {
        "entrypoint": [sys.executable, "-m", "include.image_classification"],
        "environment": {"PYTHONPATH": str(PROJECT)},
    }
    fake = {"entrypoint": [sys.executable, str(_FAKE)]}
    file.write_text(json.dumps({IMAGE: fake, CUSTOM_IMAGE: custom}))
