"""Endpoints: resources, updates, and why an update failed."""
