"""From a dataset version to RecordIO files, as MXNet and SageMaker read them."""
