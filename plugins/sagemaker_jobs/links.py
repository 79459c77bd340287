"""Buttons on a task's page that lead to its job, the job's log and output, or its endpoint.

They lead to the AWS console; or, where the calls go elsewhere, to the pages of whoever answers them
below the address in the environment variable SAGEMAKER_CONSOLE_URL: `jobs/<kind>/<name>` and
`endpoints/<name>`. Without one there is nowhere to lead to, and Airflow shows no button.
"""

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.jobs.kinds import JobKind

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
    """Return the addresses of a job's pages: ``job``, ``log``, and ``output`` where it has one.

    Args:
        client: A SageMaker client of boto3: it knows the region and where it sends its calls.
        kind: The job's kind.
        name: Its name.
        output: The s3:// address of what it wrote, once it did.
    """
    console = _console(client)
    if console is None:
        page = _elsewhere(f"jobs/{kind.name}/{name}")
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
        place = f"{bucket}?region={region}&prefix={quote(prefix)}"
        links["output"] = f"{console}/s3/{page}/{place}"
    return links


def endpoint_links(client: Client, name: str) -> dict[str, str]:
    """Return the address of an endpoint's page as ``endpoint``."""
    console = _console(client)
    if console is None:
        page = _elsewhere(f"endpoints/{name}")
        return {"endpoint": page} if page else {}
    return {
        "endpoint": f"{console}/sagemaker/home?region={client.meta.region_name}#/endpoints/{name}"
    }


def _console(client: Client) -> str | None:
    """Return the console of the client's partition, or None where it does not ask AWS itself."""
    host = _CONSOLES.get(client.meta.partition)
    at_aws = host is not None and "amazonaws.com" in str(client.meta.endpoint_url)
    return f"https://{host}" if at_aws else None


def _elsewhere(path: str) -> str:
    base = os.environ.get(CONSOLE_VARIABLE, "").rstrip("/")
    return f"{base}/{path}" if base else ""


class _StoredLink(BaseOperatorLink):
    """The operator knows the address when it has run: Airflow stores it with the task."""

    key = ""

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the address that the operator noted in its ``links``, or nothing."""
        noted: Mapping[str, Any] = getattr(operator, "links", {})
        return str(noted.get(self.key, ""))


class SageMakerJobLink(_StoredLink):
    """Leads to the job of a task that submits or tracks one."""

    name = "SageMaker job"
    key = "job"


class SageMakerJobLogLink(_StoredLink):
    """Leads to what the job's program printed."""

    name = "Job log"
    key = "log"


class SageMakerJobOutputLink(_StoredLink):
    """Leads to what a job that is completed wrote: the model's archive, or a folder."""

    name = "Job output"
    key = "output"


class SageMakerEndpointLink(_StoredLink):
    """Leads to the endpoint of a task that deploys or tracks one."""

    name = "SageMaker endpoint"
    key = "endpoint"


JOB_LINKS: Collection[BaseOperatorLink] = (
    SageMakerJobLink(),
    SageMakerJobLogLink(),
    SageMakerJobOutputLink(),
)
ENDPOINT_LINKS: Collection[BaseOperatorLink] = (SageMakerEndpointLink(),)
