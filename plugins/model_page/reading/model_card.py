"""The model card of a package: as Markdown, and in the JSON schema of SageMaker's model cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.config import Pipeline
from include.contracts.records import ClassScores, DatasetReport, VerdictRecord
from model_page.reading.models.registry import PackageView
from model_page.reading.models.serving import Figures

WORST_CLASSES = 5

LIMITS = (
    "The accuracy holds for photos like those of the evaluated split. A photo of none of the "
    "classes gets one of them all the same; its probability may be high."
)


@dataclass(frozen=True)
class CardFacts:
    """What a card is made of; parts that are missing are left out of the card."""

    pipeline: Pipeline
    package: PackageView
    figures: Figures | None
    verdict: VerdictRecord | None
    dataset: DatasetReport | None
    classes: Sequence[ClassScores]

    @property
    def worst(self) -> list[ClassScores]:
        """The classes with the lowest top-1, the worst first."""
        known = [scores for scores in self.classes if scores.images and scores.top1 is not None]
        return sorted(known, key=lambda scores: scores.top1 or 0.0)[:WORST_CLASSES]

    @property
    def metrics(self) -> list[tuple[str, float]]:
        """The figures of the evaluation by name."""
        if self.figures is None:
            return []
        named = {
            "top-1": self.figures.top1,
            "top-5": self.figures.top5,
            "expected calibration error": self.figures.calibration_error,
        }
        return [(name, value) for name, value in named.items() if value is not None]

    @property
    def hyperparameters(self) -> list[tuple[str, str]]:
        """The settings of the training by name, as far as the package's metadata has them."""
        pairs = (text.partition("=") for text in self._facts.get("hyperparameters", "").split())
        return [(name, value) for name, separator, value in pairs if separator]

    @property
    def _facts(self) -> Mapping[str, str]:
        return self.package.facts


def card_markdown(facts: CardFacts) -> str:
    """Return a model card as Markdown."""
    package, pipeline, said = facts.package, facts.pipeline, facts.pipeline.model_card
    lines = [
        f"# Model card: {_plain(pipeline.name)}, package {package.version}",
        "",
        "## Intended use",
        "",
        f"Classification of photos: {_plain(pipeline.description or pipeline.name)}. "
        f"Owner: {_plain(pipeline.owner)}.",
        *_listed(said.intended_uses),
        "",
        *_section("Unsuitable uses", _listed(said.unsuitable_uses)[1:]),
        "## Limits",
        "",
        LIMITS,
        *_listed(said.limits),
        "",
        *_section("Ethical considerations", _plain_or_none(said.ethical_considerations)),
        "## Risk",
        "",
        f"{said.risk_rating.capitalize()}. {_plain(said.risk_explanation or '')}".rstrip(),
        "",
        "## Metrics",
        "",
        *_metric_lines(facts),
        "",
        "## Data",
        "",
        *_data_lines(facts),
        "",
        "## Training",
        "",
        *(f"- {_plain(name)}: {_plain(value)}" for name, value in _training(facts)),
        "",
        "## Decision",
        "",
        f"{_plain(package.approval)}: {_plain(package.why or package.facts.get('reason', ''))}",
    ]
    return "\n".join(lines) + "\n"


def sagemaker_card(facts: CardFacts) -> dict[str, Any]:
    """Return a model card as the content of SageMaker's ModelCard, schema version 1.0."""
    package, pipeline = facts.package, facts.pipeline
    return {
        "model_overview": {
            "model_id": package.arn,
            "model_name": pipeline.slug,
            "model_description": pipeline.description or pipeline.name,
            "model_version": package.version,
            "problem_type": "Image classification",
            "algorithm_type": package.facts.get("network", pipeline.training.algorithm),
            "model_owner": pipeline.owner,
            "model_artifact": [package.model_uri],
        },
        "intended_uses": {
            "purpose_of_model": f"Classification of photos: {pipeline.description}",
            "factors_affecting_model_efficiency": LIMITS,
            "risk_rating": "Unknown",
        },
        "training_details": {
            "training_observations": package.facts.get("reason", ""),
            "training_job_details": {
                "training_datasets": [package.facts.get("dataset_version", "unknown")],
                "hyper_parameters": [
                    {"name": name, "value": value} for name, value in facts.hyperparameters
                ],
            },
        },
        "evaluation_details": _evaluation_details(facts),
        "additional_information": {
            "caveats_and_recommendations": LIMITS,
            "custom_details": {name: value for name, value in package.facts.items() if value},
        },
    }


def _evaluation_details(facts: CardFacts) -> list[dict[str, Any]]:
    if facts.figures is None:
        return []
    metrics = [{"name": name, "type": "number", "value": value} for name, value in facts.metrics]
    return [
        {
            "name": f"{facts.figures.split} split",
            "datasets": [facts.figures.dataset_version],
            "evaluation_observation": facts.verdict.reason if facts.verdict else "",
            "metric_groups": [{"name": "accuracy", "metric_data": metrics}],
        }
    ]


def _metric_lines(facts: CardFacts) -> list[str]:
    figures = facts.figures
    if figures is None:
        return ["The package has no evaluation."]
    lines = [f"On {figures.images or 'unknown'} photos of the {_plain(figures.split)} split:", ""]
    lines += [f"- {name}: {value:.4f}" for name, value in facts.metrics]
    if figures.top1_interval:
        low, high = figures.top1_interval
        lines.append(f"- 95 % confidence interval of top-1: {low:.4f} to {high:.4f}")
    lines += [
        f"- among the worst classes: {_plain(scores.name)}, top-1 {scores.top1:.3f} of "
        f"{scores.images} photos"
        for scores in facts.worst
    ]
    return lines


def _data_lines(facts: CardFacts) -> list[str]:
    version = facts.package.facts.get("dataset_version", "unknown")
    if facts.dataset is None:
        return [f"Dataset version {_plain(version)}, whose record is gone."]
    counts = ", ".join(f"{count} {_plain(name)}" for name, count in facts.dataset.counts.items())
    source = f", from {_plain(facts.dataset.source.uri)}" if facts.dataset.source else ""
    return [f"Dataset version {_plain(version)}{source}: {counts}."]


def _training(facts: CardFacts) -> list[tuple[str, str]]:
    names = ("training_job", "network", "started_from", "image", "cost_usd")
    known = [(name, facts.package.facts[name]) for name in names if name in facts.package.facts]
    return [*known, *facts.hyperparameters]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """Return a section, or nothing without lines."""
    return [f"## {title}", "", *lines, ""] if lines else []


def _listed(texts: Sequence[str]) -> list[str]:
    """Return texts as a list after an empty line, or nothing without texts."""
    return ["", *(f"- {_plain(text)}" for text in texts)] if texts else []


def _plain_or_none(text: str | None) -> list[str]:
    return [_plain(text)] if text else []


def _plain(text: str) -> str:
    """Return a text without the characters that Markdown or HTML would interpret."""
    marks = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})
    return " ".join(text.split()).translate(marks)
