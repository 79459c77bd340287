"""The training loop."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from include.image_classification import log_lines
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoints import Checkpoints
from include.image_classification.training.distribution.group import Group
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.input.batches import Batch
from include.image_classification.training.input.reader import Reader
from include.image_classification.training.loop.average import WeightAverage
from include.image_classification.training.loop.early_stopping import EarlyStopping
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.metrics import Metric
from include.image_classification.training.loop.objective import Objective, SingleLabel
from include.image_classification.training.loop.optimizer import make_trainer
from include.image_classification.training.loop.results import Results, StoreModel
from include.image_classification.training.loop.schedule import make_schedule
from include.image_classification.training.loop.temperature import LogitSample
from include.image_classification.training.networks.devices import average_statistics, parts

_log = logging.getLogger(__name__)
PROGRESS_SECONDS = 5.0
"""Interval of the log lines within an epoch."""


class TrainingLoop:
    """Trains a network and stores the epoch with the best validation accuracy."""

    def __init__(
        self,
        settings: Hyperparameters,
        network: Any,
        readers: tuple[Reader, Reader],
        store: StoreModel,
        checkpoints: Checkpoints[History],
        group: Group,
        compute_network: Any = None,
        objective: Objective | None = None,
        first_epoch: int = 0,
        devices: Sequence[Any] = (mx.cpu(),),
        validated_network: Any = None,
    ) -> None:
        """Create a training loop.

        Args:
            settings: The hyperparameters.
            network: The network to train.
            readers: The readers of the channels train and validation.
            store: Called with the network of the best epoch so far.
            checkpoints: The checkpoints to resume from and to write.
            group: The hosts that train together.
            compute_network: A block that shares the network's parameters, and computes its logits
                from the readers' batches: in another precision, or from features. The network
                itself by default.
            objective: The loss and the metric; by default those of one label per image.
            first_epoch: The epochs before it belong to an earlier loop.
            devices: The devices with the parameters; each computes a part of a batch.
            validated_network: A block as `compute_network`, for the validation's batches if they
                have another shape.
        """
        self._settings, self._network = settings, network
        self._compute_network = network if compute_network is None else compute_network
        self._validated_network = validated_network or self._compute_network
        self._devices = devices
        self._group = group
        self._train, self._validation = readers
        self._first_epoch = first_epoch
        self._rate = make_schedule(settings)
        self._trainer = make_trainer(settings, network, group, self._rates)
        self._average: WeightAverage | None = None
        if settings.ema_decay:
            self._average = WeightAverage(
                network, settings.ema_decay, first_epoch, self._train.batches
            )
        self._results = Results(network, self._trainer, checkpoints, store, self._average)
        self._objective = objective or SingleLabel(settings)
        is_calibrated = settings.calibration == "temperature" and not settings.multi_label
        self._calibrates = group.is_first and is_calibrated
        self._temperature = 1.0

    def run(self, stop: threading.Event, history: History | None = None) -> History:
        """Train until all epochs are done, early stopping applies, or `stop` is set.

        The training resumes from the last checkpoint. If that epoch was trained but not validated,
        it is validated first. An interrupted epoch is discarded. The result has the validated
        epochs only.

        Args:
            stop: Ends the training when it is set.
            history: The result of an earlier loop in this process, which this loop continues; it
                then restores no checkpoint.
        """
        if history is None:
            history = self._results.restore()
        else:
            self._results.continue_from(history)
        self._group.start(self._trainer, len(history.train_accuracy), self._train.batches)
        if self._is_finished(history):
            return history.validated()
        if not (self._train.prepare(stop) and self._validation.prepare(stop)):
            _log.info(
                "Stopped before epoch %d: the best model so far is kept",
                len(history.train_accuracy),
            )
        elif history.is_validated or self._finish_epoch(history, stop):
            self._train_epochs(history, stop)
        if self._group.is_first:
            self._results.store_best(history)
        return history.validated()

    def _is_finished(self, history: History) -> bool:
        return len(history.validation_accuracy) >= self._first_epoch + self._settings.epochs

    def _train_epochs(self, history: History, stop: threading.Event) -> None:
        early_stopping = EarlyStopping(self._settings)
        while not self._is_finished(history):
            epoch = len(history.validation_accuracy)
            if early_stopping.should_stop(history.validation_accuracy[self._first_epoch :]):
                _log.info("Early stopping after %d epochs: no further improvement", epoch)
                if self._group.is_first:
                    self._results.save(history, now=True)
                return
            started = time.perf_counter()
            metric = self.train_epoch(epoch, stop)
            seconds = time.perf_counter() - started
            if self._group.any_interrupted(metric is None) or metric is None:
                _log.info("Stopped in epoch %d: the best model so far is kept", epoch)
                return
            self._record(epoch, metric, seconds, history)
            self._group.synchronize(self._network, self._trainer)
            if not self._finish_epoch(history, stop):
                return

    def train_epoch(self, epoch: int, stop: threading.Event) -> Metric | None:
        """Train one epoch and return its metric, or None if `stop` was set meanwhile."""
        metric, settings = self._objective.make_metric(), self._settings
        # Dropout depends on seed and epoch only, so that a resumed training has the same result.
        mx.random.seed(settings.seed + epoch + 1)
        logged_at, logged_rows = time.perf_counter(), 0
        reader = self._train.training(
            epoch, settings.augmentation_type, settings.seed, settings.resize
        )
        for number, batch in enumerate(reader):
            if self._group.should_stop(stop):
                return None
            passed_epochs = epoch - self._first_epoch + number / self._train.batches
            self._trainer.set_learning_rate(self._rate(passed_epochs))
            self._step(batch, metric)
            passed = time.perf_counter() - logged_at
            if passed >= PROGRESS_SECONDS:
                log_lines.log_progress(epoch, number, (metric.rows - logged_rows) / passed)
                logged_at, logged_rows = time.perf_counter(), metric.rows
        # The backward pass writes BatchNorm's statistics, and MXNet does not wait for it on a read.
        mx.nd.waitall()
        average_statistics(self._network)
        return metric

    def _rates(self) -> list[float]:
        batches, epochs = self._train.batches, self._settings.epochs
        return [self._rate(epoch + n / batches) for epoch in range(epochs) for n in range(batches)]

    def _step(self, batch: Batch, metric: Metric) -> None:
        with mx.autograd.record():
            logits, losses = self._forward(self._compute_network, batch)
        mx.autograd.backward(losses)
        self._trainer.step(batch.rows)
        if self._average:
            self._average.add()
        metric.add(_concatenate(logits), batch.labels, batch.rows, _concatenate(losses))

    def _forward(self, network: Any, batch: Batch) -> tuple[list[Any], list[Any]]:
        """Return the logits and the losses of each device's rows."""
        # All inputs first: MXNet copies none while the first device computes.
        inputs = [
            (
                mx.nd.array(batch.images[rows], ctx=device, dtype=batch.images.dtype),
                mx.nd.array(batch.labels[rows], ctx=device),
            )
            for device, rows in parts(len(batch.images), self._devices)
        ]
        logits, losses = [], []
        for images, labels in inputs:
            # NumPy cannot read bfloat16 logits.
            outputs = network(images.astype("float32", copy=False))
            logits.append(outputs.astype("float32", copy=False))
            losses.append(self._objective.loss(logits[-1], labels))
        return logits, losses

    def _record(self, epoch: int, metric: Metric, seconds: float, history: History) -> None:
        values = self._group.weighted_mean(metric.values(), metric.rows)
        speed = metric.rows * self._group.size / seconds
        rate = float(self._trainer.learning_rate)
        log_lines.log_training(epoch, values, seconds, speed, rate)
        history.train_accuracy.append(values["accuracy"])
        history.train_loss.append(values["cross-entropy"])
        history.images_per_second.append(round(speed, 1))
        history.learning_rate.append(rate)
        history.epoch_seconds.append(round(seconds, 3))

    def _finish_epoch(self, history: History, stop: threading.Event) -> bool:
        """Validate the last trained epoch, save the results, and return if it was validated.

        The results are also saved when `stop` interrupts the validation.
        """
        epoch = len(history.validation_accuracy)
        with self._results.validated_weights():
            validated = self._validate(epoch, history, stop)
            if validated and self._group.is_first:
                self._results.keep_periodic(epoch + 1, self._temperature)
        if not validated:
            _log.info(
                "Stopped before epoch %d was validated: the best model so far is kept; a "
                "training that resumes from the checkpoints validates this epoch first",
                epoch,
            )
        if self._group.is_first:
            self._results.save(history, now=not validated or self._is_finished(history))
        return validated

    def _validate(self, epoch: int, history: History, stop: threading.Event) -> bool:
        """Validate an epoch, and return False if it was interrupted on any host."""
        sample = LogitSample() if self._calibrates else None
        metric = self._validation_metric(stop, sample)
        if self._group.any_interrupted(metric is None) or metric is None:
            return False
        values = self._group.weighted_mean(metric.values(), metric.rows)
        log_lines.log_validation(epoch, values)
        accuracy = values["accuracy"]
        calibration = sample.fit() if sample else None
        self._temperature = calibration.temperature if calibration else 1.0
        if history.would_be_best(accuracy, values["cross-entropy"]):
            history.best_epoch = epoch + 1
            history.calibration = calibration.as_json() if calibration else None
            if self._group.is_first:
                self._results.keep_best()
        history.validation_accuracy.append(accuracy)
        history.validation_loss.append(values["cross-entropy"])
        return True

    def _validation_metric(
        self, stop: threading.Event, sample: LogitSample | None
    ) -> Metric | None:
        metric = self._objective.make_metric()
        for batch in self._validation.validation():
            # The other hosts are not asked: they may have fewer batches than this host.
            if stop.is_set():
                return None
            logits, losses = self._forward(self._validated_network, batch)
            scores = _concatenate(logits)
            metric.add(scores, batch.labels, batch.rows, _concatenate(losses))
            if sample:
                sample.add(scores, batch.labels, batch.rows)
        return metric


def _concatenate(arrays: Sequence[Any]) -> Any:
    return np.concatenate([array.asnumpy() for array in arrays])
