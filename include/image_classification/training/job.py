"""The training of a job on this host, from the opened channels to the model folder.

This module imports MXNet, which takes 1.5 s: import it after hyperparameters and data are checked.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.image_classification import log_lines
from include.image_classification.container import CommandError, base_dir
from include.image_classification.model.artifact import store_model
from include.image_classification.model.calibration import Calibration
from include.image_classification.model.class_names import channel_class_names, write_class_names
from include.image_classification.model.int8_decision import is_served
from include.image_classification.mxnet_import import mx
from include.image_classification.quantization.after_training import add_int8
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.checkpoints.checkpoints import Checkpoints, identity
from include.image_classification.training.checkpoints.periodic_models import PeriodicModels
from include.image_classification.training.distribution.group import join_group
from include.image_classification.training.fine_tuning.feature_cache import feature_dtype
from include.image_classification.training.fine_tuning.frozen_part import FrozenPart
from include.image_classification.training.fine_tuning.phases import (
    Phase,
    TrainedLayers,
    remaining_phases,
)
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.input.open_channels import (
    Images,
    count_images,
    make_reader,
)
from include.image_classification.training.input.reader import Reader
from include.image_classification.training.loop.fit import TrainingLoop
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.objective import Objective, make_objective
from include.image_classification.training.networks.network import at_shape, make_network
from include.image_classification.training.networks.parts import part_parameters
from include.image_classification.training.networks.training_graph.block import training_block
from include.image_classification.training.precision.bfloat16 import to_bfloat16
from include.image_classification.training.precision.choice import choose_precision
from include.image_classification.training.pretrained.warm_start import warm_start

_log = logging.getLogger(__name__)

Readers = tuple[Reader, Reader]
"""The readers of the channels train and validation."""


class TrainingJob:
    """The part of a training job that runs on this host.

    Args:
        settings: The hyperparameters.
        train: The images of the channel train.
        validation: The images of the channel validation.
        devices: The number of devices that compute parts of a batch; see `devices.py`.

    Raises:
        CommandError: The class names do not fit, or another host ended.
    """

    def __init__(
        self, settings: Hyperparameters, train: Images, validation: Images, devices: int = 1
    ) -> None:
        self._devices = [mx.cpu(number) for number in range(devices)]
        self._settings, self._train, self._validation = settings, train, validation
        self._class_names = channel_class_names(settings.num_classes)
        self._group = join_group(settings.kv_store)
        self._models = base_dir() / "model"
        if not self._group.is_first:
            log_lines.silence_metrics()

    def run(self, stop: threading.Event) -> History:
        """Train, write the model on the first host, and return the validated epochs."""
        use_bfloat16 = self._choose_bfloat16(stop)
        checkpoints = self._make_checkpoints()
        trained_epochs = checkpoints.trained_epochs()
        network = self._make_network(is_new=not trained_epochs)
        phases = remaining_phases(self._settings, trained_epochs)
        readers = self._make_readers()
        history = self._fit(network, phases, readers, checkpoints, use_bfloat16, stop)
        self._group.close()
        if self._group.is_first and history.best_epoch:
            self._complete_model(readers, stop)
        self._log_calibration(history)
        log_lines.log_int8(self._group.is_first and is_served(self._models))
        return history

    def _choose_bfloat16(self, stop: threading.Event) -> bool:
        is_first = self._group.is_first
        if self._settings.precision_dtype != "float32" and (only := self._settings.only_float32):
            _log.info("%s trains in float32", only)
            return False
        return self._group.broadcast_first(
            is_first and choose_precision(self._settings, stop) == "bfloat16"
        )

    def _make_network(self, *, is_new: bool) -> Any:
        """Return the network, with initial weights unless a checkpoint has its weights."""
        settings = self._settings
        mx.random.seed(settings.seed)
        network = make_network(
            settings.num_layers, settings.num_classes, settings.image_shape, settings.network
        )
        if is_new:
            warm_start(settings, network)
        return network

    def _make_readers(self) -> Readers:
        settings, group = self._settings, self._group
        train = make_reader(settings, group, "train", self._train, settings.training_shape)
        validation = make_reader(
            settings, group, "validation", self._validation, settings.image_shape
        )
        if not train.batches:
            raise CommandError(
                "The number of input images must be bigger or equal to the mini_batch_size on each "
                f"of {group.size} hosts: lower mini_batch_size ({settings.mini_batch_size}) or "
                "InstanceCount"
            )
        return train, validation

    def _fit(
        self,
        network: Any,
        phases: Sequence[Phase],
        readers: Readers,
        checkpoints: Checkpoints[History],
        use_bfloat16: bool,
        stop: threading.Event,
    ) -> History:
        """Train the phases."""
        layers = TrainedLayers(network)
        for phase in phases:
            self._check_size_of_features(network, phase)
        history: History | None = None
        for phase in phases:
            if history is not None and len(history.validation_accuracy) < phase.first_epoch:
                break  # the phase before was stopped
            trained = layers.choose(phase)
            # A step of the last layer alone takes less time than its division between devices.
            devices = self._devices[:1] if phase.part == "head" else self._devices
            if len(self._devices) > 1:
                network.collect_params().reset_ctx(devices)
            work = self._prepare(network, phase, trained, readers, use_bfloat16)
            loop = TrainingLoop(
                phase.settings,
                network,
                work.readers,
                self._store,
                checkpoints,
                self._group,
                work.compute_network,
                self._make_objective(),
                phase.first_epoch,
                devices,
                work.validated_network,
            )
            history = loop.run(stop, history)
        assert history is not None
        return history

    def _prepare(
        self, network: Any, phase: Phase, trained: set[str], images: Readers, use_bfloat16: bool
    ) -> "_Work":
        """Return what a phase reads, and the blocks that compute it."""
        settings = self._settings
        if phase.part != "all":
            return self._cache_features(network, trained, images)
        shape, is_resized = settings.training_shape, settings.training_shape != settings.image_shape
        training = at_shape(network, settings, shape) if is_resized else network
        if settings.frozen_stages:
            part = self._frozen_part(training, trained, shape)
            whole = (
                self._frozen_part(network, trained, settings.image_shape) if is_resized else part
            )
            readers = part.make_live_reader(images[0]), whole.make_live_reader(images[1])
            return _Work(readers, part.make_rest(), whole.make_rest() if is_resized else None)
        if use_bfloat16:
            return _Work(images, to_bfloat16(training), network if is_resized else None)
        block = training_block(training(mx.sym.var("data")), "data", (1, *shape), network)
        return _Work(images, block, network if is_resized else None)

    def _check_size_of_features(self, network: Any, phase: Phase) -> None:
        """Check before the first phase that each can keep its features.

        Raises:
            CommandError: They do not fit into memory.
        """
        if phase.part != "all":
            trained = part_parameters(network, phase.part)
            part = self._frozen_part(network, trained, self._settings.image_shape)
            (images,) = count_images(train=self._train).values()
            feature_dtype(self._views, images, part.feature_shape)

    @property
    def _views(self) -> int:
        """The number of views of a training image whose features are computed."""
        return 1 if self._settings.augmentation_type == "none" else 2

    def _frozen_part(
        self, network: Any, trained: set[str], shape: tuple[int, int, int]
    ) -> FrozenPart:
        return FrozenPart(network, trained, shape, self._settings.mini_batch_size, self._devices)

    def _cache_features(self, network: Any, trained: set[str], images: Readers) -> "_Work":
        settings = self._settings
        part = self._frozen_part(network, trained, settings.image_shape)
        counts = count_images(train=self._train, validation=self._validation)
        readers = (
            part.make_reader("train", self._served_size(images[0]), counts["train"], self._views),
            part.make_reader("validation", images[1], counts["validation"], 1),
        )
        return _Work(readers, part.make_rest())

    def _make_objective(self) -> Objective:
        records = self._train if isinstance(self._train, Records) else None
        return make_objective(self._settings, records)

    def _make_checkpoints(self) -> Checkpoints[History]:
        folder = base_dir() / "checkpoints"
        images = count_images(train=self._train, validation=self._validation)
        frequency = self._settings.checkpoint_frequency if self._group.is_first else None
        periodic = PeriodicModels(self._models, folder, frequency)
        return Checkpoints[History](folder, identity(self._settings, images), periodic)

    def _store(self, network: Any, history: History) -> Path | None:
        """Store the best model so far; only the first host does."""
        if not self._group.is_first:
            return None
        settings = self._settings
        return store_model(
            network,
            self._models,
            history.best_epoch,
            settings.image_shape,
            settings.checkpoint_frequency,
            bool(settings.multi_label),
            _calibration(settings, history),
        )

    def _log_calibration(self, history: History) -> None:
        if self._group.is_first and (calibration := _calibration(self._settings, history)):
            log_lines.log_calibration(calibration, calibration.temperature)

    def _served_size(self, train: Reader) -> Reader:
        """Return the reader of the training images, or one in the size that is served."""
        settings = self._settings
        if settings.training_shape == settings.image_shape:
            return train
        return make_reader(settings, self._group, "train", self._train, settings.image_shape)

    def _complete_model(self, readers: Readers, stop: threading.Event) -> None:
        """Add the class names and the int8 form to the model folder."""
        settings, (train, validation) = self._settings, readers
        if self._class_names is not None:
            write_class_names(self._models, self._class_names)
        if settings.int8 == "auto" and not settings.multi_label and not stop.is_set():
            calibration = self._served_size(train).training(
                0, "none", settings.seed, settings.resize
            )
            add_int8(self._models, calibration, validation.validation(), stop)


@dataclass(frozen=True)
class _Work:
    """The readers of a phase, and the blocks that compute their batches."""

    readers: Readers
    compute_network: Any
    validated_network: Any = None


def _calibration(settings: Hyperparameters, history: History) -> Calibration | None:
    """Return the best epoch's calibration; None if it has none, or none is wanted any more."""
    if settings.calibration == "none" or history.calibration is None:
        return None
    return Calibration(**history.calibration)
