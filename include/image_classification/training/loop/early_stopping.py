"""When training longer does not pay."""

from collections.abc import Sequence

from include.image_classification.training.hyperparameters import Hyperparameters


class EarlyStopping:
    """The built-in algorithm's rule: never before `early_stopping_min_epochs`.

    After that, `early_stopping_patience` epochs in a row without an improvement end the training.
    An improvement is a validation accuracy above the best before it, and above it by at least
    `early_stopping_tolerance` of that best: small steps do not add up to one.
    """

    def __init__(self, settings: Hyperparameters) -> None:
        self._settings = settings

    def is_exhausted(self, accuracies: Sequence[float]) -> bool:
        """Whether to stop, given the validation accuracy of every epoch so far."""
        settings = self._settings
        if not settings.early_stopping or len(accuracies) < settings.early_stopping_min_epochs:
            return False
        best, waited, tolerance = -1.0, 0, settings.early_stopping_tolerance
        for accuracy in accuracies:
            gained = accuracy - best
            improved = best < 0 or (gained > 0 and gained >= tolerance * best)
            waited = 0 if improved else waited + 1
            best = max(best, accuracy)
        return waited >= settings.early_stopping_patience
