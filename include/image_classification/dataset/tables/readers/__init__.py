"""Readers of label files: text, CSV, JSON lines, lists of paths, and JSON splits, as tables."""
