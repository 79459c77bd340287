"""Jobs: what a container is given, what it leaves, and the states in between."""
