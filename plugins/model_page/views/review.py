"""The review queue: a user labels one photo after the other, with a click or a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from include.common.aws_errors import error_code
from include.contracts.records import DatasetPointer, LabelRecord, RecordProblem, parse_record
from include.contracts.records.label import INCOMING
from include.storage.label_files import write_labels
from model_page import addresses
from model_page.access import ReadablePipeline, User, dag_id, may_trigger, require_trigger
from model_page.airflow_api import AirflowApi
from model_page.context import PipelinePage, open_pipeline
from model_page.forms import Form
from model_page.problems import Part, attempt
from model_page.reading.objects import MISSING
from model_page.reading.overview import read_served
from model_page.reading.queue import Queue, QueuedPhoto, next_photo, read_queue
from model_page.reading.runs import next_run
from model_page.rendering import respond

router = APIRouter()


@router.get("/{pipeline}/review")
def show_review(
    request: Request, pipeline: ReadablePipeline, user: User, after: str = "", undo: str = ""
) -> Response:
    """Show the next photo of the queue.

    Args:
        request: The request.
        pipeline: The pipeline.
        user: The user.
        after: The photo that the user has just labelled or skipped.
        undo: The photo whose label can be withdrawn.
    """
    opened = open_pipeline(request, pipeline)
    name, leases = str(user.get_name()), opened.sources.leases
    queue = attempt("the queue", lambda: _queue(opened, name))
    photos = next_photo(queue.value, leases, name, after) if queue.value else []
    if photos:
        leases.take(photos[0].file, name)
    content = {
        **opened.header("review"),
        "queue": Part({"done": queue.value.done, "total": queue.value.total})
        if queue.value
        else Part(None, queue.problem),
        "photo": photos[0] if photos else None,
        "address": photo_address(pipeline, photos[0]) if photos else "",
        "following": [photo_address(pipeline, photo) for photo in photos[1:2]],
        "classes": attempt("the classes", lambda: known_classes(opened)),
        "undo": undo,
        "next_refresh": _next_refresh(request, pipeline),
        "may_label": may_trigger(user, pipeline, "dataset_refresh"),
    }
    return respond(request, "review.html.jinja", content)


@router.post("/{pipeline}/review")
def label_photo(request: Request, pipeline: ReadablePipeline, user: User, form: Form) -> Response:
    """Write a label in the user's name, or withdraw one, and lead to the next photo."""
    require_trigger(user, pipeline, "dataset_refresh")
    opened, file = open_pipeline(request, pipeline), form.get("file", "")
    record = _record(opened, user, form)
    if not record.withdrawn:
        check_unchanged(opened, file, form.get("etag", ""))
    moment = datetime.now(UTC)
    who = str(user.get_name())
    write_labels(opened.sources.objects.s3, opened.layout, who, [record], moment)
    following = {"after": "" if record.withdrawn else file}
    undo = {} if record.withdrawn else {"undo": file}
    return RedirectResponse(addresses.page(pipeline, "review", **following, **undo), 303)


def photo_address(pipeline: str, photo: QueuedPhoto) -> str:
    """Return the address of a photo of the queue."""
    folder, _, rest = photo.file.partition("/")
    if folder == "incoming":
        return addresses.page(pipeline, "incoming-photo", file=rest)
    return addresses.page(pipeline, "photo", *rest.split("/"))


def known_classes(opened: PipelinePage) -> list[str]:
    """Return the classes of the current dataset version; none without one."""
    objects, layout = opened.sources.objects, opened.layout
    pointer = objects.record(layout.dataset_pointer, DatasetPointer, "dataset refresh")
    found = objects.json(layout.dataset_classes(pointer.version)) if pointer else None
    return [str(name) for name in found] if isinstance(found, list) else []


def check_unchanged(opened: PipelinePage, file: str, etag: str) -> None:
    """Check that the photo that the user saw is still there.

    Raises:
        HTTPException: 409 if it is gone, or another photo has its name.
    """
    objects = opened.sources.objects
    try:
        found = objects.s3.head_object(Bucket=objects.bucket, Key=f"{opened.layout.root}{file}")
    except objects.s3.exceptions.ClientError as error:
        if error_code(error) not in MISSING:
            raise
        raise HTTPException(409, f"the photo {file} is gone: no label was written") from error
    if file.startswith(INCOMING) and found["ETag"].strip('"') != etag.strip('"'):
        raise HTTPException(
            409, f"{file} is another photo than the one you saw: no label was written"
        )


def _record(opened: PipelinePage, user: BaseUser, form: dict[str, str]) -> LabelRecord:
    """Return the label of a form.

    Raises:
        HTTPException: 400 if the photo or the class is none of this pipeline.
    """
    file, answer = form.get("file", ""), form.get("answer", "")
    if not file.startswith(("incoming/", "images/")):
        raise HTTPException(400, f"{file!r} is no photo of incoming/ or images/")
    content: dict[str, Any] = {
        "file": file,
        "who": str(user.get_name()),
        "when": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    if form.get("etag"):
        content["etag"] = form["etag"]
    if file.startswith("images/"):
        content["sha256"] = file.rpartition("/")[2].partition(".")[0]
    match answer:
        case "not usable":
            content["not_usable"] = True
        case "withdraw":
            content["withdrawn"] = True
        case "class":
            content["class"] = _class(opened, form)
        case other:
            raise HTTPException(
                400, f"answer is {other!r}: class, not usable, withdraw are allowed"
            )
    try:
        return parse_record(LabelRecord, content)
    except RecordProblem as problem:
        raise HTTPException(400, str(problem)) from problem


def _class(opened: PipelinePage, form: dict[str, str]) -> str:
    chosen, known = form.get("class", "").strip(), known_classes(opened)
    if chosen not in known:
        raise HTTPException(
            400, f"{chosen!r} is no class of the present dataset version: choose one of the list"
        )
    return chosen


def _queue(opened: PipelinePage, user: str) -> Queue:
    served = read_served(opened.sources, opened.layout, opened.group)
    job = served.package.training_job if served.package else None
    return read_queue(opened.sources, opened.layout, job, user)


def _next_refresh(request: Request, pipeline: str) -> Any:
    try:
        moment, paused = next_run(AirflowApi(request), dag_id(pipeline, "dataset_refresh"))
    except HTTPException:
        return None
    return None if paused else moment
