"""Predicted photos: batches, and who looks at which photo."""
