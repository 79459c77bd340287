"""Sources in Parquet files: photos in the files, as Hugging Face's datasets, or labels alone."""
