"""Models in SageMaker's model registry."""
