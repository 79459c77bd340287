"""Checkpoints that a stopped training resumes from."""
