"""What handlers of requests need: the readers, the pipeline, and what the user may do."""

from __future__ import annotations

from dataclasses import dataclass

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import Request

from include.config import Pipeline
from include.storage.layout import Layout
from model_page.access import may_trigger
from model_page.reading.overview import title_of
from model_page.reading.sources import Sources


@dataclass(frozen=True)
class PipelinePage:
    """A page about one pipeline."""

    sources: Sources
    pipeline: Pipeline
    layout: Layout

    @property
    def group(self) -> str:
        """The model package group, which is also the endpoint's name."""
        return self.pipeline.slug

    def header(self, tab: str) -> dict[str, object]:
        """Return what the template's header shows.

        Args:
            tab: The present tab.
        """
        name = self.pipeline.name
        return {
            "pipeline": name,
            "title": title_of(name),
            "description": self.pipeline.description,
            "tab": tab,
        }


def sources_of(request: Request) -> Sources:
    """Return the readers of the current installation, which keep their caches between requests.

    Raises:
        DeploymentError: An Airflow Variable is missing or invalid.
    """
    installation = request.app.state.installation()
    known: Sources | None = request.app.state.sources
    if known is None or known.installation is not installation:
        known = request.app.state.sources = Sources(installation)
    return known


def open_pipeline(request: Request, name: str) -> PipelinePage:
    """Return the page of a pipeline.

    Raises:
        PipelineError: There is no pipeline of this name, or its file is invalid.
    """
    sources = sources_of(request)
    pipeline = sources.installation.pipeline(name)
    return PipelinePage(sources, pipeline, sources.installation.layout(name))


def rights(user: BaseUser, pipeline: str) -> dict[str, bool]:
    """Return what a user may trigger, by the DAG's family; for buttons."""
    families = (
        "dataset_refresh",
        "nightly_training",
        "endpoint_update",
        "endpoint_rollback",
        "batch_inference",
    )
    return {family: may_trigger(user, pipeline, family) for family in families}
