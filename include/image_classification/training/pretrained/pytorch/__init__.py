"""PyTorch's checkpoints without PyTorch: tensors are read, and no code is run."""
