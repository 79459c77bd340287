"""Batch transform: splitting, filtering and sending of records."""
