"""The commands `make run` and `make predict`: start the stack, run the DAGs, print results."""
