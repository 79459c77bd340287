"""Extra links of a task to its job, the job's log and output, or its endpoint.

The links lead to the AWS console. If the client's endpoint is not AWS, they lead to
`jobs/<kind>/<name>` and `endpoints/<name>` below the URL in the environment variable
SAGEMAKER_CONSOLE_URL; without that variable there are no links.
"""

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.jobs.kinds import JobKind
from sagemaker_jobs.notifications.urls import page_url

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

CONSOLE_VARIABLE = "SAGEMAKER_CONSOLE_URL"
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def job_links(client: Client, kind: JobKind, name: str, output: str = "") -> dict[str, str]:
    """Return the URLs of a job's pages: ``job``, ``log``, and ``output`` if it has one.

    Args:
        client: A SageMaker client of boto3, which has the region and the endpoint.
        kind: The kind of job.
        name: The job's name.
        output: The S3 URI of the job's output; empty if there is none yet.
    """
    console = _console(client)
    if console is None:
        page = _local_page(f"jobs/{kind.name}/{name}")
        return {"job": page, "log": page and f"{page}#log"} if page else {}
    region = client.meta.region_name
    log = f"#logStream:group={kind.log_group};prefix={name}/;streamFilter=typeLogStreamPrefix"
    links = {
        "job": f"{console}/sagemaker/home?region={region}#/{kind.console_path}/{name}",
        "log": f"{console}/cloudwatch/home?region={region}{log}",
    }
    bucket, _, key = output.removeprefix("s3://").partition("/")
    if bucket and key:
        page = "object" if key.endswith(".tar.gz") else "buckets"
        prefix = key if page == "object" else f"{key.rstrip('/')}/"
        links["output"] = f"{console}/s3/{page}/{bucket}?region={region}&prefix={quote(prefix)}"
    return links


def endpoint_links(client: Client, name: str) -> dict[str, str]:
    """Return the URL of an endpoint's page as ``endpoint``."""
    console = _console(client)
    if console is None:
        page = _local_page(f"endpoints/{name}")
        return {"endpoint": page} if page else {}
    return {
        "endpoint": f"{console}/sagemaker/home?region={client.meta.region_name}#/endpoints/{name}"
    }


def _console(client: Client) -> str | None:
    """Return the console URL of the client's partition, or None if its endpoint is not AWS."""
    host = _CONSOLES.get(client.meta.partition)
    at_aws = host is not None and "amazonaws.com" in str(client.meta.endpoint_url)
    return f"https://{host}" if at_aws else None


def _local_page(path: str) -> str:
    base = os.environ.get(CONSOLE_VARIABLE, "").rstrip("/")
    return f"{base}/{path}" if base else ""


class _StoredLink(BaseOperatorLink):
    """A link that the operator sets when it runs, and that Airflow stores with the task."""

    key = ""

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the URL from the operator's ``links``, or an empty string."""
        links: Mapping[str, Any] = getattr(operator, "links", {})
        return str(links.get(self.key, ""))


class SageMakerJobLink(_StoredLink):
    """The link to the job of a task."""

    name = "SageMaker job"
    key = "job"


class SageMakerJobLogLink(_StoredLink):
    """The link to the log of a job."""

    name = "Job log"
    key = "log"


class SageMakerJobOutputLink(_StoredLink):
    """The link to the output of a completed job: the model archive or an S3 prefix."""

    name = "Job output"
    key = "output"


class SageMakerEndpointLink(_StoredLink):
    """The link to the endpoint of a task."""

    name = "SageMaker endpoint"
    key = "endpoint"


class ModelPageLink(BaseOperatorLink):
    """The link to what a task made: curve, evaluation, dataset, gallery or release.

    The address names the run and the task; the page about them is found when the link is opened.
    DAGs whose id has no pipeline have no such link.
    """

    name = "Model page"

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the URL of the page about a task, or an empty string."""
        return page_url(ti_key.dag_id, ti_key.run_id, ti_key.task_id)


JOB_LINKS: Collection[BaseOperatorLink] = (
    SageMakerJobLink(),
    SageMakerJobLogLink(),
    SageMakerJobOutputLink(),
    ModelPageLink(),
)
ENDPOINT_LINKS: Collection[BaseOperatorLink] = (SageMakerEndpointLink(), ModelPageLink())
