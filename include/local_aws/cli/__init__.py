"""The command line of the local AWS."""
