"""What the DAGs and the container image agree on: limits, flags, hyperparameters and records."""
