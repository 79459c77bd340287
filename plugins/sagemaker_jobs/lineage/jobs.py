"""The lineage of jobs: what a job reads by its request, and what it read and wrote at its end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.jobs.kinds import Description
from sagemaker_jobs.lineage.addresses import input_uris
from sagemaker_jobs.lineage.events import lineage
from sagemaker_jobs.lineage.facts import FactsFunction, JobFacts
from sagemaker_jobs.lineage.models import named_model_archives

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

log = logging.getLogger(__name__)


def request_lineage(config: Mapping[str, Any]) -> OperatorLineage[Any, Any]:
    """Return the lineage of a job that is submitted or failed: its inputs.

    Args:
        config: The boto3 request that creates the job.
    """
    return lineage(input_uris(config))


def job_lineage(
    description: Description,
    summary: Mapping[str, Any],
    facts: FactsFunction | None,
    client: Client,
) -> OperatorLineage[Any, Any]:
    """Return the lineage of a completed job: its inputs and outputs, with facts about them.

    Args:
        description: SageMaker's description of the job.
        summary: The job's summary.
        facts: Returns what is known of the datasets besides their URIs; without it, or if it
            fails, they have no facets.
        client: A SageMaker client of boto3, which knows the model of a transform job.
    """
    inputs = input_uris(description)
    if model := description.get("ModelName"):
        inputs += named_model_archives(client, model)
    known = _facts(facts, {**summary, "inputs": inputs})
    return lineage(
        inputs,
        summary["outputs"].values(),
        input_facts=known.inputs,
        output_facts=known.outputs,
    )


def _facts(facts: FactsFunction | None, summary: Mapping[str, Any]) -> JobFacts:
    if facts is None:
        return JobFacts()
    try:
        return facts(summary)
    except Exception as error:  # Datasets without figures are better than no lineage.
        log.warning("OpenLineage: no figures of %s: %s", summary["job_name"], error)
        return JobFacts()
