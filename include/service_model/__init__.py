"""Validation of requests against a service model of botocore."""
