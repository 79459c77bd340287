"""Decisions of dataset_refresh: whether to fetch, wait for, or refresh a source."""
