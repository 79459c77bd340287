"""Health: mistakes in YAML files, settings, cost of the month, notifications, and preflight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from include.config import Pipeline
from include.config.deployment import SETTINGS
from model_page import addresses
from model_page.access import INSTALLATION_DAG, User, may_trigger_installation
from model_page.airflow_api import AirflowApi
from model_page.context import sources_of
from model_page.forms import Form
from model_page.problems import attempt
from model_page.reading.runs import RunView, run_view
from model_page.reading.sources import Sources
from model_page.rendering import respond
from model_page.views.overview import readable_pipelines
from sagemaker_jobs.notifications.dispatch import (
    TOPIC_VARIABLE,
    WEBHOOK_VARIABLE,
    get_setting,
    send,
)
from sagemaker_jobs.notifications.notification import Notification

router = APIRouter()


@dataclass(frozen=True)
class Spending:
    """What a pipeline's registered trainings of this month have cost, and its limit, if any."""

    pipeline: str
    usd: float | None
    limit: float | None


@router.get("/-/health")
def show_health(request: Request, user: User, sent: str = "") -> Response:
    """Show the installation's health.

    Args:
        request: The request.
        user: The user.
        sent: The receivers that have accepted a test message, separated by commas.
    """
    sources = sources_of(request)
    pipelines, mistakes = readable_pipelines(sources, user)
    deployment, may = sources.installation.deployment, may_trigger_installation(user)
    content = {
        "mistakes": mistakes,
        "settings": [(setting.variable, getattr(deployment, setting.field)) for setting in SETTINGS]
        if may
        else [],
        "region": deployment.region,
        "spending": [_spending(sources, pipeline) for pipeline in pipelines],
        "receivers": _receivers() if may else [],
        "events": [(pipeline.name, pipeline.notifications.events) for pipeline in pipelines],
        "preflight": attempt("preflight", lambda: _preflight(request)),
        "preflight_dag": INSTALLATION_DAG,
        "may": may,
        "sent": sent,
        "logged_in": True,
    }
    return respond(request, "health.html.jinja", content)


@router.post("/-/health/test-message")
def send_test_message(request: Request, user: User, form: Form) -> Response:
    """Send a test message to the receivers of notifications."""
    _require(user)
    where = f"{request.base_url.scheme}://{request.url.netloc}{addresses.page('-', 'health')}"
    message = Notification(
        "success",
        "Test message of the model page",
        where,
        f"{user.get_name()} has sent this message to see where notifications arrive.",
    )
    accepted = send(message)
    sent = ", ".join(accepted) or "the log only"
    return RedirectResponse(addresses.page("-", "health", sent=sent), 303)


def _require(user: BaseUser) -> None:
    if not may_trigger_installation(user):
        raise HTTPException(403, f"your user may not trigger the DAG {INSTALLATION_DAG}")


def _receivers() -> list[tuple[str, str]]:
    """Return the receivers of notifications and what they need; empty if they are not set."""
    names = {"SNS topic": TOPIC_VARIABLE, "webhook": WEBHOOK_VARIABLE}
    return [(f"{title} (Variable {name})", get_setting(name)) for title, name in names.items()]


def _spending(sources: Sources, pipeline: Pipeline) -> Spending:
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    page = attempt("the registry", lambda: sources.registry.page(pipeline.slug)).value
    costs = [
        cost
        for package in (page.packages if page else [])
        if package.created >= month and (cost := package.number("cost_usd")) is not None
    ]
    return Spending(pipeline.name, sum(costs) if costs else None, pipeline.budget.per_month_usd)


def _preflight(request: Request) -> RunView | None:
    """Return the last run of the DAG preflight, or None."""
    try:
        found = AirflowApi(request).get(
            f"dags/{INSTALLATION_DAG}/dagRuns", limit=1, order_by="-run_after"
        )
    except HTTPException:
        return None
    runs = found["dag_runs"]
    return run_view(runs[0]) if runs else None
