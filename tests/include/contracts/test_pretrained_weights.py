"""The catalogue of published weights, and the folder in which they are looked for."""

import re
from pathlib import Path

import pytest

from include.contracts.pretrained_weights import (
    CATALOGUE,
    PublishedWeights,
    find_published,
    weights_folder,
)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_an_entry_is_complete(entry: PublishedWeights) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    # Both publishers put the first eight digits into the name.
    assert entry.file_name.endswith(f"-{entry.sha256[:8]}.pth")
    assert entry.mirrors or entry.package
    for url in entry.mirrors:
        assert url.startswith("https://")
        assert url.endswith(f"/{entry.file_name}")
    assert entry.license in ("BSD-3-Clause", "Apache-2.0")


def test_names_and_files_are_unique() -> None:
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE)
    assert len({entry.file_name for entry in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize(
    ("network", "num_layers", "name"),
    [
        ("torchvision", 18, "resnet18"),
        ("torchvision", 152, "resnet152"),
        ("torchvision", 200, None),
        ("mxnet", 18, None),
        ("efficientnet_lite0", 18, "efficientnet_lite0"),
    ],
)
def test_weights_are_found_by_hyperparameters(
    network: str, num_layers: int, name: str | None
) -> None:
    found = find_published(network, num_layers)
    assert (found and found.name) == name


def test_the_folder_is_the_variables_or_the_users_cache() -> None:
    assert weights_folder({"PRETRAINED_WEIGHTS_FOLDER": "/a/b"}) == Path("/a/b")
    assert weights_folder({"PRETRAINED_WEIGHTS_FOLDER": "b"}) == Path.cwd() / "b"
    cache = Path("image-classification/weights")
    assert weights_folder({"XDG_CACHE_HOME": "/caches"}) == "/caches" / cache
    for others in ({}, {"XDG_CACHE_HOME": "relative"}, {"PRETRAINED_WEIGHTS_FOLDER": ""}):
        assert weights_folder(others) == Path.home() / ".cache" / cache
