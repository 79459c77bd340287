"""Sections of a pipeline's YAML, one module per section."""

from include.config.sections.batch import Batch, Drift
from include.config.sections.budget import Budget
from include.config.sections.conversion import Conversion
from include.config.sections.dataset import Dataset
from include.config.sections.endpoint import Endpoint, Traffic
from include.config.sections.evaluation import Evaluation
from include.config.sections.model_card import ModelCard
from include.config.sections.notifications import Notifications
from include.config.sections.promotion import Promotion
from include.config.sections.schedules import Schedules
from include.config.sections.source import Source
from include.config.sections.training import Training

__all__ = [
    "Batch",
    "Budget",
    "Conversion",
    "Dataset",
    "Drift",
    "Endpoint",
    "Evaluation",
    "ModelCard",
    "Notifications",
    "Promotion",
    "Schedules",
    "Source",
    "Traffic",
    "Training",
]
