"""How long a test waits for something that must happen."""

LONG = 200.0
"""Seconds: enough on a busy machine, and less than the suite's timeout for a test."""
