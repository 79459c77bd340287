"""Python imports this at its start where this folder is on PYTHONPATH: record AWS calls."""

from tests.iam.recorder import record_to_file

record_to_file()
