"""EfficientNet-Lite0, compared with the same network in plain Gluon and with its float32 form."""
