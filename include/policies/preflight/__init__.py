"""Preflight: what a night would stumble over, each thing with its fix, before it does.

One file a thing that is looked at. Nothing is changed but one empty object, which is deleted again.
"""

from include.policies.preflight.answers import Aws
from include.policies.preflight.finding import Finding, failures, table
from include.policies.preflight.quotas import Quotas
from include.policies.preflight.whole import check_installation, check_pipeline

__all__ = [
    "Aws",
    "Finding",
    "Quotas",
    "check_installation",
    "check_pipeline",
    "failures",
    "table",
]
