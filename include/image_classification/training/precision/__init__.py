"""The precision of a training: float32, or bfloat16 where it is faster."""
