"""From a data set version to RecordIO files, as MXNet and SageMaker read them."""
