"""One training on several hosts, over MXNet's parameter server, ended together whatever happens."""
