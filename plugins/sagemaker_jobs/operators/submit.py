"""Operators that submit jobs without waiting for them, for `SageMakerJobSensor` to follow."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerBaseOperator,
    SageMakerProcessingOperator,
    SageMakerTrainingOperator,
    SageMakerTransformOperator,
)
from airflow.sdk import BaseOperatorLink

from sagemaker_jobs.errors import WorkOfOtherRun
from sagemaker_jobs.jobs.identity import JobIdentity, clear_number_of
from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.jobs.shared_work import SKIP_REASON, ensure_task_job
from sagemaker_jobs.links import JOB_LINKS, job_links

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

_REQUEST_FIELDS = ("prefix", "deployment", "config")


class _SubmitOperator(SageMakerBaseOperator):
    """Makes the provider's operator idempotent: a retry attaches to the job of the first try.

    Of the provider's preparation, parsing integers and expanding the role are kept. Its new names
    for existing jobs are left out, and so is its check of S3, which the create call does itself.
    """

    kind: ClassVar[str]
    template_fields: Sequence[str] = (*SageMakerBaseOperator.template_fields, "request")
    template_fields_renderers: ClassVar[dict[str, str]] = {"config": "json", "request": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = JOB_LINKS

    def __init__(
        self, *, request: dict[str, Any], sensor_task_id: str | None = None, **kwargs: Any
    ) -> None:
        """Create the operator.

        Args:
            request: ``prefix`` of the job's name, ``deployment`` that salts it, and ``config``: the
                boto3 request without the job's name; templated, so usually another task's XCom.
                ``work``, ``newer_than`` and ``lost`` are optional, as for `ensure_task_job`.
            sensor_task_id: The task id of the `SageMakerJobSensor` that waits for the job. `sweep`
                stops a running job if neither task has anything left to do.
            **kwargs: As for the provider's operator: ``aws_conn_id``, ``region_name`` and so on.
        """
        super().__init__(config={}, wait_for_completion=False, deferrable=False, **kwargs)
        self.request = request
        self.sensor_task_id = sensor_task_id
        self.links: dict[str, str] = {}

    def execute(self, context: "Context") -> dict[str, Any]:
        """Create or attach to the job, and return what `SageMakerJobSensor` needs to follow it."""
        kind = get_kind(self.kind)
        request = self._prepared()
        identity = JobIdentity.from_context(context, request["deployment"])
        client = self.hook.get_conn()
        sensor = self.sensor_task_id
        try:
            job = ensure_task_job(client, kind, request, identity, sensor_task_id=sensor)
        except WorkOfOtherRun as skip:
            context["ti"].xcom_push(key=SKIP_REASON, value=str(skip))
            raise
        self.log.info("%s, generation %d", job, identity.generation)
        self.links = job_links(client, kind, job.name)
        return {
            "kind": kind.name,
            "job_name": job.name,
            "attempt": job.attempt,
            "request": request,
            "identity": identity.to_dict(),
            "clear_number": clear_number_of(context),
        }

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> "OperatorLineage[Any, Any]":
        """Return the datasets that the job reads; `SageMakerJobSensor` adds what it wrote."""
        from sagemaker_jobs.lineage.jobs import request_lineage

        return request_lineage(self.config)

    def _prepared(self) -> dict[str, Any]:
        missing = [field for field in _REQUEST_FIELDS if field not in self.request]
        if missing:
            raise ValueError(f"task {self.task_id}: the request has no {' and no '.join(missing)}")
        self.config = dict(self.request["config"])
        self._create_integer_fields()
        self.parse_config_integers()
        self.expand_role()
        return {**self.request, "config": self.config}


class SageMakerSubmitProcessingOperator(_SubmitOperator, SageMakerProcessingOperator):
    """Submits a processing job, or attaches to the job of an earlier try."""

    kind = "processing"
    template_fields = (*SageMakerProcessingOperator.template_fields, "request")


class SageMakerSubmitTrainingOperator(_SubmitOperator, SageMakerTrainingOperator):
    """Submits a training job, or attaches to the job of an earlier try."""

    kind = "training"


class SageMakerSubmitTransformOperator(_SubmitOperator, SageMakerTransformOperator):
    """Submits a transform job, or attaches to the job of an earlier try."""

    kind = "transform"
    # Replaces the link of the provider's class, which does not know the submitted job.
    operator_extra_links = _SubmitOperator.operator_extra_links  # type: ignore[assignment]
