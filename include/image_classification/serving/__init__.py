"""Serving a trained model over HTTP as SageMaker asks its containers."""
