"""Training a ResNet by the contract of SageMaker's built-in image classification."""
