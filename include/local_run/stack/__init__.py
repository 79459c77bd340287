"""Processes of a local run: start, supervise and stop the local AWS and Airflow."""

from include.local_run.stack.lock import acquire_lock
from include.local_run.stack.stack import Ports, Stack, running_stack

__all__ = ["Ports", "Stack", "acquire_lock", "running_stack"]
