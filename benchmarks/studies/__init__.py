"""Accuracy studies: comparisons of training methods on real photos, with several seeds."""
