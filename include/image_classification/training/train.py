"""The program `train`: from record files to a model, by the built-in algorithm's contract."""

import dataclasses
import json
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from include.image_classification.container import ProgramError, base_dir
from include.image_classification.training import channels, log_lines
from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.precision import choose_precision, use_bfloat16
from include.image_classification.training.records import Records

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Train on the channels train and validation, and leave the model in base/model.

    Settings come from input/config/hyperparameters.json. On SIGTERM the best model so far stays
    and the program ends without an error. What base/checkpoints holds is gone on from.
    """
    if argv:
        raise ProgramError(f"train takes no flags, but got {' '.join(argv)}")
    started = time.perf_counter()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log_lines.use_training_format()
    channels.check_instances()
    settings = parse(channels.read_configuration("hyperparameters"))
    train = Records.scan(channels.record_files("train"), settings.num_classes)
    validation = Records.scan(channels.record_files("validation"), settings.num_classes)
    check_counts(settings, train)
    history = _fit(settings, train, validation, stop)
    _write_history(history, time.perf_counter() - started)


def check_counts(settings: Hyperparameters, train: Records) -> None:
    """Refuse fewer images than a batch; say so when the number of images is not as announced."""
    if len(train) < settings.mini_batch_size:
        raise ProgramError(
            "The number of input images must be bigger or equal to the mini_batch_size: "
            f"{len(train)} images, mini_batch_size {settings.mini_batch_size}"
        )
    if len(train) != settings.num_training_samples:
        _log.warning(
            "num_training_samples is %d, but the train channel holds %d images: using these",
            settings.num_training_samples,
            len(train),
        )


def _fit(
    settings: Hyperparameters, train: Records, validation: Records, stop: threading.Event
) -> dict[str, Any]:
    # MXNet takes 1.5 s to import: mistakes in the settings and the data are told before.
    from include.image_classification.training.artifact import store_model
    from include.image_classification.training.batches import BatchReader
    from include.image_classification.training.checkpoints import Checkpoints, identity
    from include.image_classification.training.fit import History, Training
    from include.image_classification.training.kept_epochs import KeptEpochs
    from include.image_classification.training.mxnet_import import mx
    from include.image_classification.training.network import make_network
    from include.image_classification.training.pretrained.starting import start

    if choose_precision(settings) == "bfloat16":
        use_bfloat16()
    mx.random.seed(settings.seed)
    network = make_network(
        settings.num_layers, settings.num_classes, settings.image_shape, settings.network
    )
    start(settings, network)
    threads = len(os.sched_getaffinity(0))
    readers = [
        BatchReader(records, settings.image_shape, settings.mini_batch_size, threads)
        for records in (train, validation)
    ]

    models, kept = base_dir() / "model", base_dir() / "checkpoints"
    frequency = settings.checkpoint_frequency

    def store(best: Any, epoch: int) -> Path:
        return store_model(best, models, epoch, settings.image_shape, frequency)

    images = {"train": len(train), "validation": len(validation)}
    checkpoints = Checkpoints[History](
        kept, identity(settings, images), KeptEpochs(models, kept, frequency)
    )
    training = Training(settings, network, (readers[0], readers[1]), store, checkpoints)
    return dataclasses.asdict(training.run(stop))


def _write_history(history: dict[str, Any], seconds: float) -> None:
    folder = base_dir() / "output" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    epochs = len(history["validation_accuracy"])
    summary = {"stage": "train", "epochs": epochs, **history, "seconds": round(seconds, 3)}
    (folder / "training.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    if not epochs:
        _log.warning("Stopped before the first epoch was complete: there is no model")
