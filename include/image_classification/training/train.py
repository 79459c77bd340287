"""The container's command `train`, with the contract of SageMaker's built-in algorithm."""

import dataclasses
import json
import logging
import signal
import threading
import time
from typing import Any

from include.image_classification import channels, log_lines
from include.image_classification.container import CommandError, base_dir
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.supervise import (
    needs_supervisor,
    supervise,
)
from include.image_classification.training.fine_tuning.requirements import check_fine_tuning
from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.input.open_channels import open_channel
from include.image_classification.training.loop.curve import draw_curve
from include.image_classification.training.processors import choose_devices

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Train on the channels train and validation, and write the model to base/model.

    The hyperparameters are read from input/config/hyperparameters.json. The training resumes from
    the checkpoints in base/checkpoints. On SIGTERM it ends without an error and keeps the best
    model so far.

    Raises:
        CommandError: A hyperparameter or a channel is invalid.
    """
    if argv:
        raise CommandError(f"train takes no flags, but got {' '.join(argv)}")
    started = time.perf_counter()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log_lines.use_training_format()
    settings = parse(channels.read_configuration("hyperparameters"))
    cluster = read_cluster()
    check_fine_tuning(settings, len(cluster.hosts))
    if needs_supervisor(cluster, settings.kv_store):
        supervise(cluster, stop)  # starts a worker that runs this function
        return
    train = open_channel("train", settings.num_classes, bool(settings.multi_label))
    validation = open_channel("validation", settings.num_classes, bool(settings.multi_label))
    if isinstance(train, Records):
        check_image_count(settings, train)
    # The import of MXNet takes 1.5 s: hyperparameters and data are checked before.
    devices = choose_devices(settings, len(cluster.hosts))
    from include.image_classification.training.job import TrainingJob

    history = dataclasses.asdict(TrainingJob(settings, train, validation, devices).run(stop))
    if cluster.is_first:
        _write_history(history, time.perf_counter() - started)


def check_image_count(settings: Hyperparameters, train: Records) -> None:
    """Check that the images fill a batch, and warn if num_training_samples is wrong.

    Raises:
        CommandError: There are fewer images than mini_batch_size.
    """
    if len(train) < settings.mini_batch_size:
        raise CommandError(
            "The number of input images must be bigger or equal to the mini_batch_size: "
            f"{len(train)} images, mini_batch_size {settings.mini_batch_size}"
        )
    if len(train) != settings.num_training_samples:
        _log.warning(
            "num_training_samples is %d, but the train channel holds %d images: using all of them",
            settings.num_training_samples,
            len(train),
        )


def _write_history(history: dict[str, Any], seconds: float) -> None:
    folder = base_dir() / "output" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    epochs = len(history["validation_accuracy"])
    summary = {"stage": "train", "epochs": epochs, **history, "seconds": round(seconds, 3)}
    (folder / "training.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    if epochs:
        (folder / "training.svg").write_text(_curve(history), encoding="utf-8")
    else:
        _log.warning("Stopped before the first epoch was validated: there is no model")


def _curve(history: dict[str, Any]) -> str:
    accuracy, loss = (
        {"training": history[f"train_{kind}"], "validation": history[f"validation_{kind}"]}
        for kind in ("accuracy", "loss")
    )
    return draw_curve(accuracy, loss, history["best_epoch"])
