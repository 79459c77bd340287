"""Preflight: what a night would stumble over, each thing with its fix, before it does.

One file a thing that is looked at. Nothing is changed but one empty object, which is deleted again.
"""

from include.decisions.preflight.access import Aws
from include.decisions.preflight.checks import check_installation, check_pipeline
from include.decisions.preflight.finding import Finding, failures, table
from include.decisions.preflight.quotas import Quotas

__all__ = [
    "Aws",
    "Finding",
    "Quotas",
    "check_installation",
    "check_pipeline",
    "failures",
    "table",
]
