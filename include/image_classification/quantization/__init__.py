"""Quantization of a trained model to int8, and the decision whether to serve it."""
