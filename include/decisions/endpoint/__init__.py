"""Decisions of endpoint_update and endpoint_rollback."""
