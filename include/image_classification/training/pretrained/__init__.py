"""Weights that a training starts from: published ones, or those of an earlier training."""
