"""Evaluation of a model's predictions on a split."""
