"""The training loop: objective, optimizer, schedule, metrics and log lines."""
