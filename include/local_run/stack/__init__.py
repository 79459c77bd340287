"""Starts, watches and ends the processes of a local run: the local AWS and Airflow."""

from include.local_run.stack.lock import claim
from include.local_run.stack.stack import Ports, Stack, running_stack

__all__ = ["Ports", "Stack", "claim", "running_stack"]
