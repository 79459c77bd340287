"""The training loop."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from include.image_classification import log_lines
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoints import Checkpoints
from include.image_classification.training.distribution.group import Group
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.input.batches import Batch
from include.image_classification.training.input.reader import Reader
from include.image_classification.training.loop.early_stopping import EarlyStopping
from include.image_classification.training.loop.history import History
from include.image_classification.training.loop.metrics import Metric
from include.image_classification.training.loop.objective import Objective, OneLabel
from include.image_classification.training.loop.optimizer import make_trainer
from include.image_classification.training.loop.schedule import make_schedule

_log = logging.getLogger(__name__)
PROGRESS_SECONDS = 5.0

Store = Callable[[Any, int], object]
"""Called with the network and its epoch (from 1) when it is the best so far; returns the path."""


class Training:
    """Trains one network and stores the epoch with the best validation accuracy."""

    def __init__(
        self,
        settings: Hyperparameters,
        network: Any,
        readers: tuple[Reader, Reader],
        store: Store,
        checkpoints: Checkpoints[History],
        group: Group,
        computing: Any = None,
        objective: Objective | None = None,
    ) -> None:
        """Take what `run` works with.

        Args:
            settings: How to train.
            network: What is trained, judged and stored.
            readers: The channels train and validation.
            store: What keeps the best network.
            checkpoints: What a training that was cut short goes on from.
            group: The hosts that train together.
            computing: What computes the network, sharing its parameters; itself, if left out.
            objective: What is minimised; cross-entropy over one label an image, if left out.
        """
        self._settings, self._network, self._store = settings, network, store
        self._computing = network if computing is None else computing
        self._checkpoints, self._group = checkpoints, group
        self._train, self._validation = readers
        self._rate = make_schedule(settings)
        self._trainer = make_trainer(settings, network, group, self._rates)
        self._objective = objective or OneLabel(settings)

    def run(self, stop: threading.Event) -> History:
        """Train all epochs, or until early stopping or `stop`; an epoch cut short counts not.

        Goes on after the last epoch that has a checkpoint, and judges it first where it was told
        to stop before it had. An epoch that was trained but not judged is in its checkpoint only.
        """
        history = self._checkpoints.restore(self._network, self._trainer, History(), self._store)
        self._group.begin(self._trainer, len(history.train_accuracy), self._train.batches)
        if history.is_judged or self._finish_epoch(history, stop):
            self._go_on(history, stop)
        return history.judged()

    def _go_on(self, history: History, stop: threading.Event) -> None:
        patience = EarlyStopping(self._settings)
        for epoch in range(len(history.validation_accuracy), self._settings.epochs):
            if patience.is_exhausted(history.validation_accuracy):
                _log.info("Early stopping after %d epochs: validation accuracy stalls", epoch)
                return
            started = time.perf_counter()
            trained = self.train_epoch(epoch, stop)
            seconds = time.perf_counter() - started
            if self._group.stops_all(trained is None) or trained is None:
                _log.info("Told to stop in epoch %d: the best model so far is kept", epoch)
                return
            self._record(epoch, trained, seconds, history)
            self._group.settle(self._network, self._trainer)
            if not self._finish_epoch(history, stop):
                return

    def train_epoch(self, epoch: int, stop: threading.Event) -> Metric | None:
        """Show the network every image once and count, or return None where `stop` is set."""
        counted, settings = self._objective.metric(), self._settings
        reported, done = time.perf_counter(), 0
        reader = self._train.training(
            epoch, settings.augmentation_type, settings.seed, settings.resize
        )
        for number, batch in enumerate(reader):
            if self._group.stops(stop):
                return None
            self._trainer.set_learning_rate(self._rate(epoch + number / self._train.batches))
            self._step(batch, counted)
            passed = time.perf_counter() - reported
            if passed >= PROGRESS_SECONDS:
                log_lines.log_progress(epoch, number, (counted.rows - done) / passed)
                reported, done = time.perf_counter(), counted.rows
        # BatchNorm's statistics are written by the backward pass; MXNet lets them be read before.
        mx.nd.waitall()
        return counted

    def _rates(self) -> list[float]:
        batches, epochs = self._train.batches, self._settings.epochs
        return [self._rate(epoch + n / batches) for epoch in range(epochs) for n in range(batches)]

    def _step(self, batch: Batch, counted: Metric) -> None:
        with mx.autograd.record():
            logits = self._logits(batch)
            loss = self._objective.loss(logits, batch.labels)
        loss.backward()
        self._trainer.step(batch.rows)
        counted.add(logits.asnumpy(), batch.labels, batch.rows, loss.asnumpy())

    def _logits(self, batch: Batch) -> Any:
        pixels = mx.nd.array(batch.images, dtype="uint8").astype("float32")
        # Under bfloat16 the logits are no numbers that numpy knows.
        return self._computing(pixels).astype("float32")

    def _record(self, epoch: int, trained: Metric, seconds: float, history: History) -> None:
        figures = self._group.mean(trained.named(), trained.rows)
        speed = trained.rows * self._group.size / seconds
        rate = float(self._trainer.learning_rate)
        log_lines.log_training(epoch, figures, seconds, speed, rate)
        history.train_accuracy.append(figures["accuracy"])
        history.train_loss.append(figures["cross-entropy"])
        history.images_per_second.append(round(speed, 1))
        history.learning_rate.append(rate)
        history.epoch_seconds.append(round(seconds, 3))

    def _finish_epoch(self, history: History, stop: threading.Event) -> bool:
        """Judge the epoch trained last and write its checkpoint, even where `stop` comes first.

        Returns whether it was judged.
        """
        epoch = len(history.validation_accuracy)
        judged = self._judge(epoch, history, stop)
        if not judged:
            _log.info(
                "Told to stop before epoch %d was judged: the best model so far is kept, and a "
                "training that goes on from the checkpoints judges it first",
                epoch,
            )
        if self._group.is_first:
            self._checkpoints.save(self._network, self._trainer, history)
        return judged

    def _judge(self, epoch: int, history: History, stop: threading.Event) -> bool:
        """Return whether it came to its end on all hosts, which may have unequal batches."""
        validated = self._validated(stop)
        if self._group.stops_all(validated is None) or validated is None:
            return False
        figures = self._group.mean(validated.named(), validated.rows)
        log_lines.log_validation(epoch, figures)
        accuracy = figures["accuracy"]
        if accuracy > max(history.validation_accuracy, default=-1.0):
            log_lines.log_best(accuracy, self._store(self._network, epoch + 1))
            history.best_epoch = epoch + 1
        history.validation_accuracy.append(accuracy)
        history.validation_loss.append(figures["cross-entropy"])
        return True

    def _validated(self, stop: threading.Event) -> Metric | None:
        counted = self._objective.metric()
        for batch in self._validation.validation():
            # No question to the other hosts: they may have fewer batches than this one.
            if stop.is_set():
                return None
            logits = self._logits(batch)
            loss = self._objective.loss(logits, batch.labels)
            counted.add(logits.asnumpy(), batch.labels, batch.rows, loss.asnumpy())
        return counted
