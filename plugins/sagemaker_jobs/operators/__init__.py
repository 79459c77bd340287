"""Operators that create jobs, models, endpoint configurations and endpoints."""
