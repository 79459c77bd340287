"""What the container image, pipelines and policies share: small modules without dependencies."""
