"""CloudWatch, as far as endpoints go: their metrics, and alarms on them that do evaluate."""
