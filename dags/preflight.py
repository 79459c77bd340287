"""Preflight: check what runs need, before they need it.

Checks the installation (Airflow Variables, credentials, region, bucket, role, image), then for each
pipeline its YAML, access to its S3 folder, endpoint name, requests against SageMaker's limits, and
quotas. Each log has a table; what would fail a run fails the task. Same as `make preflight`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from dag_factory.builder import installation_dag
from dag_factory.run_context import aws_client, variable
from include.config.deployment import SETTINGS

if TYPE_CHECKING:
    from include.decisions.preflight import Finding

log = logging.getLogger(__name__)


@task(multiple_outputs=False)
def check_installation() -> list[dict[str, Any]]:
    """Check what all pipelines share; fail on everything that would fail a run.

    - *Variable ...*: set the Airflow Variable that the line names.
    - *bucket*, *role*, *image*, *encryption*: run the command in that line.
    - *heartbeat*: a component that works counts as dead. Change Airflow's configuration as the line
      says; it is the configuration of the worker that ran this task.
    - Any other failure: each line has its fix. *unknown* means that the check was not possible
      (a missing right, the local AWS), and fails nothing.
    """
    from airflow.sdk import conf

    from include.decisions.preflight import check_heartbeats
    from include.decisions.preflight import check_installation as check

    return report([*check(aws_client, settings()), *check_heartbeats(conf.getfloat)])


@task
def list_pipelines() -> list[str]:
    """Return the names of all pipelines, including those with a wrong YAML file.

    - Any failure: see the import error of pipeline_check.py.
    """
    from include.config import pipeline_files

    return sorted(pipeline_files())


@task(map_index_template="{{ task.op_kwargs['pipeline'] }}", multiple_outputs=False)
def check_pipeline(pipeline: str) -> list[dict[str, Any]]:
    """Check what one pipeline needs; fail on everything that would fail a run.

    - *quota ...*: request an increase with the command in that line (one or two days), or use
      another instance type in the YAML. `ml.g4dn` and larger start at 0 in a new account.
    - *endpoint name*: another deployment of this pipeline has this endpoint in the same account and
      region. Rename one pipeline, or use another account or region.
    - *release ...*: a rollback to that release would fail. Bring back what is missing, or reject
      the package.
    - *request ...*: SageMaker does not accept the value that the line names.
    - Any other failure: each line has its fix.
    """
    from include.decisions.preflight import check_pipeline as check

    return report(check(aws_client, settings(), pipeline))


def settings() -> dict[str, str]:
    """Return the Airflow Variables of the installation, empty if not set."""
    return {setting.variable: variable(setting.variable) for setting in SETTINGS}


def report(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Log all findings as a table and return them; fail with the failed ones and their fixes."""
    from dataclasses import asdict

    from include.decisions.preflight import failures, table

    for line in table(findings):
        log.info("%s", line)
    failed = failures(findings)
    if failed:
        lines = "\n".join(table(failed))
        raise AirflowFailException(f"{len(failed)} of {len(findings)} checks failed:\n{lines}")
    return [asdict(finding) for finding in findings]


with installation_dag("preflight", __doc__, schedule=None, timeout=timedelta(minutes=30)):
    check_installation()
    doc_md = cleandoc(check_pipeline.__doc__ or "")
    check_pipeline.override(doc_md=doc_md).expand(pipeline=list_pipelines())
