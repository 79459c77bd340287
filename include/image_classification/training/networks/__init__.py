"""Network architectures, and changes of their graphs."""
