"""HTTP server for a trained model, with SageMaker's contract for inference containers."""
