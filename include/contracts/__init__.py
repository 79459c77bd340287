"""Definitions that the DAGs and the container share: limits, flags, hyperparameters, records."""
