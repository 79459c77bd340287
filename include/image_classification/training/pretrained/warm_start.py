"""What a training starts from: fresh weights, pretrained ones, or an earlier job's model."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from include.common.addresses import redact_url
from include.image_classification.channels import channel_folder
from include.image_classification.container import ProgramError
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.pretrained.earlier import go_on_from
from include.image_classification.training.pretrained.fetching import check_sha256, fetch
from include.image_classification.training.pretrained.reading import read_weights
from include.image_classification.training.pretrained.transplant import transplant

_log = logging.getLogger(__name__)


def start(settings: Hyperparameters, network: Any) -> None:
    """Give a fresh network the weights that it starts from.

    The channel `model` comes before use_pretrained_model, since it is more of the same. Pretrained
    weights go into all layers but the last, which stays fresh; then the whole network is trained.

    Raises:
        ProgramError: What to start from is missing, damaged, or does not fit the network.
    """
    earlier = channel_folder("model")
    if earlier is not None:
        go_on_from(earlier, settings, network)
    elif settings.use_pretrained_model:
        _start_pretrained(settings, network)


def _start_pretrained(settings: Hyperparameters, network: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="pretrained-") as folder:
        path, source = _find(settings, Path(folder))
        if settings.pretrained_model_sha256 is not None:
            check_sha256(path, settings.pretrained_model_sha256, source)
        transplant(network, read_weights(path), source, last_layer=False)
    _log.info("Starting from the weights of %s; the last layer is fresh", source)


def _find(settings: Hyperparameters, folder: Path) -> tuple[Path, str]:
    """Return the file of weights, and what to call it."""
    channel, uri = channel_folder("pretrained"), settings.pretrained_model_uri
    if channel is not None:
        files = [each for each in sorted(channel.rglob("*")) if each.is_file()]
        if len(files) != 1:
            raise ProgramError(f"channel pretrained must hold one file, but holds {len(files)}")
        return files[0], f"{files[0].name} of the channel pretrained"
    if uri is None:
        raise ProgramError(
            "use_pretrained_model is 1, but this image brings no weights: give "
            "pretrained_model_uri and pretrained_model_sha256, or a channel pretrained"
        )
    return fetch(uri, folder), redact_url(uri)
