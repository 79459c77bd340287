"""Write a model in the built-in algorithm's format: symbol, parameters, shapes."""

import json
from pathlib import Path
from typing import Any

from include.image_classification.model.calibration import RECORD as CALIBRATION
from include.image_classification.model.calibration import Calibration
from include.image_classification.model.last_layer import last_layer
from include.image_classification.model.model_files import (
    BEST_EPOCH,
    PREFIX,
    SHAPES,
    UNFINISHED,
    epoch_of,
)
from include.image_classification.model.relu6 import fuse_relu6
from include.image_classification.mxnet_import import mx

__all__ = ["PREFIX", "save_parameters", "store_model"]


def store_model(
    network: Any,
    folder: Path,
    epoch: int,
    shape: tuple[int, int, int],
    frequency: int | None = None,
    multi_label: bool = False,
    calibration: Calibration | None = None,
) -> Path:
    """Write the network so that `mx.model.load_checkpoint(folder/PREFIX, epoch)` loads it.

    The symbol takes `data` (raw pixels) and returns `softmax_output`. Parameters of earlier epochs
    are deleted after the new ones are complete.

    Args:
        network: The network.
        folder: The model folder.
        epoch: The epoch, from 1.
        shape: Channels, height and width of the input.
        frequency: Keep the parameters of every `frequency`-th epoch, and write best-epoch.json.
        multi_label: Whether `softmax` is a separate probability for each class.
        calibration: The temperature to divide the logits by, which is also written as
            calibration.json; None leaves the logits unchanged.

    Returns:
        The path of the parameters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _symbol(network, multi_label).save(str(folder / f"{PREFIX}-symbol.json"), remove_amp_cast=True)
    shapes = [{"shape": [1, *shape], "name": "data"}]
    (folder / SHAPES).write_text(json.dumps(shapes), encoding="utf-8")
    path = save_parameters(network, folder, epoch, calibration.temperature if calibration else 1.0)
    if calibration:
        calibration.write(folder)
    else:
        (folder / CALIBRATION).unlink(missing_ok=True)
    if frequency:
        (folder / BEST_EPOCH).write_text(json.dumps(epoch), encoding="utf-8")
    for older in folder.glob(f"{PREFIX}-*.params"):
        if older != path and not (frequency and epoch_of(older) % frequency == 0):
            older.unlink()
    return path


def save_parameters(network: Any, folder: Path, epoch: int, temperature: float = 1.0) -> Path:
    """Write an epoch's parameters atomically and return their path.

    The last layer's are divided by the temperature. The network itself is not changed.
    """
    path = folder / f"{PREFIX}-{epoch:04d}.params"
    unfinished = path.with_suffix(UNFINISHED)
    mx.nd.save(str(unfinished), _parameters(network, _symbol(network), temperature))
    unfinished.rename(path)
    return path


def _symbol(network: Any, multi_label: bool = False) -> Any:
    output = mx.sym.LogisticRegressionOutput if multi_label else mx.sym.SoftmaxOutput
    return output(fuse_relu6(network(mx.sym.var("data"))), name="softmax")


def _parameters(network: Any, symbol: Any, temperature: float) -> dict[str, Any]:
    states = set(symbol.list_auxiliary_states())
    scaled = last_layer(symbol) if temperature != 1 else ()
    return {
        f"{'aux' if name in states else 'arg'}:{name}": (
            parameter.data() / temperature if name in scaled else parameter.data()
        )
        for name, parameter in network.collect_params().items()
    }
