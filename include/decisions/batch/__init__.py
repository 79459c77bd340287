"""Decisions of batch_inference."""
