"""Fine-tuning: train a part of the layers on features of the others, which are computed once."""
