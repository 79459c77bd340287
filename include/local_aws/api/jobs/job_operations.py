"""What Create, Describe, Stop and List do alike for the three kinds of job."""

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
    """Commit the job's intent, then queue it; ResourceInUse for a name that is taken."""
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
_OWN_WORDS = ("HyperParameters", "Environment")  # whose names and values are the caller's


def _s3_uris(part: Any) -> Iterator[str]:
    """All S3 URIs of a request: what a job would only find out at its end is refused now."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name in _S3_FIELDS:
                yield value
            elif name not in _OWN_WORDS:
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
    """The Describe operation."""

    def described(services: Services, request: Request) -> Body:
        return _found(services, kind, request)

    return described


def _nothing_more(body: Body) -> None:
    return


def stop(kind: JobKind, also: Callable[[Body], None] = _nothing_more) -> Handler:
    """The Stop operation: Stopping at once, Stopped when the program has ended.

    `also` changes what else the kind's description shows of that.
    """

    def stopped(services: Services, request: Request) -> Body:
        _found(services, kind, request)
        name = request[kind.name]

        def stopping(body: Body) -> None:
            if body[kind.status] in TERMINAL:
                raise ApiError(
                    f"The request was rejected because the {kind.word.lower()} job is in status "
                    f"{body[kind.status]}."
                )
            body[kind.status] = "Stopping"
            also(body)

        services.store.update(kind.store, name, stopping)
        services.jobs.stop(kind, name)
        return {}

    return stopped


def listing(kind: JobKind, *more: str, never: tuple[str, ...] = ()) -> Handler:
    """The List operation; `more` are fields of a summary beyond those of every job.

    `never` are filters that no job here meets, for what they ask about is not here.
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


def _found(services: Services, kind: JobKind, request: Request) -> Body:
    name = request[kind.name]
    body = services.store.get(kind.store, name)
    if body is None:
        raise ApiError(kind.missing.format(name=name))
    return body
