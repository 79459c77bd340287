"""Measuring a model on what it answered, class by class."""
