"""Warm start: initial weights from an earlier job's model or from pretrained weights."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from include.common.addresses import redact_url
from include.image_classification.channels import channel_folder
from include.image_classification.container import CommandError
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.pretrained.catalogue.find import find_weights
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.fetching import check_sha256, fetch
from include.image_classification.training.pretrained.model_channel import load_model_channel
from include.image_classification.training.pretrained.reading import read_weights

_log = logging.getLogger(__name__)


def warm_start(settings: Hyperparameters, network: Any) -> None:
    """Load initial weights into a new network, if the job asks for any.

    The channel `model` takes precedence over the hyperparameter use_pretrained_model. Pretrained
    weights are loaded into all layers but the last, which keeps its random weights.

    Raises:
        CommandError: The weights are missing, damaged, or do not fit the network; or there is a
            channel `pretrained`, but the job does not ask for pretrained weights.
    """
    model_channel = channel_folder("model")
    if model_channel is not None:
        load_model_channel(model_channel, settings, network)
    elif settings.use_pretrained_model:
        _load_pretrained(settings, network)
    elif channel_folder("pretrained") is not None:
        raise CommandError(
            "the channel pretrained is for hyperparameter use_pretrained_model 1: set it, or leave "
            "the channel out"
        )


def _load_pretrained(settings: Hyperparameters, network: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="pretrained-") as folder:
        path, source = _find_weights(settings, Path(folder))
        if settings.pretrained_model_sha256 is not None:
            check_sha256(path, settings.pretrained_model_sha256, source)
        copy_weights(network, read_weights(path), source, last_layer=False)
    _log.info("Starting from the weights of %s; the last layer has random weights", source)


def _find_weights(settings: Hyperparameters, folder: Path) -> tuple[Path, str]:
    """Return the file of weights, and its name for messages.

    The channel `pretrained` takes precedence over the URI, and both over the published weights.
    """
    channel, uri = channel_folder("pretrained"), settings.pretrained_model_uri
    if channel is not None:
        files = [path for path in sorted(channel.rglob("*")) if path.is_file()]
        if len(files) != 1:
            raise CommandError(f"channel pretrained must hold one file, but holds {len(files)}")
        return files[0], f"{files[0].name} of the channel pretrained"
    if uri is None:
        path = find_weights(settings.network, settings.num_layers, folder)
        return path, path.name
    return fetch(uri, folder), redact_url(uri)
