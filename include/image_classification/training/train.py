"""The container's command `train`, with the contract of SageMaker's built-in algorithm."""

import dataclasses
import json
import logging
import signal
import threading
import time
from pathlib import Path
from typing import Any

from include.image_classification import channels, log_lines
from include.image_classification.container import ProgramError, base_dir
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.supervise import (
    needs_supervisor,
    supervise,
)
from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.input.open_channels import (
    Images,
    count_images,
    make_reader,
    open_channel,
)
from include.image_classification.training.loop.curve import draw_curve
from include.image_classification.training.networks.precision import choose_precision

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Train on the channels train and validation, and write the model to base/model.

    The hyperparameters are read from input/config/hyperparameters.json. The training resumes from
    the checkpoints in base/checkpoints. On SIGTERM it ends without an error and keeps the best
    model so far.

    Raises:
        ProgramError: A hyperparameter or a channel is invalid.
    """
    if argv:
        raise ProgramError(f"train takes no flags, but got {' '.join(argv)}")
    started = time.perf_counter()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log_lines.use_training_format()
    settings = parse(channels.read_configuration("hyperparameters"))
    cluster = read_cluster()
    if needs_supervisor(cluster, settings.kv_store):
        supervise(cluster, stop)  # starts a worker that runs this function
        return
    train = open_channel("train", settings.num_classes, bool(settings.multi_label))
    validation = open_channel("validation", settings.num_classes, bool(settings.multi_label))
    if isinstance(train, Records):
        check_image_count(settings, train)
    history = _fit(settings, train, validation, stop)
    if cluster.is_first:
        _write_history(history, time.perf_counter() - started)


def check_image_count(settings: Hyperparameters, train: Records) -> None:
    """Check that the images fill a batch, and warn if num_training_samples is wrong.

    Raises:
        ProgramError: There are fewer images than mini_batch_size.
    """
    if len(train) < settings.mini_batch_size:
        raise ProgramError(
            "The number of input images must be bigger or equal to the mini_batch_size: "
            f"{len(train)} images, mini_batch_size {settings.mini_batch_size}"
        )
    if len(train) != settings.num_training_samples:
        _log.warning(
            "num_training_samples is %d, but the train channel holds %d images: using all of them",
            settings.num_training_samples,
            len(train),
        )


def check_share(settings: Hyperparameters, batches: int, hosts: int) -> None:
    """Check that each host has at least one batch.

    Raises:
        ProgramError: There are fewer images than one batch for each host.
    """
    if not batches:
        raise ProgramError(
            "The number of input images must be bigger or equal to the mini_batch_size on each of "
            f"{hosts} hosts: lower mini_batch_size ({settings.mini_batch_size}) or InstanceCount"
        )


def _fit(
    settings: Hyperparameters, train: Images, validation: Images, stop: threading.Event
) -> dict[str, Any]:
    # MXNet takes 1.5 s to import: hyperparameters and data are checked before.
    from include.image_classification.model.artifact import store_model
    from include.image_classification.model.class_names import (
        channel_class_names,
        write_class_names,
    )
    from include.image_classification.model.int8_decision import is_served
    from include.image_classification.mxnet_import import mx
    from include.image_classification.quantization.after_training import add_int8
    from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
    from include.image_classification.training.checkpoints.periodic_models import PeriodicModels
    from include.image_classification.training.distribution.group import join_group
    from include.image_classification.training.loop.fit import TrainingLoop
    from include.image_classification.training.loop.history import History
    from include.image_classification.training.loop.objective import make_objective
    from include.image_classification.training.networks.bfloat16 import to_bfloat16
    from include.image_classification.training.networks.network import make_network
    from include.image_classification.training.pretrained.warm_start import warm_start

    names = channel_class_names(settings.num_classes)
    group = join_group(settings.kv_store)
    if not group.is_first:
        log_lines.silence_metrics()
    use_bfloat16 = group.broadcast_first(
        group.is_first and choose_precision(settings, stop) == "bfloat16"
    )
    mx.random.seed(settings.seed)
    network = make_network(
        settings.num_layers, settings.num_classes, settings.image_shape, settings.network
    )
    warm_start(settings, network)
    readers = (
        make_reader(settings, group, "train", train),
        make_reader(settings, group, "validation", validation),
    )
    check_share(settings, readers[0].batches, group.size)

    models, checkpoint_folder = base_dir() / "model", base_dir() / "checkpoints"
    frequency, multi_label = settings.checkpoint_frequency, bool(settings.multi_label)

    def store(best: Any, epoch: int) -> Path | None:
        if not group.is_first:
            return None
        return store_model(best, models, epoch, settings.image_shape, frequency, multi_label)

    checkpoints = Checkpoints[History](
        checkpoint_folder,
        identity(settings, count_images(train=train, validation=validation)),
        PeriodicModels(models, checkpoint_folder, frequency if group.is_first else None),
    )
    compute_network = to_bfloat16(network) if use_bfloat16 else network
    objective = make_objective(settings, train if isinstance(train, Records) else None)
    loop = TrainingLoop(
        settings, network, readers, store, checkpoints, group, compute_network, objective
    )
    history = loop.run(stop)
    group.close()
    if names is not None and history.best_epoch and group.is_first:
        write_class_names(models, names)
    if (
        settings.int8 == "auto"
        and not multi_label
        and history.best_epoch
        and group.is_first
        and not stop.is_set()
    ):
        calibration = readers[0].training(0, "none", settings.seed, settings.resize)
        add_int8(models, calibration, readers[1].validation(), stop)
    log_lines.log_int8(group.is_first and is_served(models))
    return dataclasses.asdict(history)


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
