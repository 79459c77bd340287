"""When training longer does not pay."""

from collections.abc import Sequence

from include.image_classification.training.hyperparameters import Hyperparameters


class EarlyStopping:
    """The built-in algorithm's rule: never before `early_stopping_min_epochs`.

    After that, `early_stopping_patience` epochs in a row without a validation accuracy that
    exceeds the best by the relative `early_stopping_tolerance` end the training.
    """

    def __init__(self, settings: Hyperparameters) -> None:
        self._settings = settings

    def is_exhausted(self, accuracies: Sequence[float]) -> bool:
        """Whether to stop, given the validation accuracy of every epoch so far."""
        settings = self._settings
        if not settings.early_stopping or len(accuracies) < settings.early_stopping_min_epochs:
            return False
        best, waited = -1.0, 0
        for accuracy in accuracies:
            if accuracy > best * (1 + settings.early_stopping_tolerance) or best < 0:
                best, waited = accuracy, 0
            else:
                waited += 1
        return waited >= settings.early_stopping_patience
