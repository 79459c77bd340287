"""What a data set version is, and how it follows the one before."""
