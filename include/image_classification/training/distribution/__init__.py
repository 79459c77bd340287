"""Training on several hosts over MXNet's parameter server."""
