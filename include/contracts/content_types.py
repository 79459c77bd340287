"""Content types of requests to a model and of a training job's channels."""

from __future__ import annotations

IMAGE_TYPE = "application/x-image"
"""A photo in any format: its bytes say which."""

IMAGE_TYPES = ("image/jpeg", "image/png", IMAGE_TYPE)
"""Content types of a photo; they are equivalent, as with the built-in algorithm."""

RECORD_TYPE = "application/x-recordio"

MODEL_TYPE = "application/x-sagemaker-model"
"""A channel with the model.tar.gz that a training starts from."""

FILE_TYPE = "application/octet-stream"
"""A channel with single files, such as weights or class names."""
