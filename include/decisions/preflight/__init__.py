"""Preflight: checks of an installation and its pipelines before a run, each with its fix.

The checks change nothing except for one empty S3 object, which is written and deleted again.
"""

from include.decisions.preflight.access import Aws
from include.decisions.preflight.checks import check_installation, check_pipeline
from include.decisions.preflight.finding import Finding, failures, table
from include.decisions.preflight.heartbeats import check_heartbeats
from include.decisions.preflight.quotas import Quotas

__all__ = [
    "Aws",
    "Finding",
    "Quotas",
    "check_heartbeats",
    "check_installation",
    "check_pipeline",
    "failures",
    "table",
]
