"""The model as the built-in algorithm leaves it: symbol, parameters, shapes."""

import json
from pathlib import Path
from typing import Any

from include.image_classification.model.model_files import (
    BEST_EPOCH,
    PREFIX,
    SHAPES,
    UNFINISHED,
    epoch_of,
)
from include.image_classification.mxnet_import import mx

__all__ = ["PREFIX", "save_parameters", "store_model"]


def store_model(
    network: Any,
    folder: Path,
    epoch: int,
    shape: tuple[int, int, int],
    frequency: int | None = None,
    several: bool = False,
) -> Path:
    """Write the network so that `mx.model.load_checkpoint(folder/PREFIX, epoch)` loads it.

    The symbol takes `data` (raw pixels) and answers `softmax_output`. Parameters of an earlier
    epoch are removed after the new ones are complete, but for those of every `frequency`th epoch;
    then a file of its own says that this epoch is the best. Of a network for `several` labels an
    image, `softmax` is each class's own probability. Returns the path of the parameters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _symbol(network, several).save(str(folder / f"{PREFIX}-symbol.json"), remove_amp_cast=True)
    shapes = [{"shape": [1, *shape], "name": "data"}]
    (folder / SHAPES).write_text(json.dumps(shapes), encoding="utf-8")
    path = save_parameters(network, folder, epoch)
    if frequency:
        (folder / BEST_EPOCH).write_text(json.dumps(epoch), encoding="utf-8")
    for older in folder.glob(f"{PREFIX}-*.params"):
        if older != path and not (frequency and epoch_of(older) % frequency == 0):
            older.unlink()
    return path


def save_parameters(network: Any, folder: Path, epoch: int) -> Path:
    """Write an epoch's parameters in one step and return their path."""
    path = folder / f"{PREFIX}-{epoch:04d}.params"
    unfinished = path.with_suffix(UNFINISHED)
    mx.nd.save(str(unfinished), _parameters(network, _symbol(network)))
    unfinished.rename(path)
    return path


def _symbol(network: Any, several: bool = False) -> Any:
    output = mx.sym.LogisticRegressionOutput if several else mx.sym.SoftmaxOutput
    return output(network(mx.sym.var("data")), name="softmax")


def _parameters(network: Any, symbol: Any) -> dict[str, Any]:
    states = set(symbol.list_auxiliary_states())
    return {
        f"{'aux' if name in states else 'arg'}:{name}": parameter.data()
        for name, parameter in network.collect_params().items()
    }
