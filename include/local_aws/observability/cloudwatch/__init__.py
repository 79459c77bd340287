"""CloudWatch metrics of endpoints and training jobs, and alarms on endpoint metrics."""
