"""Buttons on a task's page that lead to its job or endpoint in the SageMaker console."""

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

from sagemaker_jobs.aws import Client

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def console_url(client: Client, path: str) -> str:
    """Return an address in the console, or nothing where the client does not talk to AWS itself.

    Args:
        client: A SageMaker client of boto3: it knows the region and where it sends its calls.
        path: What to show, such as ``jobs/<name>`` or ``endpoints/<name>``.
    """
    meta = client.meta
    console = _CONSOLES.get(meta.partition)
    if console is None or "amazonaws.com" not in str(meta.endpoint_url):
        return ""
    return f"https://{console}/sagemaker/home?region={meta.region_name}#/{path}"


class _ConsoleLink(BaseOperatorLink):
    """The operator knows the address when it has run: Airflow stores it with the task."""

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the address that the operator noted, or nothing."""
        noted: Any = getattr(operator, "console_url", None)
        return str(noted or "")


class SageMakerJobLink(_ConsoleLink):
    """Leads to the job of a task that submits or tracks one."""

    name = "SageMaker job"


class SageMakerEndpointLink(_ConsoleLink):
    """Leads to the endpoint of a task that deploys or tracks one."""

    name = "SageMaker endpoint"
