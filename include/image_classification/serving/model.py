"""A trained model in memory, answering one image at a time."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.squash import Image, squash
from include.image_classification.training.artifact import PREFIX
from include.image_classification.training.mxnet_import import mx


class Model:
    """A loaded model. Its memory and shapes are settled at once and never grow."""

    def __init__(self, folder: Path) -> None:
        """Load the newest epoch in a folder that holds an unpacked model.tar.gz.

        Raises:
            ProgramError: a file of the model is missing or damaged.
        """
        self.shape = _input_shape(folder)
        self._executor = _executor(folder, self.shape)
        self._lock = threading.Lock()
        self.probabilities(np.zeros((*self.shape[1:], self.shape[0]), np.uint8))

    def probabilities(self, image: Image) -> NDArray[np.float32]:
        """Return the probability of each class for an image of any size.

        The image (height x width x channels, RGB) is squashed to the model's shape. Threads may
        call this together; they wait for each other.
        """
        small = squash(image, *self.shape[1:])
        data = small.transpose(2, 0, 1)[None].astype(np.float32)
        with self._lock:
            outputs = self._executor.forward(is_train=False, data=mx.nd.array(data))
            answer: NDArray[np.float32] = outputs[0].asnumpy()[0]
        return answer


def _input_shape(folder: Path) -> tuple[int, int, int]:
    path = folder / "model-shapes.json"
    try:
        shapes = {each["name"]: each["shape"] for each in json.loads(path.read_text("utf-8"))}
        _, channels, height, width = shapes["data"]
    except FileNotFoundError:
        raise ProgramError(f"{path} is missing: is {folder} an unpacked model.tar.gz?") from None
    except (ValueError, KeyError, TypeError):
        raise ProgramError(f"{path} does not say the shape of data: [1, C, H, W]") from None
    return int(channels), int(height), int(width)


def _executor(folder: Path, shape: tuple[int, int, int]) -> Any:
    parameters = sorted(folder.glob(f"{PREFIX}-*.params"))
    if not parameters:
        raise ProgramError(f"{folder} holds no {PREFIX}-NNNN.params: was the training stopped?")
    epoch = int(parameters[-1].stem.rsplit("-", 1)[1])
    try:
        symbol, arguments, states = mx.model.load_checkpoint(str(folder / PREFIX), epoch)
        executor = symbol.simple_bind(mx.cpu(), grad_req="null", data=(1, *shape))
        executor.copy_params_from(arguments, states)
    except (mx.MXNetError, ValueError, OSError) as error:
        reason = (str(error).strip() or "unreadable").splitlines()[-1]
        raise ProgramError(f"the model in {folder} cannot be loaded: {reason}") from error
    return executor
