"""The operations of SageMaker, SageMaker Runtime and CloudWatch Logs."""
