"""The page for people: jobs, endpoints, logs and storage at a glance, and nothing to press."""
