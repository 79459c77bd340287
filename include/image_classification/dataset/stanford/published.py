"""The names under which the files of Stanford Cars are published."""

import re
from collections.abc import Mapping
from pathlib import Path

from include.image_classification.dataset.archives.archives import archive_stem

CLASSES_FILE = "cars_meta.mat"
ANNOTATION_FILES: Mapping[str, str] = {
    "cars_train": "cars_train_annos.mat",
    "cars_test": "cars_test_annos_withlabels.mat",
    "car_ims": "cars_annos.mat",
}
"""The label file of each set of photos, in the order of the search."""

TRAIN, TEST, ALL = ANNOTATION_FILES
MAT_FILES = frozenset({CLASSES_FILE, *ANNOTATION_FILES.values()})

_COPY = re.compile(r"\s*(\(\d+\)|[-_ ]copy)$", re.IGNORECASE)
_NUMBERED = re.compile(r"\.\d+$")


def published_name(name: str) -> str:
    """Return a file's name without what downloads and copies add to it, in lower case.

    `cars_test_annos_withlabels (1).mat`, `cars_meta - Copy.mat`, `cars_annos.mat.1`
    """
    path = Path(_NUMBERED.sub("", name))
    return f"{_without_copy(path.stem)}{path.suffix}".lower()


def published_set(path: Path) -> str | None:
    """Return the set of photos that an archive or a folder is named after, or None."""
    file = path.with_name(_NUMBERED.sub("", path.name))
    name = _without_copy(archive_stem(file) or path.name).lower()
    return name if name in ANNOTATION_FILES else None


def _without_copy(stem: str) -> str:
    return _COPY.sub("", stem).removesuffix(" -").strip()
