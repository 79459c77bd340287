"""Features of all layers but the last, compared with inference in plain Gluon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.efficientnet.plain_network import plain_network
from benchmarks.pairs import Ratio, compare
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.frozen_features import BATCH, FrozenFeatures
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import part_parameters

CLASSES = 196
SHAPE = (3, 224, 224)
IMAGES = 5 * BATCH
SETUP = f"with nn.Conv2D and F.clip, {SHAPE[1]} px, {IMAGES} images in memory, batch {BATCH}"


def unfused(_: Path) -> Ratio:
    """Compute the features of images in memory; the peer is hybridized."""
    return _compare(plain_network(CLASSES).features, "Gluon, hybridized, static")


def fused(_: Path) -> Ratio:
    """Compute the features of images in memory; the peer is hybridized with oneDNN's fusion.

    The peer has less to compute, since it does not have TensorFlow's padding.
    """
    features = plain_network(CLASSES).features
    features.hybridize(backend="MKLDNN", static_alloc=True, static_shape=True)
    return _compare(features, 'Gluon, hybridized with backend="MKLDNN", static')


def _compare(plain: Any, peer: str) -> Ratio:
    """Compare with a plain network's features. All weights are random."""
    pixels = np.random.default_rng(1).integers(0, 256, (IMAGES, *SHAPE)).astype(np.uint8)
    network = make_network(0, CLASSES, SHAPE, "efficientnet_lite0")
    frozen = FrozenFeatures(network, part_parameters(network, "head"), SHAPE)
    return compare(
        lambda: frozen(pixels),
        lambda: plain_features(plain, pixels, BATCH),
        f"{peer}, the same network {SETUP}",
    )


def plain_features(block: Any, pixels: NDArray[np.uint8], batch: int) -> NDArray[np.float32]:
    """Return the features that a hybridized block computes in batches."""
    chunks = (pixels[start : start + batch] for start in range(0, len(pixels), batch))
    outputs = [block(mx.nd.array(chunk, dtype="float32")).asnumpy() for chunk in chunks]
    return np.concatenate(outputs)
