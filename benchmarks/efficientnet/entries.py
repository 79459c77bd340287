"""The benchmarks of EfficientNet-Lite0, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import serving
from benchmarks.efficientnet import features, int8, training
from benchmarks.pairs import Ratio

BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {
    "efficientnet_training": training.all_layers,
    "efficientnet_features": features.unfused,
    "efficientnet_features_fused": features.fused,
    "efficientnet_int8": int8.serving,
    "efficientnet_transform_int8": partial(serving.transform, int8.model, int8.NAME),
}
