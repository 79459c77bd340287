"""The one module of this folder that Airflow executes: it registers what the packages offer."""

from airflow.plugins_manager import AirflowPlugin

from sagemaker_jobs.deadlines import RunCreated
from sagemaker_jobs.links import ENDPOINT_LINKS, JOB_LINKS
from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline


class ImageClassificationPlugin(AirflowPlugin):
    """Links from a task to its SageMaker job or endpoint, and what a run's deadline counts from."""

    name = "image_classification"
    operator_extra_links = [*JOB_LINKS, *ENDPOINT_LINKS]  # noqa: RUF012
    deadline_references = [DagRunCreatedDeadline, RunCreated]  # noqa: RUF012
