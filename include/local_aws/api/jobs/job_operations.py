"""The Create, Describe, Stop and List operations of the three kinds of job."""

from collections.abc import Callable, Iterator
from typing import Any

from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request, in_use
from include.local_aws.errors import ApiError, JobFailure
from include.local_aws.jobs.job import TERMINAL, Job
from include.local_aws.jobs.kinds import JobKind
from include.local_aws.services import Services
from include.local_aws.storage.objects import split_uri
from include.local_aws.store import AlreadyExists, Body


def create(services: Services, job: type[Job], request: Request, **fields: Any) -> Body:
    """Store the job, then put it into the queue; ResourceInUse if the name is taken."""
    kind = job.kind
    for uri in _s3_uris(request):
        _check_uri(uri)
    name = request[kind.name]
    arn = kind.arn_of(name)
    body = {**request, kind.arn: arn, kind.status: "InProgress", **fields}
    try:
        services.store.insert(kind.store, name, body, arn)
    except AlreadyExists as taken:
        raise in_use(
            "Job name must be unique within an AWS account and region, and a job with this name "
            f"already exists ({taken.body[kind.arn]})"
        ) from taken
    services.jobs.submit(job(services.runtime, name))
    return {kind.arn: arn}


_S3_FIELDS = ("S3Uri", "S3OutputPath")
_FREE_FIELDS = ("HyperParameters", "Environment")  # the caller chooses their keys


def _s3_uris(part: Any) -> Iterator[str]:
    """Yield all S3 URIs of a request, to refuse a wrong one before the job runs."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name in _S3_FIELDS:
                yield value
            elif name not in _FREE_FIELDS:
                yield from _s3_uris(value)
    elif isinstance(part, list):
        for member in part:
            yield from _s3_uris(member)


def _check_uri(uri: str) -> None:
    try:
        split_uri(uri)
    except JobFailure as failure:
        raise ApiError(str(failure).removeprefix("ClientError: ")) from failure


def describe(kind: JobKind) -> Handler:
    """Return the Describe operation of a kind."""

    def handle(services: Services, request: Request) -> Body:
        return _find(services, kind, request)

    return handle


def _no_change(body: Body) -> None:
    return


def stop(kind: JobKind, on_stop: Callable[[Body], None] = _no_change) -> Handler:
    """Return the Stop operation of a kind.

    The job is Stopping at once, and Stopped when the program has ended. `on_stop` changes other
    fields of the job's body.
    """

    def handle(services: Services, request: Request) -> Body:
        _find(services, kind, request)
        name = request[kind.name]

        def set_stopping(body: Body) -> None:
            if body[kind.status] in TERMINAL:
                raise ApiError(
                    f"The request was rejected because the {kind.word.lower()} job is in status "
                    f"{body[kind.status]}."
                )
            body[kind.status] = "Stopping"
            on_stop(body)

        services.store.update(kind.store, name, set_stopping)
        services.jobs.stop(kind, name)
        return {}

    return handle


def listing(kind: JobKind, *more: str, never: tuple[str, ...] = ()) -> Handler:
    """Return the List operation of a kind.

    Args:
        kind: The kind of job.
        more: Fields of a summary besides those of all kinds.
        never: Filters on features that local_aws does not have, so that no job matches them.
    """
    common = (kind.name, kind.arn, kind.status, kind.ended, "CreationTime", "LastModifiedTime")
    return Listing(
        kind=kind.store,
        answer=f"{kind.word}JobSummaries",
        name=kind.name,
        status=kind.status,
        fields=(*common, *more),
        extra=lambda body, request: not request.keys() & set(never),
    ).handler()


def _find(services: Services, kind: JobKind, request: Request) -> Body:
    name = request[kind.name]
    body = services.store.get(kind.store, name)
    if body is None:
        raise ApiError(kind.missing.format(name=name))
    return body
