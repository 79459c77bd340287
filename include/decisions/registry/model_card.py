"""The model card of a package, in the JSON schema of SageMaker's model package model cards.

The registration of a candidate and the model page make their cards from the same facts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.common.confidence import wilson_interval
from include.config.pipeline import Pipeline
from include.contracts.records import ClassScores, DatasetReport, EvaluationReport
from include.sagemaker_requests.package import one_line
from include.service_model.model_card import LONGEST

WORST_CLASSES = 5

LIMITS = (
    "The accuracy holds for photos like those of the evaluated split. A photo of none of the "
    "classes gets one of them all the same; its probability may be high."
)

LONG, SHORT, NAME = 2048, 1024, 255
"""Characters of a card's paragraphs, of its other texts, and of names and hyperparameters."""

MOST_METRICS, MOST_HYPERPARAMETERS = 50, 100

LEAST_IMPORTANT = (
    ("additional_information", "custom_details"),
    ("training_details", "training_job_details", "hyper_parameters"),
)
"""The details that a card which is too long loses, in this order."""

REVIEWED = ("Approved", "Archived")
"""The statuses of cards that users have settled; SageMaker refuses to change an archived one."""


@dataclass(frozen=True)
class CardFacts:
    """What a card is made of; parts that are missing are left out of the card.

    Attributes:
        pipeline: The model's pipeline, for purpose, uses and limits.
        model_uri: The S3 address of its model.tar.gz.
        facts: Lineage and figures by name, as the package's metadata has them or longer.
        reason: The verdict's reason.
        evaluation: Its evaluation, or None.
        dataset: The dataset version of its training, or None if the record is gone.
        training: The final metrics of its training job, by name.
    """

    pipeline: Pipeline
    model_uri: str
    facts: Mapping[str, Any]
    reason: str = ""
    evaluation: EvaluationReport | None = None
    dataset: DatasetReport | None = None
    training: Mapping[str, float] = field(default_factory=dict)

    @property
    def purpose(self) -> str:
        """What the model was made for."""
        return f"Classification of photos: {self.pipeline.description or self.pipeline.name}."

    @property
    def limits(self) -> list[str]:
        """The limits of every model, and those of the YAML."""
        return [LIMITS, *self.pipeline.model_card.limits]

    @property
    def dataset_version(self) -> str:
        """The dataset version of the training, or "unknown"."""
        return str(self.facts.get("dataset_version") or "unknown")

    @property
    def data(self) -> str:
        """The training's data in a sentence."""
        if self.dataset is None:
            return f"Dataset version {self.dataset_version}, whose record is gone."
        counts = ", ".join(f"{count} {name}" for name, count in self.dataset.counts.items())
        source = f", from {self.dataset.source.uri}" if self.dataset.source else ""
        return f"Dataset version {self.dataset_version}{source}: {counts}."

    @property
    def metrics(self) -> list[tuple[str, float]]:
        """The figures of the evaluation by name."""
        if self.evaluation is None:
            return []
        named = {
            "top-1": self.evaluation.top1,
            "top-5": self.evaluation.top5,
            "expected calibration error": self.evaluation.calibration_error,
        }
        return [(name, value) for name, value in named.items() if value is not None]

    @property
    def top1_interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of top-1, or None without an evaluation."""
        report = self.evaluation
        return wilson_interval(report.top1, report.images) if report else None

    @property
    def worst(self) -> list[ClassScores]:
        """The classes with the lowest top-1, the worst first."""
        classes = self.evaluation.per_class if self.evaluation else []
        known = [scores for scores in classes if scores.images and scores.top1 is not None]
        return sorted(known, key=lambda scores: scores.top1 or 0.0)[:WORST_CLASSES]

    @property
    def hyperparameters(self) -> list[tuple[str, str]]:
        """The settings of the training by name."""
        pairs = (text.partition("=") for text in str(self.facts.get("hyperparameters", "")).split())
        return [(name, value) for name, separator, value in pairs if name and separator and value]


def model_card(facts: CardFacts) -> dict[str, str]:
    """Return the parameter ModelCard of CreateModelPackage and UpdateModelPackage.

    The status is PendingReview, because no user has seen the card, or Draft while the YAML does
    not say what the model is for.
    """
    status = "PendingReview" if facts.pipeline.model_card.intended_uses else "Draft"
    return {"ModelCardContent": _text_of(card_content(facts)), "ModelCardStatus": status}


def renewed_card(stored: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the ModelCard of a package that was judged again; empty to keep the stored one.

    A card that users have approved or archived stays as it is. Sections that only users write,
    such as business_details, are kept.
    """
    if not new or stored.get("ModelCardStatus") in REVIEWED:
        return {}
    try:
        before = json.loads(stored.get("ModelCardContent") or "{}")
    except ValueError:
        before = {}
    content = {
        **(before if isinstance(before, dict) else {}),
        **json.loads(new["ModelCardContent"]),
    }
    return {"ModelCardContent": _text_of(content), "ModelCardStatus": new["ModelCardStatus"]}


