"""Cost estimates, billed costs, and the budget of a pipeline."""
