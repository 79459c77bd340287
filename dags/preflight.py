"""Preflight: looks at everything that a night would stumble over, before it does.

Once for the installation: Airflow Variables, login, region, bucket, role, image. Then for each
pipeline: its YAML, writing to its folder, its endpoint's name, all its requests against SageMaker's
limits, and the account's quotas for its machines. Runs by hand: after installing, after a change of
YAML, role or account. Each task's log has a table of what was found; what would fail fails the
task, with the fix. What nobody could say (a missing right to look, the local AWS) is *unknown* and
fails nothing. `make preflight` does the same in a terminal.

**When something fails or skips**

- `check_installation`, *Variable ...*: set the Airflow Variable that it names.
- `check_installation`, *bucket*, *role*, *image*: each line has the command that mends it.
- `check_pipeline`, *quota ...*: ask AWS for more with the command beside it (a day or two), or name
  another machine in the YAML. `ml.g4dn` and larger are 0 in a new account.
- `check_pipeline`, *endpoint name*: another deployment of this pipeline serves in the same account
  and region; two cannot.
- `check_pipeline`, *request ...*: the value at that place is one that SageMaker refuses.
- `list_pipelines`: no YAML can be read; see the import error of pipeline_check.py.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
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
    """Look at what all pipelines share; fail with what would fail."""
    from include.decisions.preflight import check_installation as look

    return report(look(aws_client, settings()))


@task
def list_pipelines() -> list[str]:
    """Return the pipelines' names, those whose YAML is wrong, too."""
    from include.config import pipeline_files

    return sorted(pipeline_files())


@task(map_index_template="{{ task.op_kwargs['pipeline'] }}", multiple_outputs=False)
def check_pipeline(pipeline: str) -> list[dict[str, Any]]:
    """Look at what one pipeline needs; fail with what would fail."""
    from include.decisions.preflight import check_pipeline as look

    return report(look(aws_client, settings(), pipeline))


def settings() -> dict[str, str]:
    """Return the installation's Airflow Variables, empty where they are not set."""
    return {each.variable: variable(each.variable) for each in SETTINGS}


def report(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Log everything as a table, and return it, or fail with what is wrong and each fix."""
    from dataclasses import asdict

    from include.decisions.preflight import failures, table

    for line in table(findings):
        log.info("%s", line)
    wrong = failures(findings)
    if wrong:
        lines = "\n".join(table(wrong))
        raise AirflowFailException(f"{len(wrong)} of {len(findings)} checks failed:\n{lines}")
    return [asdict(each) for each in findings]


with installation_dag("preflight", __doc__, schedule=None, timeout=timedelta(minutes=30)):
    check_installation()
    check_pipeline.expand(pipeline=list_pipelines())
