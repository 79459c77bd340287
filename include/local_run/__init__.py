"""What `make run` does once the environment is installed: draw, start, drive, show, stop."""
