"""Models: packages, releases, endpoints, evaluations and training jobs."""
