"""The part of the source that dataset refresh fetches from a mirror: the devkit."""

from __future__ import annotations

import hashlib
from pathlib import Path

from include.config.yaml_file import dump_yaml, parse_yaml
from tests.include.image_classification.fetching.mirror import Mirror

FETCHED = "car_devkit.tgz"


def serve_devkit(mirror: Mirror, cars: Path, yaml: Path) -> str:
    """Serve the devkit of a drawn data set, and return the pipeline's YAML with its address.

    Args:
        mirror: The mirror.
        cars: The folder of the data set.
        yaml: The pipeline without `source.urls`.
    """
    devkit = (cars / FETCHED).read_bytes()
    url = mirror.serve(f"/{FETCHED}", devkit)
    content = parse_yaml(yaml.read_text(encoding="utf-8"))
    # Plain HTTP is allowed for files with a known hash only.
    file = {"mirrors": [url], "sha256": hashlib.sha256(devkit).hexdigest()}
    content["source"] = {**content["source"], "urls": [file]}
    return dump_yaml(content)