def card_content(facts: CardFacts) -> dict[str, Any]:
    """Return the content of a card; texts are cut to the lengths that SageMaker accepts."""
    said = facts.pipeline.model_card
    return {
        "model_overview": {
            "model_creator": one_line(facts.pipeline.owner, SHORT),
            "model_artifact": [one_line(facts.model_uri, SHORT)],
        },
        "intended_uses": _with_text(
            purpose_of_model=one_line(facts.purpose, LONG),
            intended_uses=_paragraph(said.intended_uses),
            factors_affecting_model_efficiency=_paragraph(facts.limits),
            risk_rating=said.risk_rating.capitalize(),
            explanations_for_risk_rating=one_line(said.risk_explanation or "", LONG),
        ),
        "training_details": {
            "training_observations": one_line(facts.data, SHORT),
            "training_job_details": _training_job(facts),
        },
        "evaluation_details": _evaluations(facts),
        "additional_information": _with_text(
            ethical_considerations=one_line(said.ethical_considerations or "", LONG),
            caveats_and_recommendations=_caveats(said.unsuitable_uses),
            custom_details=_custom_details(facts),
        ),
    }


def _training_job(facts: CardFacts) -> dict[str, Any]:
    image = one_line(str(facts.facts.get("image") or ""), SHORT)
    metrics = _finite(facts.training.items())[:MOST_METRICS]
    cleaned = [
        (one_line(name, NAME), one_line(value, NAME)) for name, value in facts.hyperparameters
    ]
    settings = [(name, value) for name, value in cleaned if name and value][:MOST_HYPERPARAMETERS]
    return {
        "training_datasets": [one_line(facts.dataset_version, SHORT)],
        **({"training_environment": {"container_image": [image]}} if image else {}),
        "training_metrics": [{"name": name, "value": value} for name, value in metrics],
        "hyper_parameters": [{"name": name, "value": value} for name, value in settings],
    }


def _evaluations(facts: CardFacts) -> list[dict[str, Any]]:
    report = facts.evaluation
    if report is None:
        return []
    interval = facts.top1_interval
    notes = (
        {"top-1": f"95 % confidence interval: {interval[0]:.4f} to {interval[1]:.4f}"}
        if interval
        else {}
    )
    accuracy = [_metric(name, value, notes.get(name)) for name, value in _finite(facts.metrics)]
    worst = [
        _metric(scores.name, scores.top1, f"top-1 of {scores.images} photos")
        for scores in facts.worst
        if scores.top1 is not None and math.isfinite(scores.top1)
    ]
    groups = {"accuracy": accuracy, "classes with the lowest top-1": worst}
    return [
        {
            "name": one_line(f"{report.split or 'test'} split", 63),
            "evaluation_observation": one_line(facts.reason, LONG),
            "datasets": [one_line(report.dataset_version, SHORT)],
            "metadata": {"images": str(report.images)} if report.images is not None else {},
            "metric_groups": [
                {"name": name, "metric_data": data} for name, data in groups.items() if data
            ],
        }
    ]


def _metric(name: str, value: float, notes: str | None) -> dict[str, Any]:
    metric = {"name": one_line(name, NAME) or "?", "type": "number", "value": value}
    return {**metric, "notes": notes} if notes else metric


def _finite(pairs: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the metrics that JSON has a number for; a training that diverged has NaN."""
    return [
        (cut, value)
        for name, value in pairs
        if math.isfinite(value) and (cut := one_line(name, NAME))
    ]


def _custom_details(facts: CardFacts) -> dict[str, str]:
    """Return the facts that the other sections do not have."""
    elsewhere = ("hyperparameters", "image", "reason")
    single = {
        one_line(name, NAME): one_line(str(value), SHORT)
        for name, value in facts.facts.items()
        if name not in elsewhere and isinstance(value, str | int | float)
    }
    return {name: text for name, text in single.items() if name and text}


def _caveats(uses: Iterable[str]) -> str:
    text = _paragraph(uses)
    return one_line(f"Not suitable for: {text}", LONG) if text else ""


def _paragraph(texts: Iterable[str]) -> str:
    return one_line(" ".join(texts), LONG)


def _with_text(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value}


def _text_of(content: dict[str, Any]) -> str:
    """Return a card as JSON; a card that is too long loses its least important details."""
    text = json.dumps(content, ensure_ascii=False)
    for section, *path, last in LEAST_IMPORTANT:
        if len(text.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST:
            break
        part = content.get(section, {})
        for name in path:
            part = part.get(name, {})
        part.pop(last, None)
        text = json.dumps(content, ensure_ascii=False)
    return text
