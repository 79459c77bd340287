"""Access control: the state folder, keys, signatures, and files for clients."""
