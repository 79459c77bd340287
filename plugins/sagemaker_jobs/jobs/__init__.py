"""SageMaker jobs: identity, creation, progress, outcome and ownership."""
