"""Early stopping by validation accuracy."""

from collections.abc import Sequence

from include.image_classification.training.hyperparameters import Hyperparameters


class EarlyStopping:
    """The built-in algorithm's rule for early stopping.

    After at least `early_stopping_min_epochs`, `early_stopping_patience` epochs in a row without an
    improvement end the training. An improvement exceeds the best accuracy so far by at least the
    share `early_stopping_tolerance`; smaller increases do not add up to an improvement.
    """

    def __init__(self, settings: Hyperparameters) -> None:
        self._settings = settings

    def should_stop(self, accuracies: Sequence[float]) -> bool:
        """Return whether to stop, given the validation accuracy of each epoch so far."""
        settings = self._settings
        if not settings.early_stopping or len(accuracies) < settings.early_stopping_min_epochs:
            return False
        best, stalled, tolerance = -1.0, 0, settings.early_stopping_tolerance
        for accuracy in accuracies:
            gain = accuracy - best
            improved = best < 0 or (gain > 0 and gain >= tolerance * best)
            stalled = 0 if improved else stalled + 1
            best = max(best, accuracy)
        return stalled >= settings.early_stopping_patience
