"""Decisions of im2rec_conversion."""
