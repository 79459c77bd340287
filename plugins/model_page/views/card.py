"""Downloads of a package's model card."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse

from include.contracts.records import ClassScores, DatasetReport, EvaluationReport
from model_page.access import ReadablePipeline
from model_page.context import PipelinePage, open_pipeline
from model_page.problems import attempt
from model_page.reading.model_card import CardFacts, card_markdown, sagemaker_card
from model_page.reading.models.registry import PackageView
from model_page.reading.models.serving import read_figures, read_verdict

router = APIRouter()


@router.get("/{pipeline}/package/{version}/card.md")
def download_markdown(request: Request, pipeline: ReadablePipeline, version: int) -> Response:
    """Return a package's model card as Markdown."""
    text = card_markdown(_facts(request, pipeline, version))
    headers = _headers(f"{pipeline}-{version}-card.md")
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/{pipeline}/package/{version}/card.json")
def download_json(request: Request, pipeline: ReadablePipeline, version: int) -> Response:
    """Return a package's model card as SageMaker's ModelCard takes it."""
    content = sagemaker_card(_facts(request, pipeline, version))
    return JSONResponse(content, headers=_headers(f"{pipeline}-{version}-card.json"))


def _facts(request: Request, pipeline: str, version: int) -> CardFacts:
    opened = open_pipeline(request, pipeline)
    package = opened.sources.registry.package(opened.group, version)
    if package is None:
        raise HTTPException(404, f"the registry has no package {version} of {opened.group}")
    objects, layout, job = opened.sources.objects, opened.layout, package.training_job
    return CardFacts(
        pipeline=opened.pipeline,
        package=package,
        figures=attempt("the figures", lambda: read_figures(objects, layout, job)).value,
        verdict=attempt("the verdict", lambda: read_verdict(objects, layout, job)).value,
        dataset=attempt("the dataset", lambda: _dataset(opened, package)).value,
        classes=attempt("the classes", lambda: _classes(opened, job)).value or [],
    )


def _dataset(opened: PipelinePage, package: PackageView) -> DatasetReport | None:
    version = package.facts.get("dataset_version")
    if not version:
        return None
    key = opened.layout.dataset_report(version)
    return opened.sources.objects.record(key, DatasetReport, "dataset refresh")


def _classes(opened: PipelinePage, job: str | None) -> list[ClassScores]:
    if not job:
        return []
    key = opened.layout.evaluation_report(job)
    report = opened.sources.objects.record(key, EvaluationReport, "the job evaluate")
    return report.per_class if report else []


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
