"""Decisions of dataset_refresh: fetch a source, wait for it, or refresh the dataset."""
