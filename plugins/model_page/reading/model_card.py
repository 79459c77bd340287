"""The model card of a package as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from include.decisions.registry.model_card import CardFacts
from model_page.reading.models.registry import PackageView


def card_markdown(package: PackageView, facts: CardFacts) -> str:
    """Return the model card of a package as Markdown."""
    pipeline, said = facts.pipeline, facts.pipeline.model_card
    lines = [
        f"# Model card: {_plain(pipeline.name)}, package {package.version}",
        "",
        "## Intended use",
        "",
        f"{_plain(facts.purpose)} Owner: {_plain(pipeline.owner)}.",
        *_listed(said.intended_uses),
        "",
        *_section("Unsuitable uses", _listed(said.unsuitable_uses)[1:]),
        "## Limits",
        "",
        _plain(facts.limits[0]),
        *_listed(facts.limits[1:]),
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
        _plain(facts.data),
        "",
        "## Training",
        "",
        *(f"- {_plain(name)}: {_plain(value)}" for name, value in _training(facts)),
        "",
        "## Decision",
        "",
        f"{_plain(package.approval)}: {_plain(package.why or facts.reason)}",
    ]
    return "\n".join(lines) + "\n"


def _metric_lines(facts: CardFacts) -> list[str]:
    report = facts.evaluation
    if report is None:
        return ["The package has no evaluation."]
    split = report.split or "test"
    lines = [f"On {report.images or 'unknown'} photos of the {_plain(split)} split:", ""]
    lines += [f"- {name}: {value:.4f}" for name, value in facts.metrics]
    if facts.top1_interval:
        low, high = facts.top1_interval
        lines.append(f"- 95 % confidence interval of top-1: {low:.4f} to {high:.4f}")
    lines += [
        f"- among the worst classes: {_plain(scores.name)}, top-1 {scores.top1:.3f} of "
        f"{scores.images} photos"
        for scores in facts.worst
    ]
    return lines


def _training(facts: CardFacts) -> list[tuple[str, str]]:
    names = ("training_job", "network", "started_from", "image", "cost_usd")
    known = [(name, str(facts.facts[name])) for name in names if name in facts.facts]
    metrics = [(f"final {name}", f"{value:g}") for name, value in facts.training.items()]
    return [*known, *metrics, *facts.hyperparameters]


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
