"""The operations of SageMaker, its runtime and its logs, one file a family of resources."""
