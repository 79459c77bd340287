"""Times of the model page's pages with a long history, and the AWS calls that they make."""
