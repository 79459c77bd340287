"""Container contract: images, entry points, inputs, archives and pipes."""
