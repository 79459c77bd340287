"""The one module of this folder that Airflow executes: it registers what the packages offer."""

from airflow.plugins_manager import AirflowPlugin

from sagemaker_jobs.links import ENDPOINT_LINKS, JOB_LINKS


class ImageClassificationPlugin(AirflowPlugin):
    """Links from a task to its SageMaker job or endpoint."""

    name = "image_classification"
    operator_extra_links = [*JOB_LINKS, *ENDPOINT_LINKS]  # noqa: RUF012
