"""The model as the built-in algorithm leaves it: symbol, parameters, shapes."""

import json
from pathlib import Path
from typing import Any

from include.image_classification.training.model_files import PREFIX, SHAPES
from include.image_classification.training.mxnet_import import mx

__all__ = ["PREFIX", "store_model"]


def store_model(network: Any, folder: Path, epoch: int, shape: tuple[int, int, int]) -> Path:
    """Write the network so that `mx.model.load_checkpoint(folder/PREFIX, epoch)` loads it.

    The symbol takes `data` (raw pixels) and answers `softmax_output`. Parameters of an earlier
    epoch are removed after the new ones are complete. Returns the path of the parameters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logits = network(mx.sym.var("data"))
    symbol = mx.sym.SoftmaxOutput(logits, name="softmax")
    symbol.save(str(folder / f"{PREFIX}-symbol.json"), remove_amp_cast=True)
    shapes = [{"shape": [1, *shape], "name": "data"}]
    (folder / SHAPES).write_text(json.dumps(shapes), encoding="utf-8")
    path = folder / f"{PREFIX}-{epoch:04d}.params"
    unfinished = path.with_suffix(".unfinished")
    mx.nd.save(str(unfinished), _parameters(network, symbol))
    unfinished.rename(path)
    for older in folder.glob(f"{PREFIX}-*.params"):
        if older != path:
            older.unlink()
    return path


def _parameters(network: Any, symbol: Any) -> dict[str, Any]:
    states = set(symbol.list_auxiliary_states())
    return {
        f"{'aux' if name in states else 'arg'}:{name}": parameter.data()
        for name, parameter in network.collect_params().items()
    }
