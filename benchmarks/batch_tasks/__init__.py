"""Work of batch inference's tasks on a worker, and of `select`, by the number of known images."""
