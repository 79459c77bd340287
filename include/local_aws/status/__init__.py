"""The status page: jobs, endpoints, logs and storage, read-only."""
