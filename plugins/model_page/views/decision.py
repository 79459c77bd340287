"""Approval and rejection of a package by a user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from include.decisions.promotion.approval import APPROVE, REJECT
from model_page import addresses
from model_page.access import ReadablePipeline, User, dag_id, require_trigger
from model_page.airflow_api import AirflowApi
from model_page.context import PipelinePage, open_pipeline
from model_page.forms import Form, number_of, reason_of
from model_page.reading.models.approvals import DecidedMeanwhileError, decide
from model_page.reading.models.registry import PackageView
from model_page.triggering import trigger

router = APIRouter()

QUESTION_TASK = "ask_person"


@router.post("/{pipeline}/package/{version}/decision")
def decide_on_package(
    request: Request, pipeline: ReadablePipeline, user: User, version: int, form: Form
) -> Response:
    """Approve or reject a package.

    If a run asks about the package, the answer goes to the run's question, which Airflow accepts
    once. Otherwise the registry is changed as the DAGs change it, and an approved package is
    deployed by endpoint update.
    """
    require_trigger(user, pipeline, "endpoint_update")
    opened = open_pipeline(request, pipeline)
    opened.sources.registry.forget()
    package = opened.sources.registry.package(opened.group, version)
    if package is None:
        raise HTTPException(404, f"the registry has no package {version} of {opened.group}")
    approval = _approval(form)
    why, api = reason_of(form), AirflowApi(request)
    _check_approver(opened, user)
    question = find_question(api, pipeline, version)
    if question is not None:
        _answer(api, pipeline, question, approval, why)
        return RedirectResponse(addresses.page(pipeline, "package", version), 303)
    _check_unchanged(package, form)
    _set_approval(opened, package, approval, user, why, number_of(form, "decisions"))
    if approval == "Rejected":
        return RedirectResponse(addresses.page(pipeline, "package", version), 303)
    run = trigger(api, pipeline, "endpoint_update", {"package_version": version}, why)
    return RedirectResponse(addresses.page(pipeline, "run", run.family, run.run_id), 303)


def find_question(api: AirflowApi, pipeline: str, version: int) -> dict[str, Any] | None:
    """Return Airflow's open question about a package, or None."""
    name = dag_id(pipeline, "nightly_training")
    found = api.get(
        f"dags/{name}/dagRuns/~/hitlDetails",
        task_id=QUESTION_TASK,
        response_received=False,
        limit=20,
    )
    subject = f"Approve model package {version} of {pipeline}?"
    questions: list[dict[str, Any]] = found["hitl_details"]
    return next((asked for asked in questions if asked.get("subject") == subject), None)


def _answer(
    api: AirflowApi, pipeline: str, question: dict[str, Any], approval: str, why: str
) -> None:
    task = question["task_instance"]
    name, run = dag_id(pipeline, "nightly_training"), quote(task["dag_run_id"], safe="")
    path = f"dags/{name}/dagRuns/{run}/taskInstances/{QUESTION_TASK}/{task['map_index']}"
    option = APPROVE if approval == "Approved" else REJECT
    api.patch(
        f"{path}/hitlDetails", {"chosen_options": [option], "params_input": {"why": why or None}}
    )


def _approval(form: dict[str, str]) -> Literal["Approved", "Rejected"]:
    match form.get("approval"):
        case "Approved":
            return "Approved"
        case "Rejected":
            return "Rejected"
        case other:
            raise HTTPException(400, f"approval is {other!r}: Approved and Rejected are allowed")


def _check_approver(opened: PipelinePage, user: BaseUser) -> None:
    """Check that the YAML's `promotion.approvers`, if it names some, has the user."""
    approvers = opened.pipeline.promotion.approvers
    if approvers and str(user.get_id()) not in {approver.id for approver in approvers}:
        names = ", ".join(approver.name for approver in approvers)
        raise HTTPException(403, f"promotion.approvers allows only {names} to decide")


def _check_unchanged(package: PackageView, form: dict[str, str]) -> None:
    if form.get("seen") != package.approval:
        raise HTTPException(
            409,
            f"package {package.version} is {package.approval} by now ({package.why or 'no reason'}"
            "): reload its page to decide again",
        )


def _set_approval(
    opened: PipelinePage,
    package: PackageView,
    approval: Literal["Approved", "Rejected"],
    user: BaseUser,
    why: str,
    seen: int,
) -> None:
    sources = opened.sources
    try:
        decide(
            sources.objects,
            sources.installation.sagemaker,
            opened.layout,
            package,
            approval,
            str(user.get_name()),
            why,
            seen,
            datetime.now(UTC),
        )
    except DecidedMeanwhileError as error:
        raise HTTPException(409, str(error)) from error
    finally:
        sources.registry.forget()
