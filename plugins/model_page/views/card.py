"""Downloads of a package's model card."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse

from include.contracts.records import DatasetReport, EvaluationReport
from include.decisions.registry.model_card import CardFacts, card_content
from include.decisions.training.earlier_trainings import settings_text
from model_page.access import ReadablePipeline
from model_page.context import PipelinePage, open_pipeline
from model_page.problems import attempt
from model_page.reading.model_card import card_markdown
from model_page.reading.models.registry import PackageView
from model_page.reading.models.serving import read_verdict
from model_page.reading.models.trainings import TrainingResult

router = APIRouter()


@router.get("/{pipeline}/package/{version}/card.md")
def download_markdown(request: Request, pipeline: ReadablePipeline, version: int) -> Response:
    """Return a package's model card as Markdown."""
    text = card_markdown(*_facts(request, pipeline, version))
    headers = _headers(f"{pipeline}-{version}-card.md")
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/{pipeline}/package/{version}/card.json")
def download_json(request: Request, pipeline: ReadablePipeline, version: int) -> Response:
    """Return a package's model card in the schema of the registry's model cards."""
    _, facts = _facts(request, pipeline, version)
    headers = _headers(f"{pipeline}-{version}-card.json")
    return JSONResponse(card_content(facts), headers=headers)


def _facts(request: Request, pipeline: str, version: int) -> tuple[PackageView, CardFacts]:
    opened = open_pipeline(request, pipeline)
    package = opened.sources.registry.package(opened.group, version)
    if package is None:
        raise HTTPException(404, f"the registry has no package {version} of {opened.group}")
    objects, layout, job = opened.sources.objects, opened.layout, package.training_job
    verdict = attempt("the verdict", lambda: read_verdict(objects, layout, job)).value
    trained = attempt("the training", lambda: _training(opened, job)).value
    facts = dict(package.facts)
    if trained and trained.hyperparameters:  # the package's metadata has the first ones only
        facts["hyperparameters"] = settings_text(trained.hyperparameters)
    return package, CardFacts(
        pipeline=opened.pipeline,
        model_uri=package.model_uri,
        facts=facts,
        reason=verdict.reason if verdict else package.facts.get("reason", ""),
        evaluation=attempt("the evaluation", lambda: _evaluation(opened, job)).value,
        dataset=attempt("the dataset", lambda: _dataset(opened, package)).value,
        training=trained.metrics if trained else {},
    )


def _dataset(opened: PipelinePage, package: PackageView) -> DatasetReport | None:
    version = package.facts.get("dataset_version")
    if not version:
        return None
    key = opened.layout.dataset_report(version)
    return opened.sources.objects.record(key, DatasetReport, "dataset refresh")


def _evaluation(opened: PipelinePage, job: str | None) -> EvaluationReport | None:
    if not job:
        return None
    key = opened.layout.evaluation_report(job)
    return opened.sources.objects.record(key, EvaluationReport, "the job evaluate")


def _training(opened: PipelinePage, job: str | None) -> TrainingResult | None:
    return opened.sources.trainings.result(job) if job else None


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
