"""Cost estimates, billed costs, and the caps that a pipeline sets."""
