"""The Airflow plugin: the only module of this folder that Airflow executes."""

from airflow.plugins_manager import AirflowPlugin

from sagemaker_jobs.deadlines import RunCreated
from sagemaker_jobs.links import ENDPOINT_LINKS, JOB_LINKS
from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline


class ImageClassificationPlugin(AirflowPlugin):
    """Registers the extra links of SageMaker tasks and the references of deadlines."""

    name = "image_classification"
    operator_extra_links = [*JOB_LINKS, *ENDPOINT_LINKS]  # noqa: RUF012
    deadline_references = [DagRunCreatedDeadline, RunCreated]  # noqa: RUF012
